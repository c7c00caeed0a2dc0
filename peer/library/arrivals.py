"""What other devices did, as it came here: told by their entries, the newest first.

An entry says what it changes, and who wrote it; that is put into words of a few kinds (``Arrival.did``). What programs compute (thumbnails, what was
read from files) isn't what anybody did and is left out. Neighbouring entries of one device that did the same are one arrival. It goes back as far as
entries are kept, and never through more than a few hundred of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from crdt.keys import Family, parse_key
from crdt.lib0 import MalformedUpdateError
from crdt.schema import EDIT, NAME, PRIMARY, SOURCE
from crdt.trash import TRASHED
from crdt.update import DecodedUpdate, decode_update
from peer.keys.change_body import ChangeBody
from peer.library.entry_bodies import opened_body
from peer.library.instants import iso_utc
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.writers import KnownDevice, Writers
from store.ids import EntryHash, LogId, RecordId, RecordKind

MOST_ENTRIES: Final = 300
"""Of other devices, that are looked into."""

_MOST_PASSED: Final = 5000
"""Entries that are passed on the way back, those of this device among them."""

_LOOKED_INTO: Final = 16
"""Photos of one entry that are looked into: bulk work does the same to all that are in it."""

TOOK_AWAY: Final = "removed"


@dataclass(slots=True, kw_only=True)
class Arrival:
    """``received``: when the newest of it came, by this device's clock, in milliseconds since 1970; ``did``: what kinds of things, sorted: ``import``,
    ``trash``, ``restore``, ``purge``, ``edit``, ``removed`` (a keyword, or from an album) and names of fields, those of albums, devices and settings
    after the kind of record (``album:title``)."""

    device: KnownDevice
    received: int
    did: tuple[str, ...]
    batch: bytes
    photos: dict[RecordId, None] = field(default_factory=dict)
    others: dict[RecordId, None] = field(default_factory=dict)
    purged: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "device": self.device.name,
            "device_id": self.device.id.hex(),
            "time": iso_utc(self.received),
            "did": list(self.did),
            "photos": len(self.photos),
            "others": len(self.others),
            "purged": self.purged,
        }

    def is_part_of(self, newer: Arrival) -> bool:
        """Whether it belongs to one that came right after it."""
        is_one_work = bool(self.batch) and self.batch == newer.batch
        return self.device == newer.device and (is_one_work or self.did == newer.did)

    def take_in(self, older: Arrival) -> None:
        """What came before it, and belongs to it."""
        self.did = tuple(sorted({*self.did, *older.did}))
        self.photos |= older.photos
        self.others |= older.others
        self.purged += older.purged


def arrivals(library: Library, *, most: int) -> list[Arrival]:
    """The newest ``most`` of what others did."""
    found: list[Arrival] = []
    with library.database.read():
        for each in _single(library):
            if found and each.is_part_of(found[-1]):
                found[-1].take_in(each)
            elif len(found) == most:
                break
            else:
                found.append(each)
    return found


def _single(library: Library) -> Iterator[Arrival]:
    writers, logs, queries = Writers(library), library.roster().logs, Queries(library.database)
    for name, log in _entries_of_others(library):
        device, body = logs.get(log), opened_body(library, name)
        did = {} if body is None else _did(body)
        if device is None or body is None or not (did or body.purges):
            continue
        assets = [record for record in did if record.kind is RecordKind.ASSET]
        yield Arrival(
            device=writers.known(device),
            received=library.log.received([name]).get(name, 0),
            did=tuple(sorted({*(word for words in did.values() for word in words), *(["purge"] if body.purges else [])})),
            batch=body.batch,
            photos={queries.shown_for(record): None for record in assets},
            others={record: None for record in did if record.kind is not RecordKind.ASSET},
            purged=len(body.purges),
        )


def _entries_of_others(library: Library) -> Iterator[tuple[EntryHash, LogId]]:
    """The newest applied entries, without those of this device."""
    own = set(library.roster().logs_of(library.device))
    with library.database.read() as connection:
        rows = connection.execute(
            "SELECT past.name, past_log.log FROM past JOIN past_log ON past_log.number = past.log ORDER BY arrival DESC LIMIT ?",
            (_MOST_PASSED,),
        ).fetchall()
    others = ((EntryHash(name), LogId(log)) for name, log in rows)
    of_others = [(name, log) for name, log in others if log not in own]
    yield from of_others[:MOST_ENTRIES]


def _did(body: ChangeBody) -> dict[RecordId, set[str]]:
    """What was done to which record; those where only programs were at work are left out."""
    photos = [each for each in body.updates if each[0].kind is RecordKind.ASSET]
    others = [each for each in body.updates if each[0].kind is not RecordKind.ASSET]
    looked_into, like_them = photos[:_LOOKED_INTO], photos[_LOOKED_INTO:]
    found = {record: words for record, update in (*looked_into, *others) if (words := _understood(record, update))}
    usual = next((found[record] for record, _ in looked_into if record in found), None)
    return found if usual is None else found | {record: usual for record, _ in like_them}


def _understood(record: RecordId, update: bytes) -> set[str]:
    try:
        words = set(_words(record, decode_update(update)))
    except MalformedUpdateError:
        return set()  # it is void, and shown as that
    return {"import"} if "import" in words else words


def _words(record: RecordId, update: DecodedUpdate) -> Iterator[str]:
    prefix = "" if record.kind is RecordKind.ASSET else f"{record.kind.name.lower()}:"
    for item in update.items:
        key = parse_key(item.key)
        if key.family is Family.DERIVED or key.name == SOURCE.name:
            continue
        if key.name == TRASHED.name:
            yield prefix + ("restore" if item.value is None else "trash")
        elif key.name in (PRIMARY.name, NAME.name) and record.kind is RecordKind.ASSET:
            yield prefix + "import"
        elif key.name.startswith(EDIT.name):
            yield prefix + "edit"
        else:
            yield prefix + key.name.partition(":")[0]
    if update.deletes and not update.items:
        yield prefix + TOOK_AWAY
