"""``calotype-inspect``: looks into the folder of a library or a relay, and changes nothing in it. Each command is loaded when it is called."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from peer.commands.main import LazyGroup, run_program

COMMANDS: dict[str, str] = {
    "status": "tools.commands.state:status",
    "pending": "tools.commands.state:pending",
    "heads": "tools.commands.state:heads",
    "watch": "tools.commands.watch:watch",
    "show": "tools.commands.record:show",
    "why": "tools.commands.record:why",
    "history": "tools.commands.past:history",
    "at": "tools.commands.past:at",
    "diff": "tools.commands.diffing:diff",
    "conflicts": "tools.commands.past:conflicts",
    "dag": "tools.commands.graph:dag",
    "log": "tools.commands.ledger:log",
    "entry": "tools.commands.ledger:entry",
    "roster": "tools.commands.ledger:roster",
    "clock": "tools.commands.ledger:clock",
    "size": "tools.commands.ledger:size",
    "trace": "tools.commands.tracing:trace",
    "export-yjs": "tools.commands.record:export_yjs",
    "verify": "tools.commands.proving:verify",
    "bundle": "tools.commands.bundling:bundle",
    "unbundle": "tools.commands.bundling:unbundle",
}


@click.group(cls=LazyGroup, targets=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--library", type=click.Path(path_type=Path), default=None, help="A library's or relay's folder (or CALOTYPE_LIBRARY).")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="calotype")
def cli(library: Path | None, debug: bool) -> None:
    """Looks into a library's or a relay's folder, also a copied one, also while its program runs. Changes nothing.

    \b
    calotype-inspect heads --library /srv/calotype
    calotype-inspect show 3f2a
    calotype-inspect entry 9c1f:12 --json

    A library with its keys shows contents; without them, and in a relay's folder, envelopes. Ids may be shortened. What is damaged is named, and
    the rest is shown.

    \b
    Completion of words with the tab key, for this shell and in its start file for all:
      bash  eval "$(_CALOTYPE_INSPECT_COMPLETE=bash_source calotype-inspect)"

    Exit codes: 0 done, 1 in part, 2 wrong usage or input, 3 something is damaged or differs, 4 not reachable, 5 not allowed.
    """


def run() -> None:
    """The entry point."""
    with _ended_like_ctrl_c(signal.SIGTERM), _ended_like_ctrl_c(signal.SIGHUP):
        run_program(cli, "calotype-inspect")


@contextmanager
def _ended_like_ctrl_c(number: signal.Signals) -> Iterator[None]:
    """So that no copy of a database is left, which holds what people wrote. What is ignored (``nohup``) stays ignored."""
    before = signal.getsignal(number)
    if before is not signal.SIG_IGN:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _interrupt(_: int, __: FrameType | None) -> None:
    """By the signal itself, so that event loops end in their own way, too."""
    signal.raise_signal(signal.SIGINT)
