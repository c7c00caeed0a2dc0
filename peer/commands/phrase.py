"""The recovery phrase, as a command gets it (from a file, or typed without being shown), and the relay where it is shown to be known."""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click

from peer.errors import UsageError
from peer.keys.master import MasterKeys
from peer.seams import run_in_thread
from relay.api import SyncApi
from relay.client import HttpNode

MAX_PHRASE_BYTES = 4096


def master_of(file: Path | None) -> MasterKeys:
    """The keys of the phrase in ``file`` (``-`` for standard input), or of the one that a person types. Raises ``PhraseError``."""
    return MasterKeys.from_phrase(_typed() if file is None else _read(file))


def relay_at(address: str) -> AbstractAsyncContextManager[SyncApi]:
    """The relay with an address, for a few calls in the name of the phrase."""
    return HttpNode(address, run_blocking=run_in_thread)


def _typed() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "Nobody is here to type the recovery phrase.", hint="Name a file that holds it with --phrase-file, or - for standard input."
        )
    return str(click.prompt("Recovery phrase (24 words; they aren't shown)", hide_input=True, err=True))


def _read(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read(MAX_PHRASE_BYTES)
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_PHRASE_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The file with the recovery phrase can't be read: {getattr(error, 'strerror', None) or 'it is no text'}."
        ) from None
