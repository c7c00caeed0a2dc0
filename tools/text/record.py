"""`show RECORD` for people: what is to be known first, then a row for each value, conflicts before all others."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from crdt.trash import TRASHED
from relay.sizes import spell_size
from tools.looking.documents import Document, short_device, short_entry, short_value
from tools.looking.elements import short_label
from tools.looking.spelling import spell_count, spell_list, spell_time
from tools.replaying.readings import IN_TRASH, RESTORED
from tools.text.screen import BAD, DIM, GOOD, STRONG, WARN, Piece, Screen

_COLUMNS = ("field", "value", "", "device", "time", "entry")
_RELATIONS = {
    "conflict": ("in conflict", WARN),
    "outranked": ("outranked", DIM),
    "ignored": ("passed over: not of the field's type", WARN),
    "unknown": ("of a newer version, not read", DIM),
}
Row = tuple[Piece, ...]


def show_record(document: Document) -> None:
    """A row for each value that stands in the record, the one that is read first."""
    screen = Screen()
    screen.line((f"{document['kind']} {document['record']}", STRONG), f", {document['name']}" if document["name"] else "")
    if document["purged"]:
        screen.line(
            ("purged", BAD),
            f": deleted for good. `calotype-inspect why {document['record'][:10]} trashed` says by whom, as far as that is kept.",
        )
        return
    _show_notices(screen, document)
    screen.line(f"digest {document['digest']}, {document['state_bytes']:,} bytes")
    if "keys" in document:
        _show_raw(screen, document)
        return
    fields = sorted(document["fields"], key=lambda field: field["field"] not in document["conflicts"])
    screen.table(
        _COLUMNS, [*_fields(screen, fields, ""), *_sets(screen, document["sets"]), *_fields(screen, document["derived"], "derived ")]
    )


def _show_notices(screen: Screen, document: Document) -> None:
    if document["trashed"] is not None:
        contested = ", contested: who trashed it hadn't seen all that stands in it" if document["contested"] else ""
        screen.line(
            ("in the trash", WARN),
            f" since {spell_time(document['trashed'])}{contested}. `calotype-inspect why {document['record'][:10]} trashed` says more.",
        )
    if document["conflicts"]:
        count = spell_count(len(document["conflicts"]), "open conflict")
        first = f"calotype-inspect why {document['record'][:10]} {shlex.quote(document['conflicts'][0])}"
        screen.line((count, WARN), f": {spell_list(document['conflicts'], at_most=8)}. `{first}` says how it came.")
    if document["folded_into"] is not None:
        screen.line(f"shown as part of photo {document['folded_into'][:10]}")


def _fields(screen: Screen, fields: list[Document], label: str) -> Iterator[Row]:
    for field in fields:
        name = label + short_label(field["field"], None)
        if field["winner"] is not None:
            yield _row(screen, name, field["winner"], "")
        for other in field["others"]:
            yield _row(screen, name, other, _RELATIONS[other["relation"]])


def _sets(screen: Screen, elements: list[Document]) -> Iterator[Row]:
    for element in elements:
        for value in element["values"]:
            yield _row(
                screen,
                short_label(element["set"], element["element"]),
                value,
                "" if element["known"] else _RELATIONS["unknown"],
                is_element=True,
            )


def _row(screen: Screen, name: str, cell: Document, relation: Piece, *, is_element: bool = False) -> Row:
    value = "there" if is_element and cell["value"] is None else short_value(_said(name, cell["value"]))
    return name, value, relation, screen.device(short_device(cell)), spell_time(cell["time"]), short_entry(cell["entry"])


def _said(field: str, value: Any) -> Any:
    """Of the trash whether it is in it; who had seen what is told by `why`."""
    if field == TRASHED.name:
        return RESTORED if value is None else IN_TRASH
    return value


def _show_raw(screen: Screen, document: Document) -> None:
    screen.heading(f"{spell_count(len(document['keys']), 'key')} in the root map r")
    screen.table(
        ("key", "type", "stamp", "value", "device", "entry"),
        [
            (
                cell["key"],
                cell["type"],
                cell["stamp"],
                short_value(cell["value"]),
                screen.device(short_device(cell)),
                short_entry(cell["entry"]),
            )
            for cell in document["keys"]
        ],
    )
    screen.heading("state vector")
    screen.table(
        ("client", "clocks", "device", "entry"),
        [
            (str(each["client"]), str(each["clocks"]), screen.device(short_device(each)), short_entry(each["entry"]))
            for each in document["vector"]
        ],
    )
    live = sum(item["live"] for item in document["items"])
    screen.heading(f"state: {spell_size(document['state_bytes'])}, {live:,} live and {len(document['items']) - live:,} deleted items")
    screen.table(
        ("client", "clock", "", "bytes", "key", "value"),
        [
            (
                str(item["client"]),
                str(item["clock"]),
                ("live", GOOD) if item["live"] else ("deleted", DIM),
                str(item["bytes"]) if item["live"] else "",
                item["key"] or "",
                short_value(item["value"]) if item["live"] else "",
            )
            for item in document["items"]
        ],
    )
    screen.heading(f"delete set: {spell_count(len(document['deletes']), 'range')}")
    screen.table(
        ("client", "clock", "length"), [(str(piece["client"]), str(piece["clock"]), str(piece["length"])) for piece in document["deletes"]]
    )
