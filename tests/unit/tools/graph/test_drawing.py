"""The drawing in lines of characters: whoever follows its lines finds the graph again."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given

from tests.unit.tools.graph.models import Parents, parents_of_entries
from tools.graph.causal import CausalGraph
from tools.graph.drawing import ASCII, BOX, Row, Way, draw


def drawn(parents: Sequence[Sequence[int]], *, characters: str = BOX, going_on: Sequence[int] = ()) -> list[str]:
    lines = []
    for row in draw(parents, going_on=going_on):
        cells = [
            ("●" if row.node is not None and column == row.column else characters[cell.ways]) + (characters[12] if cell.goes_right else " ")
            for column, cell in enumerate(row.cells)
        ]
        lines.append("".join(cells).rstrip() + ("" if row.node is None else f" {row.node}"))
    return lines


def test_a_fork_and_a_merge() -> None:
    assert drawn([[], [0], [0], [2, 1]]) == ["● 3", "├─╮", "● │ 2", "│ ● 1", "├─╯", "● 0"]


def test_in_characters_of_ascii() -> None:
    assert drawn([[], [0], [0], [2, 1]], characters=ASCII) == ["● 3", "+-\\", "● | 2", "| ● 1", "+-/", "● 0"]


def test_heads_that_are_concurrent_stand_side_by_side() -> None:
    assert drawn([[], [0], [0]]) == ["● 2", "│ ● 1", "├─╯", "● 0"]


def test_what_goes_on_leads_out_of_the_drawing() -> None:
    assert drawn([[], [0]], going_on=[0]) == ["● 1", "● 0", "│"]


def test_what_begins_ends_its_line() -> None:
    assert drawn([[], []]) == ["● 1", "  ● 0"]


@given(parents_of_entries(at_most=12))
def test_following_the_lines_leads_from_each_entry_to_those_before_it(parents: Parents) -> None:
    graph = CausalGraph.of(parents)
    rows = list(draw(graph.reduced))
    assert [row.node for row in rows if row.node is not None] == list(reversed(range(len(parents))))
    for index, row in enumerate(rows):
        _assert_whole(rows[index - 1] if index else None, row)
    below = {row.node: _reached(rows, index) for index, row in enumerate(rows) if row.node is not None}
    for node, before in enumerate(graph.reduced):
        assert set(before) <= below[node]
        assert before or not below[node], "nothing seems to come before what begins"


def _assert_whole(above: Row | None, row: Row) -> None:
    """No line ends between two rows, or leads out of the row at its side."""
    for column, cell in enumerate(row.cells):
        if Way.UP in cell.ways:
            assert above is not None
            assert column < len(above.cells)
            assert Way.DOWN in above.cells[column].ways or above.column == column
        if Way.RIGHT in cell.ways:
            assert Way.LEFT in row.cells[column + 1].ways
        if Way.LEFT in cell.ways:
            assert Way.RIGHT in row.cells[column - 1].ways


def _reached(rows: Sequence[Row], start: int) -> set[int]:
    """The entries that the lines which go down from one lead to."""
    found: set[int] = set()
    columns = {rows[start].column}
    for row in rows[start + 1 :]:
        if not columns:
            break
        if row.node is not None:
            if row.column in columns:
                found.add(row.node)
            columns = {each for each in columns if each != row.column and each < len(row.cells) and Way.DOWN in row.cells[each].ways}
            continue
        columns = _down(row, {column for column in columns if column < len(row.cells) and Way.UP in row.cells[column].ways})
    return found


def _down(row: Row, columns: set[int]) -> set[int]:
    ahead, seen = list(columns), set(columns)
    while ahead:
        column = ahead.pop()
        for way, beside in ((Way.LEFT, column - 1), (Way.RIGHT, column + 1)):
            if way in row.cells[column].ways and beside not in seen:
                seen.add(beside)
                ahead.append(beside)
    return {column for column in seen if Way.DOWN in row.cells[column].ways}
