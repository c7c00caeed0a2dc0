"""How a view ends up before whoever asked: documents with what was found damaged, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from peer.commands.invocation import Invocation, finish, with_options
from peer.errors import ExitCode
from tools.looking.documents import Document
from tools.looking.folder import Look

R = TypeVar("R")
T = TypeVar("T")

library_id_option = click.option(
    "--library-id", default="", metavar="PREFIX", help="In a relay's folder: only the library whose id begins so."
)


def inspect_options(command: Callable[..., R]) -> Callable[..., R]:
    """``--library``, ``--json`` and ``--debug`` after the verb; the command's first argument is the ``Invocation``."""
    return with_options(command, library=click.Path(path_type=Path), help_text="A library's or relay's folder, or its database.")


def answer(invocation: Invocation, look: Look[Document], show: Callable[[Document], None], *, code: ExitCode = ExitCode.DONE) -> None:
    """One document, with ``problems``; damage ends the command with exit code 3, otherwise it is ``code``."""
    document = {**look.result, "problems": list(look.problems)}
    invocation.document(document, lambda: show(document))
    _end(invocation, look, code)


def answer_lines(
    invocation: Invocation, look: Look[list[Document]], show: Callable[[list[Document]], None], *, code: ExitCode = ExitCode.DONE
) -> None:
    """A document a line, each with ``problems``; likewise. Where there is nothing but problems, they are the only document."""
    if invocation.json:
        for document in look.result or ([{}] if look.problems else []):
            invocation.line({**document, "problems": list(look.problems)})
    else:
        show(look.result)
    _end(invocation, look, code)


def _end(invocation: Invocation, look: Look[T], code: ExitCode) -> None:
    if look.problems:
        invocation.say("")
        invocation.say("Found on the way; what could be read is shown above:")
    for problem in look.problems:
        invocation.say(f"  {problem}")
    finish(ExitCode.INTEGRITY if look.problems else code)
