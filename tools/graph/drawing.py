"""The graph as lines of characters, newest entry first, as `git log --graph` draws histories. Pure.

A *line* goes down from each entry to those right before it, in a column of its own. Where several lines reach one entry they join in the row above it; an
entry that comes after several sends out lines in the row below it. Of a cell only the directions are noted in which it is left: what character that is,
is a matter of the terminal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag


class Way(IntFlag):
    """Where lines leave a cell."""

    NONE = 0
    UP = 1
    DOWN = 2
    LEFT = 4
    RIGHT = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """``of``: the entry from which the line comes down; ``None`` in an empty cell. ``goes_right``: whether something leads to the next cell."""

    ways: Way
    of: int | None

    @property
    def goes_right(self) -> bool:
        return Way.RIGHT in self.ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the drawing: that of the entry ``node``, which stands in ``column``, or one between entries. ``is_end``: the last one, in which lines lead on
    to what isn't drawn."""

    cells: tuple[Cell, ...]
    node: int | None = None
    column: int = 0
    is_end: bool = False


BOX = " ╵╷│╴╯╮┤╶╰╭├─┴┬┼"
ASCII = " '.|-/\\+-\\/+-+++"
"""A character for each set of ways."""

_BEYOND = -1


@dataclass(frozen=True, slots=True)
class _Line:
    source: int
    target: int


class _Columns:
    """The lines that are on their way down."""

    def __init__(self) -> None:
        self._lines: list[_Line | None] = []

    def reaching(self, node: int) -> list[int]:
        return [column for column, line in enumerate(self._lines) if line is not None and line.target == node]

    def free(self, *, after: int = -1, besides: int = -1) -> int:
        """The first column behind ``after`` without a line. ``besides``: not this one; a line has just ended there, and would seem to go on."""
        column = after + 1
        while column == besides or (column < len(self._lines) and self._lines[column] is not None):
            column += 1
        return column

    def put(self, column: int, line: _Line | None) -> None:
        self._lines += [None] * (column + 1 - len(self._lines))
        self._lines[column] = line
        while self._lines and self._lines[-1] is None:
            self._lines.pop()

    def cells(self) -> list[Cell]:
        return [Cell(Way.NONE, None) if line is None else Cell(Way.UP | Way.DOWN, line.source) for line in self._lines]


def draw(parents: Sequence[Sequence[int]], *, going_on: Collection[int] = ()) -> Iterator[Row]:
    """The rows. ``parents``: of each entry those right before it, that on whose line it stands first. ``going_on``: entries before which there are others
    that aren't drawn; their lines lead out of the drawing when nothing else comes before them."""
    columns = _Columns()
    ended = -1
    for node in reversed(range(len(parents))):
        reaching = columns.reaching(node)
        if len(reaching) > 1:
            yield _joined(columns, reaching)
        column = reaching[0] if reaching else columns.free(besides=ended)
        for each in reaching[1:]:
            columns.put(each, None)
        cells = columns.cells()
        cells += [Cell(Way.NONE, None)] * (column + 1 - len(cells))
        cells[column] = Cell(Way.NONE, node)
        yield Row(cells=tuple(cells), node=node, column=column)
        first, *others = parents[node] or [_BEYOND]
        goes_on = bool(parents[node]) or node in going_on
        columns.put(column, _Line(node, first) if goes_on else None)
        ended = -1 if goes_on else column
        if others:
            yield _parted(columns, node, column, others)
    if any(cell.of is not None for cell in columns.cells()):
        yield Row(cells=tuple(columns.cells()), is_end=True)


def _joined(columns: _Columns, reaching: Sequence[int]) -> Row:
    cells = columns.cells()
    first, *others = reaching
    _lead(cells, first, others[-1], cells[others[-1]].of)
    for column in others:
        cells[column] = Cell(cells[column].ways & ~Way.DOWN, cells[column].of)
    return Row(cells=tuple(cells))


def _parted(columns: _Columns, node: int, column: int, others: Sequence[int]) -> Row:
    new: set[int] = set()
    ends: list[int] = []
    for target in others:
        there = [each for each in columns.reaching(target) if each != column]
        end = there[0] if there else columns.free(after=column)
        if not there:
            new.add(end)
            columns.put(end, _Line(node, target))
        ends.append(end)
    cells = columns.cells()
    for end in new:
        cells[end] = Cell(Way.DOWN, node)
    for end in ends:
        _lead(cells, column, end, node)
    return Row(cells=tuple(cells))


def _lead(cells: list[Cell], start: int, end: int, of: int | None) -> None:
    """A way along the row, from one column to another."""
    left, right = sorted((start, end))
    for column in range(left, right + 1):
        ways = (Way.NONE if column == left else Way.LEFT) | (Way.NONE if column == right else Way.RIGHT)
        cell = cells[column]
        cells[column] = Cell(cell.ways | ways, of if cell.of is None else cell.of)
