"""`show RECORD` for people."""

from __future__ import annotations

from collections.abc import Iterator

from peer.commands.invocation import Invocation
from tools.looking.documents import Document, short_device, short_entry, short_value

_COLUMNS = ("field", "value", "", "device", "time", "entry")


def show_record(invocation: Invocation, document: Document) -> None:
    """A row for each value that stands in the record, the one that is read first."""
    invocation.say(f"{document['kind']} {document['record']}{', purged' if document['purged'] else ''}")
    if document["purged"]:
        return
    invocation.say(f"digest {document['digest']}, {document['state_bytes']} bytes")
    if "keys" in document:
        _show_raw(invocation, document)
    else:
        invocation.table(_COLUMNS, [*_fields(document["fields"], ""), *_sets(document["sets"]), *_fields(document["derived"], "derived ")])


def _fields(fields: list[Document], label: str) -> Iterator[tuple[str, ...]]:
    for field in fields:
        name = label + field["field"]
        if field["winner"] is not None:
            yield _row(name, field["winner"], "")
        for other in field["others"]:
            yield _row(name, other, other["relation"])


def _sets(elements: list[Document]) -> Iterator[tuple[str, ...]]:
    for element in elements:
        for value in element["values"]:
            yield _row(f"{element['set']} {element['element']}", value, "" if element["known"] else "unknown")


def _row(name: str, cell: Document, relation: str) -> tuple[str, ...]:
    return name, short_value(cell["value"]), relation, short_device(cell), cell["time"], short_entry(cell["entry"])


def _show_raw(invocation: Invocation, document: Document) -> None:
    invocation.table(
        ("key", "stamp", "value", "device", "entry"),
        [
            (cell["key"], cell["stamp"], short_value(cell["value"]), short_device(cell), short_entry(cell["entry"]))
            for cell in document["keys"]
        ],
    )
    invocation.say("state vector")
    invocation.table(
        ("client", "clocks", "device", "entry"),
        [(each["client"], each["clocks"], short_device(each), short_entry(each["entry"])) for each in document["vector"]],
    )
