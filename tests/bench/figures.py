"""What a benchmark found, beside what was promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH_IN_A_PIPE = 160


@dataclass(frozen=True, kw_only=True)
class Budget:
    """At most, or at least, so much."""

    bound: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def spelled(self, unit: str) -> str:
        return f"{'≥' if self.at_least else '≤'} {spelled(self.bound)} {unit}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value. ``budget`` is ``None`` where ARCHITECTURE.md promises nothing."""

    name: str
    value: float
    unit: str
    budget: Budget | None = None

    @property
    def holds(self) -> bool | None:
        return None if self.budget is None else self.budget.holds(self.value)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one benchmark found, and how."""

    benchmark: str
    method: str
    figures: Sequence[Figure]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return {
            "benchmark": self.benchmark,
            "method": self.method,
            "seconds": round(self.seconds, 1),
            "figures": [figure.to_json() for figure in self.figures],
        }


def spelled(value: float) -> str:
    """With as many digits as mean something."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def show(results: Sequence[Result], machine: str) -> None:
    """One table, then the methods: with lines on a terminal, plain in a pipe."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_IN_A_PIPE)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column, justify in (("benchmark", "left"), ("figure", "left"), ("measured", "right"), ("budget", "right"), ("", "left")):
        table.add_column(column, justify="right" if justify == "right" else "left")
    for result in results:
        for number, figure in enumerate(result.figures):
            table.add_row(
                result.benchmark if not number else "",
                figure.name,
                f"{spelled(figure.value)} {figure.unit}",
                "" if figure.budget is None else figure.budget.spelled(figure.unit),
                {None: "", True: "kept", False: "[bold red]MISSED[/]"}[figure.holds],
            )
    console.print(table)
    console.print()
    for result in results:
        console.print(f"[bold]{result.benchmark}[/] ({result.seconds:.0f} s): {result.method}", highlight=False)
    console.print(f"[bold]machine[/]: {machine}", highlight=False)
