"""What the views print with: colours only on a terminal, nothing wrapped in a pipe, and no byte of a library that could move the cursor."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import repeat

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from peer.commands.invocation import printable
from tools.text.columns import column_widths

GOOD, BAD, WARN, DIM, STRONG = "green", "bold red", "yellow", "dim", "bold"
"""Styles by what they mean. What they say is always said in words, too."""

_DEVICES = ("cyan", "magenta", "blue", "green", "yellow", "bright_red")
_PIPE_WIDTH = 10_000
_NARROWEST = 20
"""Characters that an indented line is given at least."""

Piece = str | tuple[str, str]
"""Text, or text and its style."""


class Screen:
    """Standard output of one command."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty()
        self._console = Console(highlight=False, width=None if self.is_terminal else _PIPE_WIDTH)
        self._styles: dict[str, str] = {}

    @property
    def width(self) -> int:
        """Characters in a line that a drawing may take."""
        return self._console.width if self.is_terminal else 100

    def line(self, *pieces: Piece, indent: int = 0) -> None:
        """A line. On a terminal it wraps at words, and goes on below its beginning."""
        text, margin = styled(*pieces), Text(" " * indent)
        if not self.is_terminal:
            click.echo(margin.plain + text.plain)
            return
        for part in text.wrap(self._console, max(self.width - indent, _NARROWEST)):
            part.rstrip()
            self._console.print(margin + part, soft_wrap=True)

    def command(self, command: str, note: str = "", *, indent: int = 0) -> None:
        """A line to be copied into a shell: the terminal may wrap it, but no line end comes into it. ``note``: what it does."""
        text = Text(" " * indent) + styled((command, GOOD), f"  {note}" if note else "", lines=False)
        if self.is_terminal:
            self._console.print(text, soft_wrap=True)
        else:
            click.echo(text.plain)

    def drawn(self, *pieces: Piece, more: str) -> None:
        """A line of a drawing: never wrapped, but cut at the width of the terminal, with ``more`` at its end."""
        text = styled(*pieces, lines=False)
        if not self.is_terminal:
            click.echo(text.plain.rstrip())
            return
        if text.cell_len > self.width:
            text.truncate(self.width - len(more))
            text.append(more)
        self._console.print(text, no_wrap=True, overflow="crop")

    def heading(self, text: str) -> None:
        """What the next lines are about."""
        self.line((text, STRONG))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Piece]]) -> None:
        """A table on a terminal; lines with tabs between their cells in a pipe. What is short stays whole as long as
        there is room for it."""
        if not self.is_terminal:
            for row in rows:
                click.echo("\t".join(styled(cell, lines=False).plain for cell in row))
            return
        cells = [[styled(cell, lines=False) for cell in row] for row in rows]
        widths: Iterable[int | None] | None = column_widths([columns, *([cell.plain for cell in row] for row in cells)], self.width)
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name, width in zip(columns, widths or repeat(None, len(columns)), strict=True):
            table.add_column(name, overflow="fold", width=width)
        for line in cells:
            table.add_row(*line)
        self._console.print(table)

    def tree(self, tree: Tree) -> None:
        """A tree whose labels were made by ``styled``."""
        self._console.print(tree)

    def device(self, name: str) -> Piece:
        """A device's name, in a colour of its own as long as there are enough."""
        style = self._styles.setdefault(name, _DEVICES[len(self._styles) % len(_DEVICES)])
        return name, style


def styled(*pieces: Piece, lines: bool = True) -> Text:
    """Text of pieces, each made harmless. ``lines``: line ends stay."""
    text = Text()
    for piece in pieces:
        content, style = (piece, "") if isinstance(piece, str) else piece
        text.append(printable(content, lines=lines), style or None)
    return text
