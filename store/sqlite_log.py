"""The log store in SQLite: many libraries may share one file, and it joins a transaction that is already open.

``append`` is durable when it returns, or, inside an outer ``Database.write``, when that block ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files

from store.admission import admit_report
from store.branches import heads_of, is_ancestor_or_self, lacking
from store.database import Database, SchemaPart
from store.entries import Dep, Entry
from store.heads import Heads
from store.ids import EntryHash, LibraryId, LogId
from store.intake import Batch
from store.log import Arrived, Outcome, first_page
from store.roster import Roster
from store.seen import SeenReport
from store.sqlite_rows import LibraryRows, LibraryTable, RememberedRoster

LOG_SCHEMA = SchemaPart(name="log", scripts=(files("store").joinpath("schema.sql").read_text("utf-8"),))


class SqliteLogStore:
    """A ``LogStore`` over a ``Database`` that was opened with ``LOG_SCHEMA``; threads may share it."""

    def __init__(self, database: Database, library: LibraryId) -> None:
        self._database = database
        self._library = library
        self._remembered = RememberedRoster(library)

    @property
    def library(self) -> LibraryId:
        return self._library

    def append(self, raws: Sequence[bytes], *, now: int) -> list[Outcome]:
        batch = Batch(raws)
        with self._writing(now) as table:
            return batch.store(table)

    def heads(self) -> Heads:
        with self._reading() as rows:
            return heads_of(rows.branches().values())

    def arrival(self) -> int:
        with self._reading() as rows:
            return rows.arrival

    def count(self) -> int:
        with self._reading() as rows:
            return rows.count

    def after(self, arrival: int, *, limit_bytes: int) -> list[Arrived]:
        with self._reading() as rows:
            return first_page(rows.after(arrival), limit_bytes=limit_bytes)

    def missing(self, theirs: Heads, *, limit_bytes: int, after: int = 0) -> list[Arrived]:
        with self._reading() as rows:
            ranges = lacking(rows.branches(), theirs, rows.position)
            return first_page(rows.within(ranges, after=after), limit_bytes=limit_bytes)

    def get(self, name: EntryHash) -> Arrived | None:
        with self._reading() as rows:
            return rows.get(name)

    def has(self, name: EntryHash) -> bool:
        with self._reading() as rows:
            return rows.position(name) is not None

    def is_ancestor(self, name: EntryHash, of: Dep) -> bool:
        with self._reading() as rows:
            first, second = rows.position(name), rows.find(of.name)
            if first is None or second is None or (second.log, second.position.seq) != (of.log, of.seq):
                return False
            return is_ancestor_or_self(first, second.position, rows.branches_of(of.log))

    def at(self, log: LogId, seq: int) -> list[Entry]:
        with self._reading() as rows:
            return rows.at(log, seq)

    def roster(self) -> Roster:
        with self._reading() as rows:
            return self._remembered.roster(rows)

    def put_seen(self, raw: bytes) -> bool:
        with self._writing(now=0) as table:
            report = admit_report(raw, table, table.seen())
            if report is None:
                return False
            table.put_seen(report)
            return True

    def seen(self) -> list[SeenReport]:
        with self._reading() as rows:
            return rows.seen()

    @contextmanager
    def _reading(self) -> Iterator[LibraryRows]:
        with self._database.read() as connection:
            yield LibraryRows(connection, self._library)

    @contextmanager
    def _writing(self, now: int) -> Iterator[LibraryTable]:
        with self._database.write() as connection:
            table = LibraryTable(connection, self._library, remembered=self._remembered, now=now)
            yield table
            table.finish()
