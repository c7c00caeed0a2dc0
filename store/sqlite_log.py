"""The log store in SQLite: many libraries may share one file, and it joins a transaction that is already open.

``append`` is durable when it returns, or, inside an outer ``Database.write``, when that block ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from heapq import merge
from importlib.resources import files
from itertools import islice

from store.admission import admit_report
from store.branches import at_or_below, heads_of, is_ancestor_or_self, lacking
from store.database import Database, SchemaPart
from store.entries import Dep, Entry
from store.errors import MissingEntriesError
from store.heads import Heads
from store.ids import EntryHash, LibraryId, LogId
from store.intake import Batch
from store.log import DETACHED_BYTES, DETACHED_ENTRIES, Arrived, Figures, Lineage, Outcome, Pruned, SettledCheckpoint, first_page
from store.roster import Roster
from store.seen import SeenReport
from store.skeleton import SkeletonEntry
from store.sqlite_pruning import PORTION_ENTRIES, unpruned
from store.sqlite_rows import LibraryRows, RememberedFloor, RememberedRoster
from store.sqlite_settled import SettledRows
from store.sqlite_table import LibraryTable

LOG_SCHEMA = SchemaPart(
    name="log",
    scripts=tuple(files("store").joinpath(script).read_text("utf-8") for script in ("schema.sql", "schema_2.sql")),
)
SKELETON_PAGE = 2000


class SqliteLogStore:
    """A ``LogStore`` over a ``Database`` that was opened with ``LOG_SCHEMA``; threads may share it."""

    def __init__(self, database: Database, library: LibraryId, *, trusts_settled: bool = False) -> None:
        self._database = database
        self._library = library
        self._remembered = RememberedRoster(library)
        self._floor = RememberedFloor() if trusts_settled else None

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

    def control(self, arrival: int, *, limit_bytes: int) -> list[Arrived]:
        with self._reading() as rows:
            return first_page(rows.control(arrival), limit_bytes=limit_bytes)

    def missing(self, theirs: Heads, *, limit_bytes: int, after: int = 0) -> list[Arrived]:
        with self._reading() as rows:
            attached = rows.within(lacking(rows.branches(), theirs, rows.position), after=after)
            detached = rows.newest_detached(theirs, after=after, limit=DETACHED_ENTRIES, limit_bytes=DETACHED_BYTES)
            return first_page(merge(attached, detached, key=lambda each: each[0].arrival), limit_bytes=limit_bytes)

    def get(self, name: EntryHash) -> Arrived | None:
        with self._reading() as rows:
            return rows.get(name)

    def has(self, name: EntryHash) -> bool:
        with self._reading() as rows:
            return rows.position(name) is not None

    def received(self, names: Sequence[EntryHash]) -> dict[EntryHash, int]:
        with self._reading() as rows:
            return {name: at for name in names if (at := rows.received(name)) is not None}

    def is_ancestor(self, name: EntryHash, of: Dep) -> bool:
        with self._reading() as rows:
            first, second = rows.position(name), rows.find(of.name)
            if first is None or second is None or (second.log, second.position.seq) != (of.log, of.seq):
                return False
            return is_ancestor_or_self(first, second.position, rows.branches_of(of.log))

    def lineage(self, name: EntryHash) -> Lineage | None:
        with self._reading() as rows:
            return rows.lineage(name)

    def at(self, log: LogId, seq: int) -> list[Entry]:
        with self._reading() as rows:
            return rows.at(log, seq)

    def roster(self) -> Roster:
        with self._reading() as rows:
            return self._remembered.roster(rows)

    def put_seen(self, raw: bytes, *, now: int = 0) -> bool:
        with self._writing(now) as table:
            report = admit_report(raw, table, table.seen(), self._remembered.roster(table))
            if report is None:
                return False
            table.put_seen(report)
            return True

    def seen(self) -> list[SeenReport]:
        with self._reading() as rows:
            return rows.seen()

    def can_prune(self, covered: Heads) -> bool:
        with self._reading() as rows, self._database.read() as connection:
            return bool(unpruned(connection, rows, covered))

    def prune(self, covered: Heads, *, limit: int | None = None) -> Pruned:
        entries = size = 0
        while True:
            with self._writing(now=0) as table:
                portion = table.prune(covered, limit=PORTION_ENTRIES if limit is None else limit)
            entries, size = entries + portion.entries, size + portion.bytes
            if limit is not None or not portion.more:
                return Pruned(entries=entries, bytes=size, more=portion.more)

    def skeleton(self, covered: Heads) -> Iterator[SkeletonEntry]:
        with self._reading() as rows:
            missing = tuple(tip.name for _, tip in covered.tips() if rows.position(tip.name) is None)
            if missing:
                raise MissingEntriesError(missing)
            branches = rows.branches()
            wanted = {key: (branches[key].first_seq, last) for key, last in at_or_below(covered, branches, rows.position).items()}
        return self._skeleton(wanted)

    def _skeleton(self, wanted: dict[int, tuple[int, int]]) -> Iterator[SkeletonEntry]:
        """By portions, each in a transaction of its own. ``wanted``: of each branch from which number to which."""
        while wanted:
            with self._reading() as rows:
                runs = [rows.skeleton(key, *span) for key, span in wanted.items()]
                page = list(islice(merge(*runs, key=lambda each: each.arrival), SKELETON_PAGE))
            for each in page:
                wanted[each.branch] = each.item.seq + 1, wanted[each.branch][1]
                yield each.item
            wanted = {key: (first, last) for key, (first, last) in wanted.items() if first <= last}

    def adopt(self, skeleton: Sequence[SkeletonEntry], *, now: int) -> list[int]:
        with self._writing(now) as table:
            return table.adopt(skeleton)

    def settled(self) -> tuple[SettledCheckpoint, ...]:
        with self._reading() as rows, self._database.read() as connection:
            return SettledRows(connection, rows.key).checkpoints(rows)

    def figures(self) -> Figures:
        with self._reading() as rows:
            return Figures(entries=rows.count, stubs=rows.stubs, detached=rows.detached, pruned_bytes=rows.pruned_bytes)

    @contextmanager
    def _reading(self) -> Iterator[LibraryRows]:
        with self._database.read() as connection:
            yield LibraryRows(connection, self._library, floor=self._floor)

    @contextmanager
    def _writing(self, now: int) -> Iterator[LibraryTable]:
        with self._database.write() as connection:
            table = LibraryTable(connection, self._library, remembered=self._remembered, floor=self._floor, now=now)
            yield table
            table.finish()
