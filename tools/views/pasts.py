"""What the views of the past have in common: writes, fields and sides as documents."""

from __future__ import annotations

from crdt.record import Cell
from peer.errors import UsageError
from peer.library.findings import Progress
from peer.library.instants import iso_utc
from store.ids import DeviceId, LibraryId, RecordId, RecordKind
from tools.looking.documents import Document, device_document, entry_document, stamp_document
from tools.looking.folder import Inspected
from tools.looking.lookup import find_record
from tools.looking.origins import Origins
from tools.looking.writes import Write
from tools.replaying.pasts import Pasts, RecordPast
from tools.replaying.readings import Reading, Readings, name_of_key, spoken


def the_library(inspected: Inspected) -> LibraryId:
    """The library of a device's folder; ``UsageError`` in a relay's."""
    if inspected.library_folder is None:
        raise UsageError(
            "This is a relay's folder: its records are sealed, and so is what happened to them.",
            hint="Look into a device's folder; `calotype-inspect log`, `calotype-inspect entry LOG:SEQ` and `calotype-inspect dag` show envelopes here.",
        )
    (library,) = inspected.libraries
    return library


def find_past(inspected: Inspected, text: str, progress: Progress) -> RecordPast:
    """The past of the record that ``text`` names; ``UsageError``."""
    library = the_library(inspected)
    pasts = Pasts(inspected, library, progress=progress)
    return pasts.of(find_record(inspected.database, text))


def origins_of(inspected: Inspected) -> Origins:
    return Origins(inspected.database, the_library(inspected), inspected.device_names())


_TITLES = {
    RecordKind.ASSET: "SELECT name FROM asset WHERE record = ?",
    RecordKind.ALBUM: "SELECT title FROM album WHERE record = ?",
    RecordKind.DEVICE: "SELECT name FROM device WHERE record = ?",
}


def title_of(inspected: Inspected, record: RecordId) -> str | None:
    """The file name, title or name under which a record is listed."""
    query = _TITLES.get(record.kind)
    with inspected.database.read() as connection:
        row = None if query is None else connection.execute(query, (record,)).fetchone()
    return None if row is None else str(row[0]) or None


def record_document(record: RecordId) -> Document:
    """``record``: its id, hex; ``kind``."""
    return {"record": record.body.hex(), "kind": record.kind.name.lower()}


def write_document(write: Write, names: dict[DeviceId, str]) -> Document:
    """``entry``; ``device``, ``device_name``; ``stamp``, ``time``: when it was made, by its device's clock; ``received``: when it came here; ``arrival``;
    ``batch``: what joins the entries of one piece of work, hex or null; ``purge``; ``state``: applied, void or waiting, with ``reason``."""
    item = write.logged.item
    return {
        "entry": entry_document(item.log, item.seq, item.name),
        **device_document(write.logged.author, names),
        **stamp_document(write.stamp),
        "received": iso_utc(write.logged.received),
        "arrival": write.logged.arrival,
        "batch": write.batch.hex() or None,
        "purge": write.is_purge,
        "state": "void" if write.void else "waiting" if write.waiting else "applied",
        "reason": write.void or write.waiting,
    }


def wrote_document(write: Write) -> list[Document]:
    """What the entry itself set, whether that counts or not: ``field``, ``element`` (null but in sets), ``value``."""
    if write.update is None:
        return []
    named = ((name_of_key(item.key), item) for item in write.update.items)
    return [{"field": name.field, "element": name.element or None, "value": spoken(name.field, item.value)} for name, item in named]


def field_documents(readings: Readings, origins: Origins) -> list[Document]:
    """``field``, ``element``, ``value``, ``beside`` (values in open conflict with it), ``by`` (who wrote it, when, by which entry), ``others``: the same of
    what stands beside it in the same field."""
    return [
        {
            "field": name.field,
            "element": name.element or None,
            "value": reading.value,
            "beside": list(reading.beside),
            "by": _author(reading.cell, origins),
            "others": [_other(name.field, cell, origins) for cell in reading.others],
        }
        for name, reading in readings.items()
    ]


def reading_document(reading: Reading | None, origins: Origins) -> Document | None:
    """``value``, ``beside``, ``by``; null where nothing is read."""
    if reading is None:
        return None
    return {"value": reading.value, "beside": list(reading.beside), "by": _author(reading.cell, origins)}


def _other(field: str, cell: Cell, origins: Origins) -> Document:
    return {"value": spoken(field, cell.value), "by": _author(cell, origins)}


def _author(cell: Cell, origins: Origins) -> Document:
    origin = origins.of_cell(cell)
    return {name: origin[name] for name in ("device", "device_name", "entry", "stamp", "time")}
