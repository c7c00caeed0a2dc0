"""`show RECORD`: what a record says field by field, what stands beside that, and who wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from crdt.album import view_album
from crdt.asset import view_asset
from crdt.device import view_device
from crdt.digest import record_digest
from crdt.fields import Cells, Fields, Register, fields_of, read_register
from crdt.keys import Family, unescape
from crdt.lib0 import MalformedUpdateError
from crdt.parsing import WrongTypeError, in_key
from crdt.record import EMPTY, Cell, Content, EngineError, read
from crdt.schema import ALBUM, SCHEMAS, UnknownFieldError, open_conflicts
from crdt.state import Clocks, read_state
from crdt.trash import TRASHED, TrashState, read_trash
from crdt.update import Item, write_item
from crdt.values import Value
from peer.errors import UsageError
from peer.library.file_names import name_in_role
from peer.library.instants import iso_utc
from peer.library.meta import Meta
from peer.library.queries import Queries
from peer.library.records import RecordTable
from peer.library.shown import plain
from peer.library.texts import readable
from store.ids import RecordId, RecordKind
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.lookup import find_record, record_name
from tools.looking.origins import Origins


def gather_record(inspected: Inspected, text: str, *, raw: bool) -> Document:
    """The document of the record that ``text`` names.

    - ``record``, ``kind``, ``name`` (of the photo's file, the album, the device; null where it has none), ``purged``; of a purged one that is all
    - ``digest``: hex; ``state_bytes``: size of the state as it is stored
    - ``trashed``: ISO time since when, or null; ``contested``: whether something stands in it that who trashed it hadn't seen; ``folded_into``: the id of the
      photo that it is shown as part of, or null; ``conflicts``: names of the fields in conflict
    - ``fields``, ``derived``: ``{field, known, winner, others}``: ``winner`` is null where nothing can be read; what stands there is ``{value, stamp, time,
      writer, device, device_name, entry}``, in ``others`` with its ``relation`` to the winner: ``conflict``, ``outranked``, ``ignored`` (not of the field's
      type), ``unknown`` (a newer version's field)
    - ``sets``: an element each: ``{set, known, element, spelled, values}``

    With ``raw`` instead of the last two:

    - ``keys``: what stands at each key, with ``key`` and ``type`` (``register``, ``set``, ``derived``)
    - ``vector``: ``{client, clocks, device, device_name, entry}``: how many clocks of each client the record knows
    - ``items``: the state, item by item: ``{client, clock, key, value, bytes, live}``; what was deleted has only its place
    - ``deletes``: ``{client, clock, length}``, the delete set
    """
    if inspected.library_folder is None:
        raise UsageError(
            "A relay's records are sealed: they can be shown from a device's folder only.",
            hint="`calotype-inspect entry LOG:SEQ` works here.",
        )
    database = inspected.database
    record = find_record(database, text)
    state = RecordTable(database, Meta(database)).state(record)
    if state is None:
        return {"record": record.body.hex(), "kind": record.kind.name.lower(), "name": None, "purged": True}
    content = read(state)
    (library,) = inspected.libraries
    origins = Origins(database, library, inspected.device_names())
    document: Document = {
        "record": record.body.hex(),
        "kind": record.kind.name.lower(),
        "name": name_of_record(record, content),
        "purged": False,
        "digest": record_digest(record, content).hex(),
        "state_bytes": len(state),
        **_notices(inspected, record, content),
    }
    if raw:
        return document | _raw(content, origins) | _structs(inspected, record, state)
    fields = fields_of(content)
    return document | {
        "fields": [_register(fields, name, record.kind, origins) for name in sorted(fields.registers)],
        "sets": list(_elements(fields, record.kind, origins)),
        "derived": [_derived(fields, name, record.kind, origins) for name in sorted(fields.derived)],
    }


def name_of_record(record: RecordId, content: Content) -> str | None:
    """What people call it: the name of the photo's file, the title of the album, the name of the device; ``None`` where it has none."""
    match record.kind:
        case RecordKind.ASSET:
            name = name_in_role(view_asset(content))
            return None if name is None else readable(name)
        case RecordKind.ALBUM:
            return view_album(content).title or None
        case RecordKind.DEVICE:
            return view_device(content).name or None
        case _:
            return None


def _notices(inspected: Inspected, record: RecordId, content: Content) -> Document:
    """What a person should know of it before anything else."""
    fields, queries = fields_of(content), Queries(inspected.database)
    conflicts = [conflict.field for conflict in open_conflicts(fields, SCHEMAS[record.kind])]
    trash = read_trash(fields, content) if TRASHED.name in SCHEMAS[record.kind].registers else TrashState(None, frozenset())
    if trash.trash is not None and record.kind is RecordKind.ALBUM:
        trash = read_trash(fields, content, members=_members(inspected, record))
    shown = queries.shown_for(record) if record.kind is RecordKind.ASSET else record
    return {
        "trashed": None if trash.trash is None else iso_utc(trash.trash.at.millis),
        "contested": bool(trash.unseen),
        "folded_into": None if shown == record else shown.body.hex(),
        "conflicts": conflicts,
    }


def _members(inspected: Inspected, album: RecordId) -> Iterator[str]:
    """Writers of an album's memberships."""
    for photo, _ in Queries(inspected.database).album_members(album):
        cells = fields_of(_content_of(inspected, photo)).sets.get(ALBUM.name, {}).get(in_key(album), ())
        yield from (cell.writer for cell in cells)


def _content_of(inspected: Inspected, record: RecordId) -> Content:
    try:
        return RecordTable(inspected.database, Meta(inspected.database)).content(record) or EMPTY
    except EngineError as error:
        inspected.problems.note(f"{record_name(record)} is damaged: {error}")
        return EMPTY


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
    keys = [{"key": key, "type": Family(key[0]).name.lower(), **origins.of_cell(cell)} for key, cell in sorted(content.live.items())]
    vector = [{"client": client, "clocks": clocks, **origins.of_client(client)} for client, clocks in sorted(content.vector.items())]
    return {"keys": keys, "vector": vector}


def _structs(inspected: Inspected, record: RecordId, raw: bytes) -> Document:
    try:
        state = read_state(raw)
    except MalformedUpdateError as error:
        inspected.problems.note(f"The state of {record_name(record)} isn't in a form that this version knows: {error}")
        return {"items": [], "deletes": []}
    items = [
        {"client": client, "clock": clock, **_struct(item)}
        for client, clocks in sorted(state.clients.items())
        for clock, item in enumerate(clocks)
    ]
    deletes = [
        {"client": client, "clock": clock, "length": length} for client, clocks in state.clients.items() for clock, length in _gone(clocks)
    ]
    return {"items": items, "deletes": sorted(deletes, key=lambda each: (each["client"], each["clock"]))}


def _gone(clocks: Clocks) -> Iterator[tuple[int, int]]:
    """Runs of what was deleted: clock and length."""
    clock = 0
    for is_gone, run in groupby(clocks, lambda item: item is None):
        length = len(list(run))
        if is_gone:
            yield clock, length
        clock += length


def _struct(item: Item | None) -> Document:
    if item is None:
        return {"key": None, "value": None, "bytes": None, "live": False}
    encoded = bytearray()
    write_item(encoded, item)
    return {"key": item.key, "value": plain(item.value), "bytes": len(encoded), "live": True}


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
