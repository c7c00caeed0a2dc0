"""`clock` for people."""

from __future__ import annotations

from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_list, spell_span, spell_time
from tools.text.screen import DIM, GOOD, WARN, Piece, Screen

WORTH_SAYING_MS = 1000


def show_clocks(documents: list[Document]) -> None:
    """Whose clock looks wrong, then each device."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    for document in documents:
        screen.line(_summary(document))
        columns = ("device", "ahead", "behind", "last report", "entries", "logs", "")
        screen.table(columns, [_row(screen, device) for device in document["devices"]])
        if document["ahead"]:
            screen.heading("stamped ahead of their arrival")
            rows = [
                (
                    short_entry(each["entry"]),
                    short_device(each),
                    spell_time(each["time"]),
                    spell_time(each["received"]),
                    spell_span(each["ahead_ms"]),
                )
                for each in document["ahead"][:20]
            ]
            screen.table(("entry", "device", "made", "came here", "ahead"), rows)
        if document["sealed"]:
            screen.line((f"Stamps stay sealed: {document['sealed']}", DIM))


def _summary(document: Document) -> Piece:
    wrong = [device for device in document["devices"] if device["suspicious"]]
    here = document["here"]
    if wrong:
        named = spell_list(
            [f"{short_device(device)} (by {spell_span(max(device['flagged_ms'], device['ahead_ms'] or 0))})" for device in wrong]
        )
        return f"Ahead of time: {named}. Set the clock right there; causality still decides first, and nothing needs to be repaired.", WARN
    if here and here["ahead_ms"] > WORTH_SAYING_MS:
        span = spell_span(here["ahead_ms"])
        return (
            f"This device stamps {span} ahead of now: its clock was ahead until it was put right, or another device's is by as much.",
            WARN,
        )
    if not any(device["looked_at"] for device in document["devices"]):
        return "No clock is flagged; stamps can't be looked at here.", DIM
    return "All clocks look right, as far as what came here tells.", GOOD


def _row(screen: Screen, device: Document) -> tuple[Piece, ...]:
    ahead = "unknown" if device["ahead_ms"] is None else spell_span(device["ahead_ms"]) if device["ahead_ms"] else "not ahead"
    behind = "unknown" if device["behind_at_most_ms"] is None else f"at most {spell_span(device['behind_at_most_ms'])}"
    remarks = [f"flagged: {spell_span(device['flagged_ms'])} ahead"] if device["flagged_ms"] else []
    remarks += [f"{spell_count(len(device['forked']), 'forked log')}"] if device["forked"] else []
    remarks += [] if device["member"] else ["no member any more"]
    return (
        screen.device(short_device(device)),
        (ahead, WARN) if device["suspicious"] else ahead,
        behind,
        spell_time(device["reported"]) if device["reported"] else "never",
        str(device["looked_at"]),
        str(len(device["logs"])),
        (", ".join(remarks), WARN),
    )
