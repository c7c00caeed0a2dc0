from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tools.text.drawing import ASCII, BOX, NARROWEST, Mark, Node, Signs, draw, plain_line

LANES = "ABCDEFGH"


@st.composite
def histories(draw_from: st.DrawFn, at_most: int = 50) -> list[Node]:
    """Writes on devices that sometimes took in what another one knew."""
    count = draw_from(st.integers(0, at_most))
    lanes = LANES[: draw_from(st.integers(1, len(LANES)))]
    known: dict[str, frozenset[int]] = dict.fromkeys(lanes, frozenset())
    nodes = []
    for number in range(count):
        lane, other = draw_from(st.sampled_from(lanes)), draw_from(st.sampled_from(lanes))
        if draw_from(st.booleans()):
            known[lane] |= known[other]
        nodes.append(Node(lane=lane, text=f"#{number} 写真 {lane * 30}", mark=draw_from(st.sampled_from(list(Mark))), seen=known[lane]))
        forks = draw_from(st.integers(0, 9)) == 0  # a clone went on from what it knew before
        known[lane] = known[lane] if forks else known[lane] | {number}
    return nodes


def drawn(nodes: list[Node], width: int = 100, signs: Signs = BOX) -> list[str]:
    return [plain_line(line) for line in draw(nodes, width=width, signs=signs)]


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(0, 160), st.sampled_from([BOX, ASCII]))
def test_each_write_stands_once_and_no_line_is_wider_than_the_screen(nodes: list[Node], width: int, signs: Signs) -> None:
    lines = drawn(nodes, width, signs)
    assert all(cell_len(line) <= max(width, NARROWEST) for line in lines)
    marks = set(signs.nodes.values())
    prefixes = [line[: line.find("#") if "#" in line and signs is BOX else len(line)] for line in lines]
    if signs is BOX:
        assert sum(any(mark in prefix for mark in marks) for prefix in prefixes) == len(nodes)
    if width >= 60:
        shown = [int(found[1]) for line in lines if (found := re.search(r"#(\d+) ", line))]
        assert shown == list(range(len(nodes)))


@settings(max_examples=100, deadline=None)
@given(histories(at_most=12))
def test_lines_lead_up_to_exactly_what_each_had_seen(nodes: list[Node]) -> None:
    """Walked along its lines, the drawing says what the history says."""
    lines = drawn(nodes, width=400)
    assert _walked(lines, len(nodes)) == [node.seen for node in nodes]


def _walked(lines: list[str], count: int) -> list[frozenset[int]]:
    """What each node's lines lead to, read off the characters from row to row. A line across leads to the node right below one of its ends, else away
    from the node right above."""
    below: dict[int, frozenset[int]] = {}
    seen: list[frozenset[int]] = []
    graphs = [line.split("#")[0].rstrip() for line in lines]
    for row, graph in enumerate(graphs):
        above, below = below, {column: below[column] for column, sign in enumerate(graph) if sign == "│"}
        mark = _mark(graph)
        if mark is not None:
            past = above.get(mark, frozenset())
            seen.append(past)
            below[mark] = past | {len(seen) - 1}
        elif ends := [column for column, sign in enumerate(graph) if sign in "├┤╭╮╰╯┬┴┼"]:
            next_mark = next(found for each in graphs[row + 1 :] if (found := _mark(each)) is not None)
            target = next((end for end in ends if end == next_mark and _goes(graph[sum(ends) - end], 1)), None)
            source = sum(ends) - target if target is not None else next(end for end in ends if _goes(graph[end], 1))
            for end in ends:
                if _goes(graph[end], 4):
                    own = above[end] if _goes(graph[end], 1) else frozenset()
                    below[end] = own if end == source else own | above[source]
    assert len(seen) == count
    return seen


def _mark(graph: str) -> int | None:
    return next((column for column, sign in enumerate(graph) if sign in BOX.nodes.values()), None)


def _goes(character: str, direction: int) -> bool:
    return any(joined == character and directions & direction for directions, joined in BOX.joins.items())


def test_one_two_and_five() -> None:
    one = [Node(lane="A", text="#1", mark=Mark.WINNER, seen=frozenset())]
    assert drawn(one) == ["◆ #1"]
    two = [*one, Node(lane="B", text="#2", mark=Mark.LOSER, seen=frozenset())]
    assert drawn(two) == ["◆   #1", "  ✗ #2"]
    seen = [*one, Node(lane="B", text="#2", mark=Mark.LOSER, seen=frozenset({0}))]
    assert drawn(seen) == ["◆   #1", "╰─╮", "  ✗ #2"]
    five = [
        Node(lane="A", text="#1", mark=Mark.OTHER, seen=frozenset()),
        Node(lane="A", text="#2", mark=Mark.LOSER, seen=frozenset({0})),
        Node(lane="B", text="#3", mark=Mark.OTHER, seen=frozenset({0})),
        Node(lane="A", text="#4", mark=Mark.OTHER, seen=frozenset({0, 1})),
        Node(lane="B", text="#5", mark=Mark.WINNER, seen=frozenset({0, 1, 2})),
    ]
    assert drawn(five) == [
        "●     #1",
        "├─╮",
        "✗ │   #2",
        "├─│─╮",
        "│ ● │ #3",
        "● │ │ #4",
        "  ├─╯",
        "  ◆   #5",
    ]


def test_in_ascii() -> None:
    nodes = [
        Node(lane="A", text="1", mark=Mark.OTHER, seen=frozenset()),
        Node(lane="B", text="2", mark=Mark.LOSER, seen=frozenset({0})),
        Node(lane="A", text="3", mark=Mark.WINNER, seen=frozenset({0})),
    ]
    lines = drawn(nodes, signs=ASCII)
    assert lines == ["*   1", "+-.", "| x 2", "#   3"]
    assert all(line.isascii() for line in lines)


@pytest.mark.parametrize(("encoding", "can"), [("utf-8", True), ("ascii", False), ("cp437", False), ("no-such-encoding", False)])
def test_what_an_output_can_show(encoding: str, can: bool) -> None:
    assert BOX.can_be(encoding) is can


def test_without_room_for_lines_they_are_listed() -> None:
    nodes = [Node(lane=f"device {number}", text=f"#{number}", mark=Mark.OTHER, seen=frozenset()) for number in range(30)]
    assert drawn(nodes, width=80) == [f"● #{number}" for number in range(30)]
