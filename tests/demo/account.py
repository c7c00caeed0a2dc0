"""What the demo tells: each step as it happens, and tables at the end. With colours and lines on a terminal, plain in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_IN_A_PIPE = 170


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was done, and what it took. ``wire``: all HTTP bytes of both devices, where the step used the network."""

    what: str
    milliseconds: float
    wire: int | None
    outcome: str


class Account:
    """Keeps the steps and prints them."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        self._console = console if console.is_terminal else Console(width=WIDTH_IN_A_PIPE, highlight=False)
        self._steps: list[Step] = []

    def say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style))

    def add(self, step: Step) -> None:
        self._steps.append(step)
        self.say(f"{step.milliseconds / 1000:6.2f} s  {step.what}: {step.outcome}")

    def show_steps(self) -> None:
        rows = [
            (step.what, f"{step.milliseconds:,.0f}", "" if step.wire is None else f"{step.wire:,}", step.outcome) for step in self._steps
        ]
        self.table("What it took", ("step", "ms", "bytes on the wire", "outcome"), rows)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        is_terminal = self._console.is_terminal
        table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", show_lines=False)
        if not is_terminal:
            table.box = None
        for column in columns:
            table.add_column(column, justify="right" if column in ("ms", "bytes on the wire") else "left")
        for row in rows:
            table.add_row(*map(Text, row))
        self._console.print()
        self._console.print(table)
