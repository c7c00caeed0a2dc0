"""Everything that was ever committed, kept outside of all devices.

Whoever lost something can't say so; the archive can. It is told of each store, after every act, and takes what is new there: so that at the end it
knows each entry with its bytes, whoever pruned it since, which store had it, and which files and blobs lay where.

What nobody has any more because the world destroyed the only copies is *lost*, and nobody is blamed for it. Something that turns up
again, in a backup or at a device that was away, isn't.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from peer.library.library import Library
from store.blobs import BlobStore
from store.entries import Entry, parse_entry
from store.ids import BlobId, DeviceId, EntryHash, FileHash, RecordId
from store.log import SettledCheckpoint
from store.seen import SeenReport
from store.sqlite_log import SqliteLogStore

_ENTRIES = "SELECT arrival, name, raw FROM log_entry WHERE library = ? AND arrival > ? ORDER BY arrival"
_DETACHED = "SELECT arrival, name, raw FROM log_detached WHERE library = ? AND arrival > ? ORDER BY arrival"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An original that a person was told is safe. ``store``: where."""

    store: str
    file: FileHash
    record: RecordId
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Bytes that went, and where else there were some at that moment."""

    files: frozenset[FileHash]
    blobs: frozenset[BlobId]
    files_elsewhere: frozenset[FileHash]
    blobs_elsewhere: frozenset[BlobId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What a store knew when it had given entries up. ``now``: its clock then, or 0 when that isn't known."""

    store: str
    now: int
    settled: tuple[SettledCheckpoint, ...]
    reports: tuple[SeenReport, ...]
    members: frozenset[DeviceId]
    is_device: bool


@dataclass
class _Store:
    """What one store holds, as far as it was looked at. ``files`` and ``blobs``: what was seen there and not destroyed since; ``rotten``: those of
    them that go on lying there, with other bytes."""

    arrival: int = 0
    entries: set[EntryHash] = field(default_factory=set)
    files: set[FileHash] = field(default_factory=set)
    blobs: set[BlobId] = field(default_factory=set)
    rotten: set[bytes] = field(default_factory=set)
    pruned_bytes: int = 0


class Archive:
    """One for a library, through all of its history."""

    def __init__(self) -> None:
        self.entries: dict[EntryHash, Entry] = {}
        self.lost: set[EntryHash] = set()
        self.imports: list[Import] = []
        self.losses: list[Loss] = []
        self.prunings: list[Pruning] = []
        self.spoiled_blobs = 0
        """How many were ever damaged on purpose: so many may lie in quarantine."""
        self._stores: dict[str, _Store] = {}
        self._seen_after: dict[bytes, int] = {}
        """Of each file and blob, how many losses there had been when it was seen last."""

    # What is told

    def collect(self, name: str, library: Library, *, anew: bool = False) -> None:
        """What is new in a device's library since the last call for ``name``. ``anew``: its database is another one than then, from a backup, say."""
        store = self._store(name)
        if anew:
            store = self._stores[name] = _Store(pruned_bytes=library.log.figures().pruned_bytes)
        self._take_entries(store, library.log)
        with library.database.read() as connection:
            held = {FileHash(row[0]) for row in connection.execute("SELECT file FROM held WHERE kind = 'original'").fetchall()}
            given_up = {FileHash(row[0]) for row in connection.execute("SELECT file FROM evicted").fetchall()}
        store.files = (store.files - given_up) | (held - store.rotten)
        self._saw(held - store.rotten)
        if self._has_pruned(store, library.log):
            self._note_pruning(name, library.log, now=library.clock.now(), is_device=True)

    def learn(self, raws: Iterable[bytes]) -> None:
        """Entries that some store took, as they are, before anybody can give them up again."""
        for raw in raws:
            entry = parse_entry(raw)
            self.entries.setdefault(entry.name, entry)

    def collect_relay(self, name: str, log: SqliteLogStore, blobs: BlobStore | None = None, *, anew: bool = False, now: int = 0) -> None:
        """The same of a relay. ``now``: its clock, by which it prunes."""
        store = self._store(name)
        if anew:
            store = self._stores[name] = _Store(pruned_bytes=log.figures().pruned_bytes)
        self._take_entries(store, log)
        if blobs is not None:
            there = {info.blob for info in blobs.blobs()}
            store.blobs |= there - store.rotten
            self._saw(there - store.rotten)
        if self._has_pruned(store, log):
            self._note_pruning(name, log, now=now, is_device=False)

    def destroyed(self, name: str, kept: Iterable[EntryHash] = ()) -> None:
        """The contents of a store are gone: its disk died, or it is put back from a backup, which has ``kept``. What no other store has now is lost,
        until it turns up again. A store that goes on is collected ``anew`` after this."""
        store = self._store(name)
        self._lose(name, entries=store.entries - set(kept), files=frozenset(store.files), blobs=frozenset(store.blobs))

    def spoiled(
        self, name: str, *, entries: Iterable[EntryHash] = (), files: Iterable[FileHash] = (), blobs: Iterable[BlobId] = ()
    ) -> None:
        """The disk under a store changed the bytes of these."""
        gone_files, gone_blobs = frozenset(files), frozenset(blobs)
        self.spoiled_blobs += len(gone_blobs)
        self._store(name).rotten |= {*gone_files, *gone_blobs}
        self._lose(name, entries=set(entries), files=gone_files, blobs=gone_blobs)

    def imported(self, name: str, file: FileHash, content: bytes, record: RecordId) -> None:
        """An import on ``name`` acknowledged this original to the person."""
        self.imports.append(Import(store=name, file=file, record=record, size=len(content)))
        self._store(name).files.add(file)
        self._saw([file])

    # What is asked

    def held_by(self, names: Iterable[str]) -> set[EntryHash]:
        """All entries that some of these stores have, or stubs of them."""
        return set().union(*(self._stores[name].entries for name in names if name in self._stores))

    def of(self, name: str) -> frozenset[EntryHash]:
        """What this store has to have."""
        return frozenset(self._stores[name].entries) if name in self._stores else frozenset()

    def files_of(self, name: str) -> frozenset[FileHash]:
        """The originals that were seen in this store, and that nothing destroyed there."""
        return frozenset(self._stores[name].files) if name in self._stores else frozenset()

    def blobs_of(self, name: str) -> frozenset[BlobId]:
        """The same for the blobs of a relay."""
        return frozenset(self._stores[name].blobs) if name in self._stores else frozenset()

    def was_seen(self, file: FileHash) -> bool:
        """Whether any store ever had this original."""
        return file in self._seen_after

    def is_lost(self, file: FileHash, sources: Iterable[tuple[BlobId, ...]]) -> bool:
        """Whether the world destroyed the last copy of a file. ``sources``: the sets of blobs that it can be had from."""
        ways = [way for way in sources if way]
        return any(self._ended(number, loss, file, ways) for number, loss in enumerate(self.losses))

    # Inside

    def _ended(self, number: int, loss: Loss, file: FileHash, ways: list[tuple[BlobId, ...]]) -> bool:
        had = file in loss.files or any(blob in loss.blobs for way in ways for blob in way)
        elsewhere = file in loss.files_elsewhere or any(loss.blobs_elsewhere.issuperset(way) for way in ways)
        came_again = self._seen_after.get(file, 0) > number or any(
            all(self._seen_after.get(blob, 0) > number for blob in way) for way in ways
        )
        return had and not elsewhere and not came_again

    def _store(self, name: str) -> _Store:
        return self._stores.setdefault(name, _Store())

    def _saw(self, things: Iterable[bytes]) -> None:
        self._seen_after.update(dict.fromkeys(things, len(self.losses)))

    def _take_entries(self, store: _Store, log: SqliteLogStore) -> None:
        for arrival, name, raw in _new_rows(log, store.arrival):
            store.arrival = max(store.arrival, arrival)
            if raw and name not in self.entries:
                self.entries[name] = parse_entry(raw)
            store.entries.add(name)
            self.lost.discard(name)

    def _lose(self, name: str, *, entries: set[EntryHash], files: frozenset[FileHash], blobs: frozenset[BlobId]) -> None:
        store = self._store(name)
        others = [each for other, each in self._stores.items() if other != name]
        store.entries -= entries
        store.files -= files
        store.blobs -= blobs
        elsewhere: set[EntryHash] = set().union(*(each.entries for each in others))
        self.lost |= entries - elsewhere
        self.losses.append(
            Loss(
                files=files,
                blobs=blobs,
                files_elsewhere=frozenset().union(*(each.files for each in others)),
                blobs_elsewhere=frozenset().union(*(each.blobs for each in others)),
            )
        )

    def _has_pruned(self, store: _Store, log: SqliteLogStore) -> bool:
        """Since it was looked at last."""
        before, store.pruned_bytes = store.pruned_bytes, log.figures().pruned_bytes
        return store.pruned_bytes > before

    def _note_pruning(self, name: str, log: SqliteLogStore, *, now: int, is_device: bool) -> None:
        self.prunings.append(
            Pruning(
                store=name,
                now=now,
                settled=log.settled(),
                reports=tuple(log.seen()),
                members=frozenset(log.roster().devices),
                is_device=is_device,
            )
        )


def _new_rows(log: SqliteLogStore, after: int) -> Iterator[tuple[int, EntryHash, bytes]]:
    """Read from the tables themselves: ``LogStore`` says nothing of stubs, and an instrument shouldn't trust what it measures."""
    with log._database.read() as connection:
        row = connection.execute("SELECT id, arrival FROM log_library WHERE name = ?", (log.library,)).fetchone()
        if row is None or row[1] <= after:
            return
        for query in (_ENTRIES, _DETACHED):
            for arrival, name, raw in connection.execute(query, (row[0], after)).fetchall():
                yield arrival, EntryHash(name), raw
