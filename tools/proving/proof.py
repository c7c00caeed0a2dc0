"""One library of a folder, proven: log replay = stored state = listings, as far as the keys in the folder reach.

With the device's keys every applied entry is replayed, from the first one or from the checkpoint that stands for those that were given up, and has to lead to
exactly the stored records, void updates and purged ids. Without them, and in a relay's folder, what can be told is told: entries in their envelopes, and of a
device the records by themselves, with their digests and listings.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from crdt.digest import LibraryDigest, purged_digest
from peer.keys.epochs import Keyring
from peer.library.meta import Meta
from peer.library.records import RecordTable
from peer.library.reprojecting import PROJECTED, VERSION
from store.errors import DamagedError
from store.heads import Heads
from store.ids import DeviceId, LibraryId, LogId, RecordId
from store.roster import Roster
from tools.looking.contents import Contents
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.proving.beginning import Beginning, find_beginning
from tools.proving.beside import beside
from tools.proving.bookkeeping import check_bookkeeping, check_ids, check_voids
from tools.proving.entry_work import EntryWork, SeenEntry
from tools.proving.envelopes import EntryCounts, EntryPass, Row
from tools.proving.findings import Findings
from tools.proving.pasts import Pasts
from tools.proving.progress import Watched
from tools.proving.record_work import ProvenRecords
from tools.proving.replay import RecordPass, called, record_document
from tools.proving.scratch import Maker, Scratch
from tools.proving.work import Work
from tools.proving.workers import Map, open_workers

LITTLE = 3000
"""So many entries and records together are looked at sooner than another process is started."""


@dataclass(kw_only=True)
class Proof:
    """What was proven of one library. ``sealed``: why bodies stayed closed. ``unproven``: why records weren't replayed; empty when they were.
    ``digest``: as the device keeps it; ``None`` of a relay. ``replayed_digest``: what entries lead to, ``None`` where they weren't replayed.
    ``is_listed``: listings were compared, because this version made them. ``records``: the second pass, for who asks about single records."""

    inspected: Inspected
    library: LibraryId
    scratch: Scratch
    roster: Roster
    findings: Findings = field(default_factory=Findings)
    counts: EntryCounts = field(default_factory=EntryCounts)
    heads: Heads = field(default_factory=Heads)
    sealed: str = ""
    unproven: str = ""
    begins: Document | None = None
    replayed_entries: int = 0
    waiting: int = 0
    digest: LibraryDigest | None = None
    replayed_digest: LibraryDigest | None = None
    is_listed: bool = False
    records: RecordPass | None = None

    @property
    def sums(self) -> ProvenRecords:
        return ProvenRecords() if self.records is None else self.records.sums

    @property
    def is_device(self) -> bool:
        return self.inspected.library_folder is not None


def prove(
    inspected: Inspected,
    library: LibraryId,
    scratch: Scratch,
    watched: Watched,
    *,
    uncommon: frozenset[int] | None = None,
    processes: int | None = None,
) -> Proof:
    """The proof of one library. ``uncommon`` as in ``RecordPass``, ``processes`` as in ``open_workers``. Damage of the database file itself goes on as
    ``DamagedError``."""
    findings = Findings()
    known = _known(inspected, library, findings)
    proof = Proof(inspected=inspected, library=library, scratch=scratch, roster=known.roster, findings=findings)
    work = Work(entries=EntryWork(library=library, keys=known.keys, keyring=known.keyring))
    with open_workers(work, at_most=processes if _is_much(inspected, library) else 1) as mapped:
        _Proving(proof, known, watched, uncommon).run(mapped)
    return proof


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Who wrote, and with which keys. ``keys`` is ``None`` when an entry is damaged without which that can't be told."""

    roster: Roster
    keys: Mapping[DeviceId, bytes] | None
    keyring: Keyring
    sealed: str


def _known(inspected: Inspected, library: LibraryId, findings: Findings) -> _Known:
    try:
        roster = inspected.log(library).roster()
        contents = Contents.of(inspected, library)
    except DamagedError as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError):
            raise
        reason = "an entry about devices and keys is damaged"
        findings.add("roster", f"who wrote entries can't be proven: {error}")
        return _Known(roster=Roster(library=library), keys=None, keyring=Keyring(), sealed=reason)
    keys = {author: key for authors in roster.authors.values() for author in authors if (key := roster.known_key(author)) is not None}
    return _Known(roster=roster, keys=keys, keyring=contents.keyring, sealed=contents.reason)


class _Proving:
    """The steps, one after the other."""

    def __init__(self, proof: Proof, known: _Known, watched: Watched, uncommon: frozenset[int] | None) -> None:
        self._proof = proof
        self._known = known
        self._watched = watched
        self._uncommon = uncommon
        self._scratch = proof.scratch
        self._waiting: frozenset[int] = frozenset()
        self._looked_at = 0
        self._beginning: Beginning | None = None

    def run(self, mapped: Map) -> None:
        proof, inspected = self._proof, self._proof.inspected
        proof.heads = inspected.log(proof.library).heads()
        proof.sealed = self._known.sealed
        if proof.is_device:
            self._prepare()
        is_replayed = self._beginning is not None
        passed = EntryPass(
            inspected=inspected,
            library=proof.library,
            roster=self._known.roster,
            pasts=Pasts(self._scratch) if is_replayed else None,
            findings=proof.findings,
            watched=self._watched,
            opens=self._opens if is_replayed else lambda _: False,
            take=self._take,
            counts=proof.counts,
        )
        passed.run(mapped)
        if proof.is_device:
            self._records(mapped, is_replayed=is_replayed)

    def _prepare(self) -> None:
        """What has to be known of a device before its entries are looked at."""
        proof, inspected = self._proof, self._proof.inspected
        meta = Meta(inspected.database)
        self._looked_at = meta.get_int("looked_at")
        proof.is_listed = meta.get_int(PROJECTED) >= VERSION
        with inspected.database.read() as connection:
            self._waiting = frozenset(arrival for (arrival,) in connection.execute("SELECT arrival FROM waiting").fetchall())
        proof.waiting = len(self._waiting)
        if meta.get("loading") is not None:
            proof.unproven = "this device is just loading a checkpoint"
        elif not self._known.keyring:
            proof.unproven = proof.sealed
        else:
            self._beginning = find_beginning(inspected, proof.library, self._known.keyring, self._scratch, proof.findings)
            if self._beginning is None:
                proof.unproven = "entries were given up, and the checkpoint that stands for them can't be read"
            else:
                proof.begins = self._beginning.document

    def _opens(self, row: Row) -> bool:
        assert self._beginning is not None
        return row.arrival <= self._looked_at and row.arrival not in self._waiting and not self._beginning.covers(row.branch, row.seq)

    def _take(self, row: Row, seen: SeenEntry) -> None:
        if self._beginning is None or not self._opens(row):
            return
        self._proof.replayed_entries += 1
        if seen.change is not None:
            change = seen.change
            maker = Maker(row.arrival, row.branch, row.seq, change.client, change.stamp)
            self._scratch.put_changes(maker, change.updates, change.purges)
        elif seen.void:
            self._scratch.put_void(row.arrival, b"", seen.void)
        elif seen.sealed:
            sentence = f"entry {LogId(row.log).short()}:{row.seq}: it counts as applied, and can't be opened: {seen.sealed}"
            self._proof.findings.add("entry", sentence, log=row.log.hex(), seq=row.seq, name=row.name.hex())

    def _records(self, mapped: Map, *, is_replayed: bool) -> None:
        proof, inspected = self._proof, self._proof.inspected
        if is_replayed:
            self._scratch.index_changes()
        proof.records = RecordPass(
            inspected=inspected,
            scratch=self._scratch,
            findings=proof.findings,
            watched=self._watched,
            is_replayed=is_replayed,
            is_listed=proof.is_listed,
            uncommon=self._uncommon,
        )
        proof.records.run(mapped)
        proof.digest = _stored_digest(proof)
        check_ids(inspected, proof.findings)
        check_bookkeeping(inspected, proof.library, proof.findings, looked_at=self._looked_at)
        stored = _with_purged(proof.sums.stored, _stored_purged(inspected))
        if proof.digest is not None and stored != proof.digest:
            proof.findings.add("digest", f"the records add up to {stored.hex()}, the library's digest is {proof.digest.hex()}")
        if is_replayed:
            self._compare_all(proof)

    def _compare_all(self, proof: Proof) -> None:
        check_voids(proof.inspected, self._scratch, proof.findings)
        replayed = proof.replayed_digest = _with_purged(proof.sums.replayed, self._scratch.purged())
        for by_entries, stored in beside(self._scratch.purged(), _stored_purged(proof.inspected)):
            if (record := by_entries if stored is None else stored) is not None and by_entries != stored:
                what = (
                    "its entries purge it, and it isn't among the purged"
                    if stored is None
                    else "it is among the purged, and no entry did that"
                )
                document = record_document(proof.inspected, record)
                proof.findings.add("purged", f"{called(document)}: {what}", **document)
        if replayed != proof.digest and not proof.findings:
            proof.findings.add("digest", f"the entries make a library with the digest {replayed.hex()}, not the stored one")


def _is_much(inspected: Inspected, library: LibraryId) -> bool:
    with inspected.database.read() as connection:
        records = 0
        if inspected.library_folder is not None:
            (records,) = connection.execute("SELECT count(*) FROM record").fetchone()
    return inspected.log(library).count() + records > LITTLE


def _stored_digest(proof: Proof) -> LibraryDigest | None:
    try:
        return RecordTable(proof.inspected.database, Meta(proof.inspected.database)).digest()
    except ValueError:
        proof.findings.add("digest", "the library's digest is damaged")
        return None


def _with_purged(digest: LibraryDigest, purged: Iterator[RecordId]) -> LibraryDigest:
    for record in purged:
        digest = digest.add(purged_digest(record))
    return digest


def _stored_purged(inspected: Inspected) -> Iterator[RecordId]:
    """Sorted."""
    with inspected.database.read() as connection:
        for (record,) in connection.execute("SELECT record FROM purged ORDER BY record"):
            with suppress(ValueError):  # no record's id, which is told of all tables
                yield RecordId(record)
