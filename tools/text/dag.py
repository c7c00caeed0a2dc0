"""`dag` for people: a sentence, and below it the graph, newest entry first, as `git log --graph` draws histories."""

from __future__ import annotations

import sys

from tools.graph.drawing import ASCII, BOX, Row, draw
from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_time
from tools.text.dag_labels import begins_beyond, remarks, what_it_did
from tools.text.screen import BAD, DIM, GOOD, STRONG, WARN, Piece, Screen

_PLAIN = ("*", "+", "#", "o", "x", "?", ":", "...")
_DRAWN = ("●", "◆", "▣", "○", "✕", "◌", "┊", "…")
_LABEL_CHARACTERS = 400


class _Characters:
    """Those that the output's encoding has."""

    def __init__(self, encoding: str) -> None:
        try:
            (BOX + "".join(_DRAWN)).encode(encoding)
            self.lines, drawn = BOX, _DRAWN
        except (UnicodeEncodeError, LookupError):
            self.lines, drawn = ASCII, _PLAIN
        self.change, self.control, self.checkpoint, self.stub, self.void, self.waiting, self.beyond, self.more = drawn

    def of(self, node: Document) -> str:
        if node["verdict"] == "void":
            return self.void
        if node["verdict"] in ("waiting", "detached"):
            return self.waiting
        if node["stub"]:
            return self.stub
        if node["kind"] in ("checkpoint", "settled"):
            return self.checkpoint
        return self.change if node["kind"] == "change" else self.control


def show_dag(documents: list[Document]) -> None:
    """A graph for each library."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    for number, document in enumerate(documents):
        if number:
            screen.line("")
        if len(documents) > 1:
            screen.heading(f"library {document['library'][:10]}")
        screen.line(summary(document))
        if document["sealed"]:
            screen.line((f"Contents stay sealed: {document['sealed']}.", DIM))
        _show_graph(screen, document)


def summary(document: Document) -> str:
    """The graph in a sentence or two."""
    entries = spell_count(document["entries"], "entry", "entries")
    devices, logs = spell_count(document["devices"], "device"), spell_count(document["logs"], "log")
    heads = len(document["heads"])
    parts = [f"{entries} by {devices} in {logs}", "1 head" if heads == 1 else f"{heads:,} heads are concurrent" if heads else "no head"]
    checkpoint = document["checkpoint"]
    if checkpoint is not None:
        parts.append(f"the newest checkpoint covers {checkpoint['covers']:,}" + ("" if checkpoint["settled"] else " and isn't settled yet"))
    if document["detached"]:
        parts.append(f"{document['detached']:,} detached")
    sentence = "; ".join(parts) + "."
    if document["record"] is not None:
        sentence = f"{document['kind']} {document['record']}: {_of_record(document)} Of {sentence}"
    return sentence


def _of_record(document: Document) -> str:
    written = spell_count(document["shown"] + document["older"] + document["newer"], "entry", "entries")
    heads = sum(node["head"] for node in document["nodes"])
    sentence = f"{written} wrote it"
    if heads > 1:
        sentence += f"; the last {heads} are concurrent"
    if not document["complete"]:
        sentence += " (those that only took something away weren't looked for: --complete)"
    return sentence + "."


def _encoding() -> str:
    return sys.stdout.encoding or "ascii"


def _show_graph(screen: Screen, document: Document) -> None:
    characters = _Characters(_encoding())
    nodes = document["nodes"]
    if document["newer"]:
        screen.line((f"{characters.more} {spell_count(document['newer'], 'newer entry', 'newer entries')}", DIM))
    parents = [node["after"] for node in nodes]
    going_on = {number for number, node in enumerate(nodes) if begins_beyond(document, node)}
    budget = max(screen.width // 3, 12) // 2
    for row in draw(parents, going_on=going_on):
        _show_row(screen, characters, nodes, row, budget)
    if document["older"]:
        screen.line((f"{characters.more} {spell_count(document['older'], 'older entry', 'older entries')}, not shown (--limit)", DIM))
    if nodes:
        screen.line(_legend(characters, nodes))


def _show_row(screen: Screen, characters: _Characters, nodes: list[Document], row: Row, budget: int) -> None:
    pieces: list[Piece] = []
    for column, cell in enumerate(row.cells[:budget]):
        if row.node is not None and column == row.column:
            text = characters.of(nodes[row.node])
        elif row.is_end and cell.of is not None:
            text = characters.beyond
        else:
            text = characters.lines[cell.ways]
        along = characters.lines[12] if cell.goes_right else " "
        pieces.append(_coloured(screen, nodes, cell.of, text + along))
    if len(row.cells) > budget:
        pieces.append((characters.more, DIM))
    if row.node is not None:
        pieces += _label(screen, nodes[row.node])
    screen.drawn(*pieces, more=characters.more)


def _label(screen: Screen, node: Document) -> list[Piece]:
    marks = ", ".join(remarks(node))
    return [
        " ",
        screen.device(short_device(node)),
        (f" {short_entry(node)}", STRONG if node["head"] else ""),
        *([(f" [{marks}]", _style(node))] if marks else []),
        (f"  {spell_time(node['time'] or node['received'])}", DIM),
        f"  {what_it_did(node)[:_LABEL_CHARACTERS]}",
    ]


def _style(node: Document) -> str:
    if node["verdict"] in (None, "applied"):
        return WARN if node["missing"] else GOOD if node["head"] else DIM
    return BAD if node["verdict"].endswith("void") else WARN


def _coloured(screen: Screen, nodes: list[Document], of: int | None, text: str) -> Piece:
    return text if of is None else (text, screen.device(short_device(nodes[of]))[1])


def _legend(characters: _Characters, nodes: list[Document]) -> Piece:
    meanings = {
        characters.change: "change",
        characters.control: "control",
        characters.checkpoint: "checkpoint",
        characters.stub: "stub (given up for a checkpoint)",
        characters.void: "void",
        characters.waiting: "waits",
    }
    there = dict.fromkeys(characters.of(node) for node in nodes)
    return "  ".join(f"{mark} {meaning}" for mark, meaning in meanings.items() if mark in there), DIM
