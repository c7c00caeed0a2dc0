"""`heads` for people: a row for each tip, what is unusual about a log beside it."""

from __future__ import annotations

from collections.abc import Iterator

from tools.looking.documents import Document, short_device
from tools.looking.spelling import spell_count, spell_entries, spell_time
from tools.text.screen import DIM, WARN, Piece, Screen

SHOWN_TIPS = 200
_ID = 10


def show_heads(documents: list[Document]) -> None:
    """A table for each library."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    for document in documents:
        screen.line(f"library {document['library'][:_ID]}: {', '.join(_counted(document))}")
        rows = [row for log in document["logs"] for row in _rows(screen, log)]
        screen.table(("log", "device", "seq", "tip", "received", ""), rows[:SHOWN_TIPS])
        if len(rows) > SHOWN_TIPS:
            screen.line((f"and {spell_count(len(rows) - SHOWN_TIPS, 'tip')} more; --json has them", DIM))


def _counted(document: Document) -> Iterator[str]:
    yield f"{spell_entries(document['entries'], None)} in {spell_count(len(document['logs']), 'log')}"
    if document["stubs"]:
        yield f"{document['stubs']:,} of them given up for a checkpoint"
    if document["detached"]:
        yield f"{document['detached']:,} detached"


def _rows(screen: Screen, log: Document) -> Iterator[tuple[Piece, ...]]:
    name, remarks = log["log"][:10], ", ".join(_remarks(log))
    for tip in log["tips"]:
        yield (
            name,
            screen.device(short_device(log)),
            str(tip["seq"]),
            tip["name"][:10],
            spell_time(tip["received"]) if tip["received"] else "",
            (remarks, WARN),
        )
    if not log["tips"]:
        yield name, screen.device(short_device(log)), "", "", "", (remarks, WARN)


def _remarks(log: Document) -> Iterator[str]:
    for fork in log["forks"]:
        yield "several beginnings" if fork["seq"] < 0 else f"parts after {fork['seq']} into {fork['branches']}"
    if log["stubs"]:
        yield f"{spell_count(log['stubs'], 'stub')}"
    if log["detached"]:
        yield f"{log['detached']:,} detached"
    if log["ended"]:
        yield f"ended: {log['ended']}"
