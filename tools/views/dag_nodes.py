"""One entry as `dag` shows it: its envelope, what became of it, and what it changed."""

from __future__ import annotations

from dataclasses import dataclass

from crdt.keys import KeyFormatError, parse_key
from crdt.lib0 import MalformedUpdateError
from crdt.update import decode_update
from peer.library.instants import iso_utc
from peer.library.meta import Meta
from store.bodies import Certification, Checkpoint, Claim, Genesis, Open, Packages, Release, Remove, Settled, parse_control
from store.branches import at_or_below
from store.entries import Entry, EntryKind
from store.errors import RefusedError
from store.ids import DeviceId, LibraryId, RecordId
from store.sqlite_rows import LibraryRows
from tools.looking.contents import Contents, Opened
from tools.looking.documents import Document, device_document, entry_document, short_device
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry
from tools.looking.spelling import spell_count

NAMED_RECORDS, NAMED_FIELDS = 8, 8
"""So many of what an entry changed are named; of the rest the number is given."""


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What became of entries, by arrival number, on a device. ``None`` of everything on a relay, which judges no contents."""

    waiting: dict[int, str]
    voids: dict[int, dict[bytes, str]]
    looked_at: int

    @classmethod
    def of_all(cls, inspected: Inspected) -> Verdicts | None:
        """What waits and what is void is the exception: all of it is read."""
        if inspected.library_folder is None:
            return None
        with inspected.database.read() as connection:
            waiting = dict(connection.execute("SELECT arrival, reason FROM waiting").fetchall())
            voids: dict[int, dict[bytes, str]] = {}
            for arrival, record, reason in connection.execute("SELECT arrival, record, reason FROM void"):
                voids.setdefault(arrival, {})[record] = reason
        return cls(waiting=waiting, voids=voids, looked_at=Meta(inspected.database).get_int("looked_at"))

    def of(self, logged: LoggedEntry) -> tuple[str, str]:
        """The verdict and its reason."""
        if logged.is_detached:
            return "detached", "what it builds on isn't here"
        if logged.arrival in self.waiting:
            return "waiting", self.waiting[logged.arrival]
        void = self.voids.get(logged.arrival, {})
        if b"" in void:
            return "void", void[b""]
        if void:
            return "partly void", next(iter(void.values()))
        return ("applied" if logged.arrival <= self.looked_at else "unseen"), ""


class NodeMaker:
    """Documents of entries, for one look."""

    def __init__(self, inspected: Inspected, library: LibraryId, contents: Contents, verdicts: Verdicts | None) -> None:
        self._inspected = inspected
        self._library = library
        self._contents = contents
        self._names = inspected.device_names()
        self._verdicts = verdicts

    def document(self, logged: LoggedEntry) -> Document:
        """All but what is before and after it."""
        entry = logged.entry
        opened = None if entry is None else self._contents.opened(entry)
        verdict, reason = (("detached" if logged.is_detached else None), "") if self._verdicts is None else self._verdicts.of(logged)
        return {
            **entry_document(logged.item.log, logged.item.seq, logged.name),
            "kind": logged.item.kind.name.lower(),
            **device_document(logged.author, self._names),
            "arrival": logged.arrival,
            "received": iso_utc(logged.received),
            "time": None if opened is None else iso_utc(opened.stamp.millis),
            "size": None if entry is None else len(entry.raw),
            "stub": entry is None and not logged.is_damaged,
            "damaged": logged.is_damaged,
            "detached": logged.is_detached,
            "verdict": verdict,
            "reason": reason,
            "says": "" if entry is None or entry.kind is EntryKind.CHANGE else self._says(entry),
            **self._changes(logged, opened),
        }

    def _changes(self, logged: LoggedEntry, opened: Opened | None) -> Document:
        if opened is None:
            return {"changes": None, "changed": None}
        voids = {} if self._verdicts is None else self._verdicts.voids.get(logged.arrival, {})
        body = opened.body
        purges = [{**_record(record), "fields": [], "more": 0, "purged": True, "void": ""} for record in body.purges[:NAMED_RECORDS]]
        updates = [
            {**_record(record), **_fields(update), "purged": False, "void": voids.get(bytes(record), "")}
            for record, update in body.updates[: NAMED_RECORDS - len(purges)]
        ]
        return {"changes": purges + updates, "changed": len(body.updates) + len(body.purges)}

    def _says(self, entry: Entry) -> str:
        try:
            return self._sentence(entry)
        except RefusedError as error:
            return f"its body can't be read: {error}"

    def _sentence(self, entry: Entry) -> str:
        match parse_control(entry):
            case Genesis():
                return "the library begins"
            case Open(device=device, number=number):
                return f"log {number + 1} of {self._called(device)} begins"
            case Certification(certificate=certificate):
                return f"lets {self._called(certificate.device)} in"
            case Packages(packages=packages):
                return f"keys for {spell_count(len(packages), 'recipient')}"
            case Remove(devices=devices):
                return f"removes {', '.join(map(self._called, devices))}"
            case Checkpoint() as body:
                covered = count_covered(self._inspected, self._library, body)
                return f"covers {spell_count(covered, 'entry', 'entries')}, {spell_count(body.records, 'record')}"
            case Settled(checkpoint=checkpoint):
                return f"settles checkpoint {checkpoint.hex()[:10]}"
            case Release(blobs=blobs):
                return f"gives up {spell_count(len(blobs), 'blob')}"
            case Claim(blobs=blobs):
                return f"still needs {spell_count(len(blobs), 'blob')}"
        return ""

    def _called(self, device: DeviceId) -> str:
        return short_device(device_document(device, self._names))


def count_covered(inspected: Inspected, library: LibraryId, checkpoint: Checkpoint) -> int:
    """How many of the entries that are stored here lie at or below the heads that a checkpoint covers."""
    with inspected.database.read() as connection:
        rows = LibraryRows(connection, library)
        branches = rows.branches()
        try:
            newest = at_or_below(checkpoint.heads, branches, rows.position)
        except KeyError:
            inspected.problems.note("a branch goes on from one that isn't stored")
            return 0
    return sum(seq - branches[key].first_seq + 1 for key, seq in newest.items())


def _record(record: RecordId) -> Document:
    return {"record": record.body.hex(), "kind": record.kind.name.lower()}


def _fields(update: bytes) -> Document:
    """The fields that an update sets, and whether it takes anything away."""
    try:
        decoded = decode_update(update)
    except MalformedUpdateError:
        return {"fields": [], "more": 0}
    names = dict.fromkeys(filter(None, (_field(item.key) for item in decoded.items)))
    found = list(names) or (["(taken away)"] if decoded.deletes else [])
    return {"fields": found[:NAMED_FIELDS], "more": max(len(found) - NAMED_FIELDS, 0)}


def _field(key: str) -> str:
    try:
        return parse_key(key).name
    except KeyFormatError:
        return ""
