"""`roster`: who could read and write when."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from peer.library.instants import iso_utc
from store.bodies import Certification, Open, Packages, Remove, parse_control
from store.entries import Entry, is_signed_by
from store.heads import Heads
from store.ids import DeviceId, EntryHash, EpochId, LibraryId
from store.roster import EpochInfo, Member, Roster
from store.sqlite_rows import LibraryRows
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected

T = TypeVar("T")
FINGERPRINT_DIGITS = 16
_RECEIVED = "SELECT e.received FROM log_entry e JOIN log_library l ON l.id = e.library WHERE e.name = ?1 AND l.name = ?2"


def gather_roster(inspected: Inspected) -> list[Document]:
    """A document for each library; times are those at which entries came here (control entries carry none), null where they aren't attached:

    - ``library``, ``created`` (by its first entry; null where that isn't here), ``master_fingerprint``
    - ``devices``: ``device``, ``device_name``, ``member``, ``signing_fingerprint``, ``wrapping_fingerprint`` (the first 16 digits of the keys' SHA-256),
      ``certified``: ``{by: device…, entry, received}`` for each certificate, ``removed``: ``{by, entry, received, counts, reason}`` for each removal
      that names it (``reason``: why it has no effect, else empty), ``pins``: the newest entries that count by themselves, of who was removed,
      ``logs``: [{``log``, ``number``, ``entry``, ``received``}]
    - ``epochs``, in the order in which they came: ``epoch``, ``entry`` (that began it), ``by`` (device), ``received``, ``readers``: who was given it,
      ``packages`` (how many), ``members_without``: members whom no package gives it yet (what is sealed under a later epoch may), ``is_written``:
      whether devices write under it now, ``by_removal``
    """
    return [_library(inspected, library) for library in inspected.libraries]


def _library(inspected: Inspected, library: LibraryId) -> Document:
    with inspected.problems.going_on("who may read and write"):
        return _Telling(inspected, library).document()
    return {"library": library.hex(), "created": None, "master_fingerprint": None, "devices": [], "epochs": []}


class _Telling:
    def __init__(self, inspected: Inspected, library: LibraryId) -> None:
        self._inspected = inspected
        self._library = library
        self._names = inspected.device_names()
        self._roster: Roster = inspected.log(library).roster()
        with inspected.database.read() as connection:
            entries = LibraryRows(connection, library).roster_entries()
        self._bodies = [(entry, parse_control(entry)) for entry in entries]
        self._void = {removal.name: str(removal.reason) for removal in self._roster.void_removals}

    def document(self) -> Document:
        master = self._roster.master
        return {
            "library": self._library.hex(),
            "created": self._received(self._bodies[0][0].name) if self._bodies else None,
            "master_fingerprint": None if master is None else _fingerprint(master.signing_key),
            "devices": [self._device(member) for member in (*self._roster.devices.values(), *self._roster.former.values())],
            "epochs": self._epochs(),
        }

    def _device(self, member: Member) -> Document:
        device = member.device
        pins = self._roster.pin_of(device)
        return {
            **device_document(device, self._names),
            "member": self._roster.is_member(device),
            "signing_fingerprint": _fingerprint(member.signing_key),
            "wrapping_fingerprint": _fingerprint(member.wrapping_key),
            "certified": [
                self._deed(entry, body.certificate.signer) for entry, body in self._of(Certification) if body.certificate.device == device
            ],
            "removed": [self._removal(entry) for entry, body in self._of(Remove) if device in body.devices],
            "pins": None if pins is None else _heads(pins),
            "logs": [
                {"log": entry.log.hex(), "number": body.number, **self._place(entry)}
                for entry, body in self._of(Open)
                if body.device == device
            ],
        }

    def _removal(self, entry: Entry) -> Document:
        counts = any(removal.name == entry.name for removal in self._roster.removals)
        return {**self._deed(entry, self._author(entry)), "counts": counts, "reason": self._void.get(entry.name, "")}

    def _epochs(self) -> list[Document]:
        begun: dict[EpochId, Entry] = {}
        packages: dict[EpochId, int] = {}
        removals: set[EpochId] = set()
        for entry, body in self._bodies:
            if isinstance(body, Packages | Remove):
                begun.setdefault(body.epoch, entry)
                packages[body.epoch] = packages.get(body.epoch, 0) + len(body.packages)
                removals |= {body.epoch} if isinstance(body, Remove) else set()
        return [
            self._epoch(self._roster.epochs[epoch], begun[epoch], packages[epoch], epoch in removals)
            for epoch in begun
            if epoch in self._roster.epochs
        ]

    def _epoch(self, info: EpochInfo, entry: Entry, packages: int, by_removal: bool) -> Document:
        readers = sorted(info.recipients)
        return {
            "epoch": info.epoch.hex(),
            **self._deed(entry, self._author(entry)),
            "readers": [device_document(device, self._names) for device in readers],
            "packages": packages,
            "members_without": [
                device_document(device, self._names) for device in sorted(self._roster.devices.keys() - info.recipients.keys())
            ],
            "is_written": info.epoch in self._roster.write_epochs()[:1],
            "by_removal": by_removal,
        }

    def _of(self, kind: type[T]) -> list[tuple[Entry, T]]:
        return [(entry, body) for entry, body in self._bodies if isinstance(body, kind)]

    def _author(self, entry: Entry) -> DeviceId | None:
        """Of several that opened a log of the same id the one that signed the entry; ``None`` for who was never let in."""
        authors = self._roster.authors.get(entry.log, ())
        if len(authors) == 1:
            return authors[0]
        return next((author for author in authors if is_signed_by(entry, self._roster.known_key(author) or b"")), None)

    def _deed(self, entry: Entry, by: DeviceId | None) -> Document:
        return {"by": device_document(by, self._names), **self._place(entry)}

    def _place(self, entry: Entry) -> Document:
        return {"entry": entry_document(entry.log, entry.seq, entry.name), "received": self._received(entry.name)}

    def _received(self, name: EntryHash) -> str | None:
        with self._inspected.database.read() as connection:
            row = connection.execute(_RECEIVED, (name, self._library)).fetchone()
        return None if row is None else iso_utc(row[0])


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:FINGERPRINT_DIGITS]


def _heads(heads: Heads) -> list[Document]:
    return [entry_document(log, tip.seq, tip.name) for log, tip in heads.tips()]
