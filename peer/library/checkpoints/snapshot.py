"""The library as it was at one moment, read through a connection of its own: what takes long keeps nobody from reading or writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from sqlite3 import Connection

from crdt.digest import record_digest
from crdt.lib0 import MalformedUpdateError
from crdt.state import RecordState, read_state
from peer.library.applied import applied_heads
from peer.library.checkpoints.format import CoveredEntry, Header, Item, PurgedRecord, RecordSnapshot, VoidUpdate
from peer.library.library import Library
from peer.library.meta import Meta
from peer.library.records import RecordTable
from store.database import Database
from store.errors import DamagedError
from store.heads import Heads
from store.ids import EntryHash, LibraryId, RecordId
from store.skeleton import SkeletonEntry
from store.sqlite_log import SqliteLogStore


@contextmanager
def snapshot(library: Library) -> Iterator[Snapshot]:
    """What is committed now. Good for the block."""
    with closing(Database(library.database.path, ())) as database, database.read() as connection:
        yield Snapshot(
            library=library.id,
            log=SqliteLogStore(database, library.id),
            records=RecordTable(database, Meta(database)),
            heads=applied_heads(database, library.id),
            connection=connection,
        )


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """``heads``: what was applied."""

    library: LibraryId
    log: SqliteLogStore
    records: RecordTable
    heads: Heads
    connection: Connection

    def items(self) -> Iterator[Item]:
        """What a checkpoint of this moment holds, in its order."""
        yield Header(library=self.library, heads=self.heads)
        for entry in self.log.skeleton(self.heads):
            yield self.covered(entry)
        yield from self.voids()
        for record in self.purged():
            yield PurgedRecord(record)
        for record, state in self.states():
            yield RecordSnapshot(record, state.encode())

    def covered(self, entry: SkeletonEntry) -> CoveredEntry:
        """An applied entry with its client id; ``DamagedError`` when it isn't applied."""
        query = "SELECT client FROM past LEFT JOIN client USING (arrival) WHERE name = ?"
        row = self.connection.execute(query, (entry.name,)).fetchone()
        if row is None:
            raise DamagedError(f"entry {entry.name.short()} has no place in the causal past, although it counts as applied")
        return CoveredEntry(entry=entry, client=row[0])

    def is_applied(self, name: EntryHash) -> bool:
        return self.connection.execute("SELECT 1 FROM past WHERE name = ?", (name,)).fetchone() is not None

    def is_void(self, name: EntryHash, record: RecordId) -> bool:
        query = "SELECT 1 FROM void JOIN past USING (arrival) WHERE name = ? AND record IN (?, x'')"
        return self.connection.execute(query, (name, record)).fetchone() is not None

    def voids(self) -> Iterator[VoidUpdate]:
        """Sorted. Those in purged records are left out: whether they were judged at all depends on which came first."""
        query = (
            "SELECT name, record FROM void JOIN past USING (arrival) WHERE record NOT IN (SELECT record FROM purged) ORDER BY name, record"
        )
        for name, record in self.connection.execute(query):
            yield VoidUpdate(EntryHash(name), RecordId(record) if record else None)

    def purged(self) -> Iterator[RecordId]:
        """Sorted."""
        for (record,) in self.connection.execute("SELECT record FROM purged ORDER BY record"):
            yield RecordId(record)

    def states(self) -> Iterator[tuple[RecordId, RecordState]]:
        """Every record, sorted; ``DamagedError`` for one that isn't what it was when its digest was taken."""
        for record, raw in self.records.all():
            try:
                state = read_state(raw)
            except MalformedUpdateError as error:
                raise DamagedError(f"record {record.body.hex()[:10]} is damaged: {error}") from error
            if record_digest(record, state.content()) != self.records.stored_digest(record):
                raise DamagedError(f"record {record.body.hex()[:10]} isn't what it was when its digest was taken")
            yield record, state
