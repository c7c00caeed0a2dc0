"""What every command has in common: its options, its output, and how its errors end."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from peer.errors import CalotypeError, ExitCode, IntegrityError, NoSpaceLeftError, NotAllowedError, UnreachableNodeError

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_LIBRARY = "~/Pictures/Calotype"


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

    def line(self, content: Any) -> None:
        """One JSON document on a line, out at once."""
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
        sys.stdout.flush()

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
                table.add_row(*(Text(printable(str(cell))) for cell in row))
            Console().print(table)
        else:
            for row in rows:
                click.echo("\t".join(printable(str(cell)) for cell in row))


def printable(text: str) -> str:
    """``text`` without what could move the cursor or end the program: control characters and lone surrogates are shown escaped."""
    return "".join(c if c.isprintable() or c in "\t█▀▄\n" else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def common_options(command: Callable[..., R]) -> Callable[..., R]:
    """``--library``, ``--json`` and ``--debug`` after the verb; the command's first argument is the ``Invocation``."""

    @click.option("--library", type=click.Path(path_type=Path, file_okay=False), default=None, help="The library's folder.")
    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @functools.wraps(command)
    def wrapped(library: Path | None, as_json: bool, debug: bool, **arguments: Any) -> R:
        outer = click.get_current_context().find_root().params
        chosen = library or outer.get("library") or Path(os.environ.get("CALOTYPE_LIBRARY") or DEFAULT_LIBRARY)
        invocation = Invocation(library=chosen.expanduser().absolute(), json=as_json, debug=debug or bool(outer.get("debug")))
        click.get_current_context().find_root().obj = invocation
        return command(invocation, **arguments)

    return wrapped


ERROR_NAMES: dict[type[CalotypeError], str] = {
    IntegrityError: "integrity",
    UnreachableNodeError: "unreachable",
    NotAllowedError: "not-allowed",
    NoSpaceLeftError: "no-space",
}


def end_with(error: CalotypeError, *, as_json: bool, program: str = "calotype") -> int:
    """Say what happened and what to do, on standard error; the exit code."""
    if as_json:
        name = next((ERROR_NAMES[kind] for kind in type(error).__mro__ if kind in ERROR_NAMES), "usage")
        document = {"error": name, "message": error.message, "hint": error.hint}
        sys.stderr.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        click.echo(f"{program}: {printable(error.message)}", err=True)
        if error.hint:
            click.echo(printable(error.hint), err=True)
    return int(error.exit_code)


def finish(code: ExitCode) -> None:
    """End the command with ``code`` after its output."""
    if code is not ExitCode.DONE:
        raise click.exceptions.Exit(int(code))
