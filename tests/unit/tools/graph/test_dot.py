"""The file for Graphviz follows the grammar of its language, whatever names and captions say. (A process test shows it to Graphviz itself.)"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tools.graph.dot import DotNode, dot_lines, quoted

STRING = r'"(?:[^"\\\n]|\\.)*"'
ID = rf"(?:[A-Za-z_][A-Za-z_0-9]*|\d+(?:\.\d+)?|{STRING})"
ATTRIBUTES = rf"\[{ID}={ID}(?:, {ID}={ID})*\]"
STATEMENT = re.compile(rf"\s*(?:(?:digraph|subgraph) {ID} \{{|\}}|(?:graph|node|edge|{ID})(?: -> {ID})?(?: {ATTRIBUTES})?;)")


def node(text: str, *, cluster: int = 0, parents: tuple[int, ...] = (), marks: frozenset[str] = frozenset()) -> DotNode:
    return DotNode(cluster=cluster, kind="change", label=text, tooltip=text, parents=parents, marks=marks)


@given(st.text(), st.text(alphabet='\\"<>&{}[]; \n\t\r\x00\x1b\u2028é🙂a'))
def test_every_line_is_a_statement(name: str, caption: str) -> None:
    every = frozenset({"head", "void", "waiting", "stub", "beyond"})
    lines = list(dot_lines(caption, [name, caption], [node(name), node(caption, cluster=1, parents=(0,), marks=every)]))
    assert all(STATEMENT.fullmatch(line) for line in lines), lines
    assert sum(line.count("{") - line.count("}") for line in (re.sub(STRING, "", line) for line in lines)) == 0
    assert "  n0 -> n1;" in lines


@given(st.text())
def test_a_string_never_ends_early(text: str) -> None:
    assert re.fullmatch(STRING, quoted(text))


def test_a_string_is_bounded() -> None:
    assert len(quoted("a" * 1_000_000)) < 1000


def test_what_is_in_which_cluster() -> None:
    lines = list(dot_lines("", ["laptop", "phone"], [node("a"), node("b", cluster=1)]))
    phone = lines.index("  subgraph cluster_1 {")
    assert any(line.startswith("    n0 ") for line in lines[:phone])
    assert any(line.startswith("    n1 ") for line in lines[phone:])
