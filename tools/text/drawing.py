"""A small drawing of who had seen whom: time goes down, a lane for each device, a line from each write up to those that it had seen. Pure.

    ●      #1  10:01  laptop  “Sea”
    ├─╮
    ✗ │    #2  10:02  laptop  “Beach”
      ◆    #3  10:03  phone   “Lake”, which had seen “Sea” alone

A line runs down its device's lane until somebody else's write takes it up. When the device wrote again meanwhile, a line down its lane would say that the
newer write was seen, too: then it gets a track of its own, right of the lanes. What is seen through another write has no line of its own. Lines that cross
don't touch: the one that goes down stays whole.

Where lanes and tracks would take more than half of the width, the writes are listed with the numbers of what each had seen instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len, set_cell_size

from tools.graph.causal import CausalGraph
from tools.text.screen import Piece

NARROWEST = 8
"""Characters without which nothing can be drawn."""


class Mark(StrEnum):
    """What a node stands for."""

    WINNER = "winner"
    LOSER = "loser"
    OTHER = "other"
    WITHOUT_EFFECT = "without effect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One write. ``lane``: the device; ``text`` follows the drawing, in ``style``; ``seen``: the places of earlier nodes in its causal past, all of them."""

    lane: str
    text: str
    mark: Mark
    seen: frozenset[int]
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Characters to draw with: ``joins`` by the directions in which lines leave (up, right, down, left: 1, 2, 4, 8)."""

    nodes: dict[Mark, str]
    joins: dict[int, str]
    more: str

    def can_be(self, encoding: str) -> bool:
        """Whether an output of this encoding has them."""
        try:
            "".join([*self.nodes.values(), *self.joins.values(), self.more]).encode(encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True


_UP, _RIGHT, _DOWN, _LEFT = 1, 2, 4, 8
BOX = Signs(
    nodes={Mark.WINNER: "◆", Mark.LOSER: "✗", Mark.OTHER: "●", Mark.WITHOUT_EFFECT: "○"},
    joins={5: "│", 10: "─", 3: "╰", 6: "╭", 9: "╯", 12: "╮", 7: "├", 13: "┤", 14: "┬", 11: "┴", 15: "┼", 1: "│", 4: "│", 2: "─", 8: "─"},
    more="…",
)
ASCII = Signs(
    nodes={Mark.WINNER: "#", Mark.LOSER: "x", Mark.OTHER: "*", Mark.WITHOUT_EFFECT: "o"},
    joins={5: "|", 10: "-", 3: "`", 6: ".", 9: "'", 12: ".", 7: "+", 13: "+", 14: "+", 11: "+", 15: "+", 1: "|", 4: "|", 2: "-", 8: "-"},
    more="...",
)

Line = list[Piece]


def draw(nodes: Sequence[Node], *, width: int, signs: Signs = BOX, styles: dict[str, str] | None = None) -> list[Line]:
    """Lines of at most ``width`` cells, a node in each that has one; ``nodes`` in a causal order. ``styles``: the colour of each lane."""
    width = max(width, NARROWEST)
    rows = list(_Layout(nodes).rows())
    columns = max((len(row.cells) for row in rows), default=0)
    if 2 * columns > width // 2:
        return [_listed(number, node, width, signs) for number, node in enumerate(nodes)]
    lanes = dict(enumerate(dict.fromkeys(node.lane for node in nodes)))
    return [_line(row, nodes, lanes, columns, width, signs, styles or {}) for row in rows]


@dataclass(frozen=True, slots=True)
class _Row:
    """``cells``: the directions of lines at each column; ``node``: the one that stands in this row, at ``column``; ``span``: the columns between which a
    line goes across."""

    cells: list[int]
    node: int | None = None
    column: int = -1
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class _Way:
    """A line down a column, from below one node to the last one that takes it up."""

    column: int
    until: int


class _Layout:
    """Where everything stands. ``_lanes``, ``_tracks``: the ways down from each node, in its lane and in a track of its own; ``_straight``: the node that a
    track leads straight down to, because nothing else stands in that node's lane meanwhile."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._graph = CausalGraph(tuple(sum(1 << earlier for earlier in node.seen) for node in nodes))
        columns = {lane: column for column, lane in enumerate(dict.fromkeys(node.lane for node in nodes))}
        self._at = [columns[node.lane] for node in nodes]
        self._first_track = len(columns)
        self._above = [self._right_above(number, nodes) for number in range(len(nodes))]
        self._lanes: dict[int, _Way] = {}
        self._tracks: dict[int, _Way] = {}
        self._straight: dict[int, int] = {}
        self._plan()

    def rows(self) -> Iterator[_Row]:
        for number in range(len(self._at)):
            done: set[int] = set()
            straight = next((source for source, target in self._straight.items() if target == number), None)
            for source in self._others(number):
                if source == straight:
                    continue
                yield self._joining(number, source, done)
                done.add(source)
            if (
                number
                and self._at[number] == self._at[number - 1]
                and self._above[number] is None
                and not done
                and number - 1 not in self._tracks
            ):
                yield _Row(self._down(number, is_below=False))  # a clone of the device: what stands right above was not seen
            yield self._standing(number)
            if number in self._tracks:
                yield self._leaving(number, self._tracks[number].column)

    def _right_above(self, number: int, nodes: Sequence[Node]) -> int | None:
        """The node before this one in its lane, when this one had seen it."""
        above = next((earlier for earlier in range(number - 1, -1, -1) if self._at[earlier] == self._at[number]), None)
        return above if above is not None and above in nodes[number].seen else None

    def _others(self, number: int) -> Iterator[int]:
        """What a node had seen and no line in its own lane leads to."""
        return (source for source in self._graph.reduced[number] if source != self._above[number])

    def _plan(self) -> None:
        lanes: dict[int, int] = {source: number for number, source in enumerate(self._above) if source is not None}
        tracks: dict[int, int] = {}
        counts: Counter[int] = Counter()
        for number in range(len(self._at)):
            for source in self._others(number):
                is_newer_below = self._at[source] in self._at[source + 1 : number]
                ways = tracks if is_newer_below or self._at[source] == self._at[number] else lanes
                ways[source] = max(number, ways.get(source, 0))
                counts[source] += ways is tracks
        self._lanes = {source: _Way(self._at[source], until) for source, until in lanes.items()}
        for source, until in sorted(tracks.items()):
            if counts[source] == 1 and self._is_free(source, until):
                self._straight[source] = until
                self._tracks[source] = _Way(self._at[until], until)
                continue
            taken = {way.column for way in self._tracks.values() if way.until > source}
            columns = range(self._first_track, self._first_track + len(taken) + 1)
            self._tracks[source] = _Way(next(column for column in columns if column not in taken), until)

    def _is_free(self, source: int, target: int) -> bool:
        """Whether nothing stands in the lane of ``target``, nor leads down it, from below ``source`` on."""
        lane = self._at[target]
        ways = [*self._lanes.items(), *self._tracks.items()]
        return lane not in self._at[source:target] and not any(
            way.column == lane and first < target and way.until > source for first, way in ways
        )

    def _way(self, source: int, number: int) -> _Way:
        lane = self._lanes.get(source)
        is_in_lane = lane is not None and self._at[source] not in self._at[source + 1 : number] and self._at[source] != self._at[number]
        return lane if lane is not None and is_in_lane else self._tracks[source]

    def _down(self, number: int, *, is_below: bool, done: Collection[int] = ()) -> list[int]:
        """The columns with a line in the rows above node ``number``, or below it; but for those whose last line into it is ``done``."""
        cells = [0] * max([self._first_track, *(way.column + 1 for way in self._tracks.values())])
        for ways in (self._lanes, self._tracks):
            for source, way in ways.items():
                is_over = way.until <= number if is_below else way.until < number or (way.until == number and source in done)
                if source < number + is_below and not is_over:
                    cells[way.column] = _UP | _DOWN
        return cells

    def _standing(self, number: int) -> _Row:
        """The row of a node."""
        cells = self._down(number, is_below=True)
        cells[self._at[number]] = 0
        if number in self._tracks:
            cells[self._tracks[number].column] = 0
        return _Row(cells, node=number, column=self._at[number])

    def _joining(self, number: int, source: int, done: Collection[int]) -> _Row:
        """The row above a node in which the line of one that it had seen comes over."""
        cells = self._down(number, is_below=False, done=done)
        way, target = self._way(source, number), self._at[number]
        is_entered = self._above[number] is not None or bool(done) or number in self._straight.values()
        toward, back = (_RIGHT, _LEFT) if target > way.column else (_LEFT, _RIGHT)
        cells[way.column] = _UP | toward | (_DOWN if way.until > number else 0)
        cells[target] = (_UP if is_entered else 0) | _DOWN | back
        return _Row(cells, span=(min(way.column, target), max(way.column, target)))

    def _leaving(self, number: int, column: int) -> _Row:
        """The row below a node in which its track begins."""
        cells, own = self._down(number, is_below=True), self._at[number]
        toward, back = (_RIGHT, _LEFT) if column > own else (_LEFT, _RIGHT)
        cells[own] = _UP | toward | (_DOWN if number in self._lanes else 0)
        cells[column] = back | _DOWN
        return _Row(cells, span=(min(own, column), max(own, column)))


def _line(row: _Row, nodes: Sequence[Node], lanes: dict[int, str], columns: int, width: int, signs: Signs, styles: dict[str, str]) -> Line:
    low, high = row.span
    pieces: Line = []
    for column in range(columns):
        directions = row.cells[column] if column < len(row.cells) else 0
        style = styles.get(lanes.get(column, ""), "")
        if row.node is not None and column == row.column:
            pieces.append((signs.nodes[nodes[row.node].mark], style))
        elif low < column < high:
            pieces.append((signs.joins[_UP | _DOWN] if directions & _DOWN else signs.joins[_LEFT | _RIGHT], style))
        else:
            pieces.append((signs.joins[directions] if directions else " ", style))
        pieces.append(signs.joins[_LEFT | _RIGHT] if low <= column < high else " ")
    if row.node is None:
        return pieces
    return [*pieces, _text(nodes[row.node], width - 2 * columns, signs)]


def _listed(number: int, node: Node, width: int, signs: Signs) -> Line:
    sign = signs.nodes[node.mark] + " "
    return [sign, _text(node, width - len(sign), signs)]


def _text(node: Node, room: int, signs: Signs) -> Piece:
    text = node.text
    if cell_len(text) > room:
        text = set_cell_size(text, max(room - len(signs.more), 0)).rstrip() + signs.more[: max(room, 0)]
    return text, node.style


def plain_line(line: Iterable[Piece]) -> str:
    """A line without its colours."""
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in line).rstrip()
