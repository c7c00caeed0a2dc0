"""What every command has in common: its options, its output, and how its errors end."""

from __future__ import annotations

import functools
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from peer.errors import CalotypeError, ExitCode, NoSpaceLeftError, UsageError

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_LIBRARY = "~/Pictures/Calotype"
_JOINERS = "\u200c\u200d"
"""Invisible, but parts of emoji and of words in several scripts."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """The options that every command takes."""

    library: Path
    json: bool
    debug: bool

    @property
    def interactive(self) -> bool:
        """A person looks at it: progress bars and tables are welcome."""
        return not self.json and sys.stdout.isatty()

    def document(self, content: Any, human: Callable[[], None]) -> None:
        """The answer, once: as one JSON document, or as ``human`` prints it."""
        if self.json:
            self.line(content)
        else:
            human()

    def rows(self, rows: Iterable[dict[str, Any]], columns: Sequence[str], cells: Callable[[dict[str, Any]], Sequence[object]]) -> None:
        """Any number of answers: a JSON document a line, each out at once, or a table with ``cells`` of each."""
        if self.json:
            for row in rows:
                self.line(row)
        else:
            self.table(columns, map(cells, rows))

    def line(self, content: Any) -> None:
        """One JSON document on a line, out at once. In ASCII: whatever the terminal's encoding is, and whatever bytes a name has."""
        sys.stdout.write(json.dumps(content) + "\n")
        sys.stdout.flush()

    def confirm(self, question: str, *, yes: bool) -> None:
        """Go on only when a person agrees, now or by ``--yes``; a script without it is refused."""
        if yes:
            return
        if self.json or not sys.stdin.isatty():
            raise UsageError(f"{question} Nothing was changed.", hint="Give --yes to do it without being asked.")
        if not click.confirm(printable(question), err=True):
            raise UsageError("Nothing was changed.")

    def say(self, text: str) -> None:
        """A line for a person; nothing with ``--json``."""
        if not self.json:
            click.echo(printable(text))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table on a terminal, plain tab-separated lines in a pipe."""
        if sys.stdout.isatty():
            from rich.console import Console
            from rich.table import Table
            from rich.text import Text

            table = Table(*columns, box=None, header_style="bold", pad_edge=False)
            for row in rows:
                table.add_row(*(Text(printable(str(cell), lines=False)) for cell in row))
            Console().print(table)
        else:
            for row in rows:
                click.echo("\t".join(printable(str(cell), lines=False) for cell in row))


def printable(text: str, *, lines: bool = True) -> str:
    """``text`` without what could move the cursor, turn the direction of text or end the program: that is shown escaped.

    ``lines``: line ends stay. In a table they don't, nor do tabs.
    """
    allowed = _JOINERS + ("\n\t" if lines else "")
    return "".join(c if c.isprintable() or c in allowed or unicodedata.category(c) == "Zs" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode()


def common_options(command: Callable[..., R]) -> Callable[..., R]:
    """``--library``, ``--json`` and ``--debug`` after the verb; the command's first argument is the ``Invocation``."""
    return with_options(command, library=click.Path(path_type=Path, file_okay=False), help_text="The library's folder.")


def with_options(command: Callable[..., R], *, library: click.Path, help_text: str) -> Callable[..., R]:
    """The same, with what ``--library`` may be."""

    @click.option("--library", type=library, default=None, help=help_text)
    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @functools.wraps(command)
    def wrapped(library: Path | None, as_json: bool, debug: bool, **arguments: Any) -> R:
        context = click.get_current_context()
        chosen = library or _given_before(context, "library") or Path(os.environ.get("CALOTYPE_LIBRARY") or DEFAULT_LIBRARY)
        debug = debug or bool(_given_before(context, "debug"))
        return command(Invocation(library=chosen.expanduser().absolute(), json=as_json, debug=debug), **arguments)

    return wrapped


def _given_before(context: click.Context, name: str) -> Any:
    """What an option was given before the verb, the nearest first."""
    outer = context.parent
    while outer is not None:
        if outer.params.get(name):
            return outer.params[name]
        outer = outer.parent
    return None


ERROR_NAMES: dict[ExitCode, str] = {
    ExitCode.PARTLY: "partly",
    ExitCode.USAGE: "usage",
    ExitCode.INTEGRITY: "integrity",
    ExitCode.UNREACHABLE: "unreachable",
    ExitCode.NOT_ALLOWED: "not-allowed",
}


def end_with(error: CalotypeError, *, as_json: bool, program: str = "calotype") -> int:
    """Say what happened and what to do, on standard error; the exit code."""
    if as_json:
        name = "no-space" if isinstance(error, NoSpaceLeftError) else ERROR_NAMES[error.exit_code]
        sys.stderr.write(json.dumps({"error": name, "message": error.message, "hint": error.hint}) + "\n")
    else:
        click.echo(f"{program}: {printable(error.message)}", err=True)
        if error.hint:
            click.echo(printable(error.hint), err=True)
    return int(error.exit_code)


def finish(code: ExitCode) -> None:
    """End the command with ``code`` after its output."""
    if code is not ExitCode.DONE:
        raise click.exceptions.Exit(int(code))
