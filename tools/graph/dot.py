"""The graph in the language of Graphviz: a cluster for each device, time from left to right, a tooltip for each entry. Pure.

Everything that stands in quotes is made harmless first: control characters are spelled out, quotes and backslashes escaped, so no name can end a string or
begin an escape of the language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from peer.commands.invocation import printable

_SHAPES = {"change": "ellipse", "checkpoint": "box3d", "settled": "doubleoctagon"}
_CONTROL = "box"
_COLOURS = ("#2a6f97", "#b5541c", "#4f772d", "#7b4ea3", "#a4303f", "#3d7d7a", "#8a6d1d", "#5c5f66")
LABEL_CHARACTERS, TOOLTIP_CHARACTERS = 60, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class DotNode:
    """``lane``: what its cluster is; ``label`` and ``tooltip``: any text. ``marks``: head, void, waiting, stub, beyond (something before it isn't shown)."""

    cluster: int
    kind: str
    label: str
    tooltip: str
    parents: tuple[int, ...]
    marks: frozenset[str] = frozenset()


def dot_lines(title: str, clusters: Sequence[str], nodes: Sequence[DotNode]) -> Iterator[str]:
    """The lines of the file. Numbers in ``parents`` are those of ``nodes``."""
    yield "digraph calotype {"
    yield f"  graph [rankdir=LR, labelloc=t, label={quoted(title)}, fontname={quoted('sans-serif')}];"
    yield f"  node [fontname={quoted('sans-serif')}, fontsize=10, style=filled, fillcolor=white];"
    yield "  edge [arrowsize=0.6];"
    for cluster, name in enumerate(clusters):
        colour = quoted(_COLOURS[cluster % len(_COLOURS)])
        yield f"  subgraph cluster_{cluster} {{"
        yield f"    graph [label={quoted(name)}, color={colour}, fontcolor={colour}, style=rounded];"
        yield f"    node [color={colour}];"
        for number, node in enumerate(nodes):
            if node.cluster == cluster:
                yield f"    n{number} [{_attributes(node)}];"
        yield "  }"
    for number, node in enumerate(nodes):
        for parent in node.parents:
            yield f"  n{parent} -> n{number};"
        if "beyond" in node.marks:
            yield f"  beyond{number} [shape=plaintext, label={quoted('…')}, tooltip={quoted('entries that are not shown')}];"
            yield f"  beyond{number} -> n{number} [style=dashed];"
    yield "}"


def quoted(text: str, *, at_most: int = TOOLTIP_CHARACTERS) -> str:
    """``text`` as a string of the language; lines stay lines."""
    short = text if len(text) <= at_most else text[: at_most - 1] + "…"
    escaped = printable(short).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", " ") + '"'


def _attributes(node: DotNode) -> str:
    styles = ["filled", *(["bold"] if "head" in node.marks else []), *(["dashed"] if node.marks & {"stub", "waiting"} else [])]
    attributes = [
        f"label={quoted(node.label, at_most=LABEL_CHARACTERS)}",
        f"tooltip={quoted(node.tooltip)}",
        f"shape={_SHAPES.get(node.kind, _CONTROL)}",
        f"style={quoted(','.join(styles))}",
    ]
    if "head" in node.marks:
        attributes.append("peripheries=2")
    if "void" in node.marks:
        attributes.append('fillcolor="#f6c6c6"')
    return ", ".join(attributes)
