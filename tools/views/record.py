"""`show RECORD`: what a record says field by field, what stands beside that, and who wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from crdt.digest import record_digest
from crdt.fields import Cells, Fields, Register, fields_of, read_register
from crdt.keys import unescape
from crdt.parsing import WrongTypeError
from crdt.record import Cell, Content, read
from crdt.schema import SCHEMAS, UnknownFieldError
from crdt.values import Value
from peer.errors import UsageError
from peer.library.meta import Meta
from peer.library.records import RecordTable
from store.ids import RecordKind
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.lookup import find_record
from tools.looking.origins import Origins


def gather_record(inspected: Inspected, text: str, *, raw: bool) -> Document:
    """The document of the record that ``text`` names."""
    if inspected.library_folder is None:
        raise UsageError("A relay's records are sealed: they can be shown from a device's folder only.", hint="`entry LOG:SEQ` works here.")
    database = inspected.database
    record = find_record(database, text)
    state = RecordTable(database, Meta(database)).state(record)
    document: Document = {"record": record.body.hex(), "kind": record.kind.name.lower(), "purged": state is None}
    if state is None:
        return document
    content = read(state)
    (library,) = inspected.libraries
    origins = Origins(database, library, inspected.device_names())
    document |= {"digest": record_digest(record, content).hex(), "state_bytes": len(state)}
    if raw:
        return document | _raw(content, origins)
    fields = fields_of(content)
    return document | {
        "fields": [_register(fields, name, record.kind, origins) for name in sorted(fields.registers)],
        "sets": list(_elements(fields, record.kind, origins)),
        "derived": [_derived(fields, name, record.kind, origins) for name in sorted(fields.derived)],
    }


def _register(fields: Fields, name: str, kind: RecordKind, origins: Origins) -> Document:
    register = SCHEMAS[kind].find_register(name)
    ranked = _ranked(fields.registers[name])
    if register is None:
        return {"field": name, "known": False, "winner": None, "others": _beside(ranked, origins, lambda _: "unknown")}
    reading = read_register(fields, register, name.removeprefix(register.name))
    conflicting = reading.conflict.others if reading and reading.conflict else ()

    def relation(cell: Cell) -> str:
        if not _is_readable(register, cell):
            return "ignored"
        return "conflict" if cell in conflicting else "outranked"

    rest = [cell for cell in ranked if reading is None or cell != reading.cell]
    winner = None if reading is None else origins.of_cell(reading.cell)
    return {"field": name, "known": True, "winner": winner, "others": _beside(rest, origins, relation)}


def _elements(fields: Fields, kind: RecordKind, origins: Origins) -> Iterator[Document]:
    for name, elements in sorted(fields.sets.items()):
        for spelled, cells in sorted(elements.items()):
            readable = unescape(spelled).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            yield {
                "set": name,
                "known": name in SCHEMAS[kind].sets,
                "element": readable,
                "spelled": spelled,
                "values": [origins.of_cell(cell) for cell in _ranked(cells)],
            }


def _derived(fields: Fields, name: str, kind: RecordKind, origins: Origins) -> Document:
    ranked = _ranked(fields.derived[name])
    try:
        parse = SCHEMAS[kind].derived_field(name).parse
    except UnknownFieldError:
        return {"field": name, "known": False, "winner": None, "others": _beside(ranked, origins, lambda _: "unknown")}
    winner = next((cell for cell in ranked if _parses(parse, cell.value)), None)
    rest = [cell for cell in ranked if cell != winner]
    others = _beside(rest, origins, lambda cell: "outranked" if _parses(parse, cell.value) else "ignored")
    return {"field": name, "known": True, "winner": winner and origins.of_cell(winner), "others": others}


def _raw(content: Content, origins: Origins) -> Document:
    keys = [{"key": key, **origins.of_cell(cell)} for key, cell in sorted(content.live.items())]
    vector = [{"client": client, "clocks": clocks, **origins.of_client(client)} for client, clocks in sorted(content.vector.items())]
    return {"keys": keys, "vector": vector}


def _ranked(cells: Cells) -> list[Cell]:
    return sorted(cells, key=lambda cell: (cell.stamp, cell.writer), reverse=True)


def _beside(cells: Iterable[Cell], origins: Origins, relation: Callable[[Cell], str]) -> list[Document]:
    return [{"relation": relation(cell), **origins.of_cell(cell)} for cell in cells]


def _is_readable(register: Register[Any], cell: Cell) -> bool:
    return _parses(register.parse, cell.value)


def _parses(parse: Callable[[Value], object], value: Value) -> bool:
    try:
        parse(value)
    except WrongTypeError:
        return False
    return True
