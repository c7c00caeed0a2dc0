"""What the views of the past print alike: writes, fields, and what was before and after."""

from __future__ import annotations

from typing import Any

from tools.looking.documents import SHORT_VALUE, Document, short_device, short_entry, short_value
from tools.looking.elements import short_label
from tools.looking.spelling import spell_time
from tools.text.screen import BAD, DIM, WARN, Piece, Screen

NOTHING = "nothing"


def field_name(document: Document) -> str:
    """``rating``, ``keyword:sea``, ``album:3f2a90c1d5``, as `why` takes it."""
    return bounded(short_label(document["field"], document["element"]))


def bounded(text: str) -> str:
    """Its beginning, where it is long."""
    return text if len(text) <= SHORT_VALUE else text[: SHORT_VALUE - 1] + "…"


def spell_side(side: Document | None, element: str | None = None) -> str:
    """What is read, and what stands beside it. Elements of sets are there or aren't."""
    if side is None:
        return NOTHING
    value = "there" if element and side["value"] is True else short_value(side["value"])
    return " | ".join([value, *(short_value(other) for other in side["beside"])])


def change_pieces(change: Document, before: str = "before", after: str = "after") -> list[Piece]:
    """``rating 4 → 5, conflict settled``."""
    element = change["element"]
    pieces: list[Piece] = [
        f"{field_name(change)}: ",
        (spell_side(change[before], element), DIM),
        " → ",
        spell_side(change[after], element),
    ]
    return [*pieces, (f"  conflict {change['conflict']}", WARN)] if change["conflict"] else pieces


def wrote_words(wrote: list[Document], *, at_most: int = 6) -> str:
    """What an entry set itself."""
    words = [f"{field_name(each)} {short_value(each['value'])}" for each in wrote[:at_most]]
    return ", ".join([*words, *([f"and {len(wrote) - at_most} more"] if len(wrote) > at_most else [])])


def write_pieces(screen: Screen, write: Document) -> list[Piece]:
    """When, who, which entry; and when it came here, where that was much later."""
    made, came = spell_time(write["time"]), spell_time(write["received"])
    pieces: list[Piece] = [made, "  ", screen.device(short_device(write)), f"  {short_entry(write['entry'])}"]
    if came != made:
        pieces.append((f"  here {came}", DIM))
    if write["batch"]:
        pieces.append((f"  batch {write['batch'][:8]}", DIM))
    if write["state"] != "applied":
        pieces.append((f"  {write['state']}: {write['reason']}", BAD))
    return pieces


def show_fields(screen: Screen, fields: list[Document]) -> None:
    """A row for each value that stands there."""
    rows: list[tuple[Piece, ...]] = []
    for each in fields:
        value = spell_side({"value": each["value"], "beside": []}, each["element"])
        rows.append((field_name(each), value, ("conflict", WARN) if each["beside"] else "", *_author(screen, each["by"])))
        rows += [
            (field_name(each), short_value(other["value"]), ("beside", WARN), *_author(screen, other["by"])) for other in each["others"]
        ]
    screen.table(("field", "value", "", "device", "time", "entry"), rows)


def titled(document: Document) -> str:
    """``asset:3f2a… IMG_0042.HEIC``."""
    name = document.get("name")
    return f"{document['kind']}:{document['record'][:10]}" + (f" {bounded(name)}" if name else "")


def _author(screen: Screen, by: dict[str, Any]) -> tuple[Piece, Piece, Piece]:
    return screen.device(short_device(by)), spell_time(by["time"]), short_entry(by["entry"])
