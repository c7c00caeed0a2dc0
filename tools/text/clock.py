"""`clock` for people."""

from __future__ import annotations

from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_list, spell_span, spell_time
from tools.text.screen import DIM, GOOD, WARN, Piece, Screen

WORTH_SAYING_MS = 1000
LATE_MS = 5 * 60 * 1000
"""Entries that come later than this say nothing of a clock that is behind: their device was away."""


def show_clocks(documents: list[Document]) -> None:
    """Whose clock looks wrong, then each device."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    for document in documents:
        screen.line(_summary(document))
        columns = ("device", "ahead", "behind", "last report", "entries", "")
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
    if here and (here["perhaps_behind_ms"] or here["perhaps_ahead_ms"]):
        return _all_differ(wrong, here), WARN
    if wrong:
        return f"Wrong: the clock of {_named(wrong)}. {_ADVICE}", WARN
    if here and here["ahead_ms"] > WORTH_SAYING_MS:
        span = spell_span(here["ahead_ms"])
        return f"The newest stamp here is {span} ahead of now: a clock was ahead, this device's until it was put right, or another's.", WARN
    if document["sealed"]:
        return "No clock is flagged; stamps can't be looked at here.", DIM
    if all(device["ahead_ms"] is None for device in document["devices"]):
        return "No clock is flagged; no change of another device is here to tell more from.", DIM
    return "All clocks look right, as far as what came here tells.", GOOD


_ADVICE = "Set the clock right there; causality still decides first, and nothing needs to be repaired."


def _all_differ(wrong: list[Document], here: Document) -> str:
    """All others differ from the clock here: it is one of two, or the only one."""
    span, this = (
        (spell_span(here["perhaps_behind_ms"]), "behind") if here["perhaps_behind_ms"] else (spell_span(here["perhaps_ahead_ms"]), "ahead")
    )
    if len(wrong) == 1:
        return f"Wrong: the clock of {_named(wrong)}, or the one here is {this} by as much: no third one tells. {_ADVICE}"
    return (
        f"The clock here looks {this}, by {span} or more, as all others differ from it: {_named(wrong)}. Set it right, or look at theirs."
    )


def _named(devices: list[Document]) -> str:
    return spell_list([f"{short_device(device)} ({_off(device)})" for device in devices])


def _off(device: Document) -> str:
    ahead = max(device["flagged_ms"], device["ahead_ms"] or 0, device["reported_ahead_ms"])
    behind = device["behind_ms"] or 0
    return f"{spell_span(ahead)} ahead" if ahead >= behind else f"{spell_span(behind)} behind"


def _row(screen: Screen, device: Document) -> tuple[Piece, ...]:
    remarks = ["the clock here"] if device["is_here"] else []
    remarks += [f"flagged: {spell_span(device['flagged_ms'])} ahead"] if device["flagged_ms"] else []
    remarks += [f"reports from {spell_span(device['reported_ahead_ms'])} ahead"] if device["reported_ahead_ms"] > LATE_MS else []
    remarks += [spell_count(len(device["forked"]), "forked log")] if device["forked"] else []
    remarks += [] if device["member"] else ["no member any more"]
    return (
        screen.device(short_device(device)),
        (_ahead(device), WARN) if device["suspicious"] else _ahead(device),
        _behind(device),
        spell_time(device["reported"]) if device["reported"] else "never",
        str(device["looked_at"]),
        (", ".join(remarks), WARN if remarks != ["the clock here"] else DIM),
    )


def _ahead(device: Document) -> str:
    if device["ahead_ms"] is None:
        return "" if device["is_here"] else "unknown"
    return spell_span(device["ahead_ms"]) if device["ahead_ms"] else "not ahead"


def _behind(device: Document) -> str:
    least, most = device["behind_ms"], device["behind_at_most_ms"]
    if least is None:
        return "" if device["is_here"] else "unknown"
    if least > LATE_MS:
        return spell_span(least)
    if most is None:
        return "unknown"
    return f"at most {spell_span(most)}" if most <= LATE_MS else f"unknown: entries came {spell_span(most)} late"
