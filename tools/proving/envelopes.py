"""The first pass: every entry of a log, in the order of arrival, from its bytes to its place in the causal past.

An entry is good when its bytes are those that it is named by, its author signed it, and it stands where it says: behind its predecessor in its log,
after all its deps. A relay that trusts a settled checkpoint may lack what lies below it. What is missing is found by the counts: a branch is an unbroken
run, and the store knows how many entries it has and where each branch ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from store.entries import EntryKind
from store.ids import NO_ENTRY, DeviceId, EntryHash, LibraryId, LogId
from store.roster import ROSTER_KINDS, Roster
from store.skeleton import decode_deps
from store.sqlite_rows import LibraryRows, RememberedFloor
from tools.looking.folder import Inspected
from tools.proving.entry_work import EntryRow, SeenEntry
from tools.proving.findings import Findings
from tools.proving.pasts import Pasts, Place
from tools.proving.progress import Watched
from tools.proving.workers import Map

PORTION_ENTRIES = 500
PORTION_BYTES = 512 * 1024

_PAGE = """
    SELECT e.arrival, e.branch, e.seq, e.kind, e.name, e.raw, e.deps, b.log, b.author, b.first_seq, b.parent
    FROM log_entry e JOIN log_branch b ON b.id = e.branch
    WHERE e.library = ? AND e.arrival > ? ORDER BY e.arrival LIMIT ?
"""
_DETACHED = "SELECT arrival, log, seq, kind, name, raw FROM log_detached WHERE library = ? ORDER BY arrival"
_RUNS = """
    SELECT b.log, b.first_seq, b.last_seq, b.tip, count(e.seq),
           (SELECT name FROM log_entry t WHERE t.branch = b.id AND t.seq = b.last_seq)
    FROM log_branch b LEFT JOIN log_entry e ON e.branch = b.id WHERE b.library = ? GROUP BY b.id
"""


class Row(NamedTuple):
    """An attached entry, or a stub, whose ``raw`` is empty."""

    arrival: int
    branch: int
    seq: int
    kind: int
    name: bytes
    raw: bytes
    deps: bytes | None
    log: bytes
    author: bytes
    first_seq: int
    parent: int | None

    @property
    def place(self) -> Place:
        return Place(self.arrival, self.branch, self.seq)


@dataclass(slots=True, kw_only=True)
class EntryCounts:
    """How much was looked at. ``bytes``: of entries that have them."""

    entries: int = 0
    stubs: int = 0
    detached: int = 0
    bytes: int = 0
    branches: int = 0


@dataclass(kw_only=True)
class EntryPass:
    """One library's log. ``opens``: whether the body of a change is wanted; ``take``: is given each that was looked at, in the order of arrival."""

    inspected: Inspected
    library: LibraryId
    roster: Roster
    pasts: Pasts | None
    findings: Findings
    watched: Watched
    opens: Callable[[Row], bool] = lambda _: False
    take: Callable[[Row, SeenEntry], None] = lambda _, __: None
    counts: EntryCounts = field(default_factory=EntryCounts)
    _places: dict[bytes, tuple[Place, bytes]] = field(default_factory=dict)

    def run(self, mapped: Map) -> None:
        with self.inspected.database.read() as connection:
            self._rows = LibraryRows(connection, self.library, floor=RememberedFloor() if self.inspected.library_folder is None else None)
            self._pages: list[list[Row]] = []
            self.watched.begin("entries", self._rows.count)
            chain = b""
            for seen in mapped(self._portions()):
                page = self._pages.pop(0)
                for row, each in _together(page, seen):
                    self._place(row, each)
                    if row.kind in ROSTER_KINDS:
                        chain = hashlib.sha256(chain + row.name).digest()
                self.watched.done("entries", len(page))
            self._look_at_detached(mapped)
            self._look_at_ends()
            came_once_in_order = self._rows.arrival == self._rows.count and not self.counts.detached
            if came_once_in_order and not self.findings and chain != self._rows.roster_state:
                self.findings.add("roster", "the roster is remembered for other entries than those that are stored")

    def _portions(self) -> Iterator[list[EntryRow]]:
        arrival = 0
        while page := self._page(arrival):
            arrival = page[-1].arrival
            self._pages.append(page)
            yield [self._entry_row(row) for row in page if row.raw]

    def _page(self, after: int) -> list[Row]:
        page: list[Row] = []
        size = 0
        with self.inspected.database.read() as connection:
            for values in connection.execute(_PAGE, (self._rows.key, after, PORTION_ENTRIES)):
                page.append(Row(*values))
                size += len(page[-1].raw)
                if size >= PORTION_BYTES:
                    break
        return page

    def _entry_row(self, row: Row) -> EntryRow:
        opens = row.kind == EntryKind.CHANGE and self.opens(row)
        return EntryRow(row.arrival, LogId(row.log), row.seq, row.kind, row.name, row.raw, (DeviceId(row.author),), opens)

    # Where entries stand

    def _place(self, row: Row, seen: SeenEntry | None) -> None:
        self.counts.entries += 1
        self.counts.bytes += len(row.raw)
        self.counts.stubs += seen is None
        for problem in () if seen is None else seen.problems:
            self._finding(row, problem)
        is_whole = seen is not None and seen.is_whole
        deps = seen.deps if seen is not None and is_whole else decode_deps(row.deps)
        needs = [place for dep in deps if (place := self._need(row, *dep)) is not None]
        if (before := self._previous(row, seen.previous if seen is not None and is_whole else None)) is not None:
            needs.append(before)
        if self.pasts is not None:
            self.pasts.add(row.arrival, needs)
        self._remember(row)
        if seen is not None and is_whole:
            self.take(row, seen)

    def _previous(self, row: Row, name: EntryHash | None) -> Place | None:
        if row.seq == 0 or name == NO_ENTRY:
            return None
        if name is not None:
            return self._need(row, LogId(row.log), row.seq - 1, name)
        branch = row.branch if row.seq > row.first_seq else row.parent
        with self.inspected.database.read() as connection:
            query = "SELECT arrival, branch, seq FROM log_entry WHERE branch = ? AND seq = ?"
            found = connection.execute(query, (branch, row.seq - 1)).fetchone()
        if found is None:
            self._finding(row, "what it follows isn't stored")
        return None if found is None else Place(*found)

    def _need(self, row: Row, log: LogId, seq: int, name: EntryHash) -> Place | None:
        found = self._places.get(name) or self._looked_up(name)
        if found is None:
            if not self._rows.lies_below(log, seq):
                self._finding(row, f"it builds on {name.short()}, which isn't stored")
            return None
        place, its_log = found
        if (its_log, place.seq) != (log, seq):
            self._finding(row, f"it says that {name.short()} is {log.short()}:{seq}, but that is another entry")
        elif place.arrival >= row.arrival:
            self._finding(row, f"it was stored before {name.short()}, which it builds on")
        return place

    def _looked_up(self, name: EntryHash) -> tuple[Place, bytes] | None:
        query = """
            SELECT e.arrival, e.branch, e.seq, b.log FROM log_entry e JOIN log_branch b ON b.id = e.branch WHERE e.name = ? AND e.library = ?
        """
        with self.inspected.database.read() as connection:
            found = connection.execute(query, (name, self._rows.key)).fetchone()
        return None if found is None else (Place(*found[:3]), found[3])

    def _remember(self, row: Row) -> None:
        if len(self._places) >= PORTION_ENTRIES:
            self._places.clear()
        self._places[row.name] = row.place, row.log

    # What isn't there

    def _look_at_detached(self, mapped: Map) -> None:
        authors: Mapping[LogId, tuple[DeviceId, ...]] = self.roster.authors
        with self.inspected.database.read() as connection:
            rows = connection.execute(_DETACHED, (self._rows.key,)).fetchall()
        portion = [
            EntryRow(arrival, LogId(log), seq, kind, name, raw, tuple(authors.get(LogId(log), ())), False)
            for arrival, log, seq, kind, name, raw in rows
        ]
        for row, seen in zip(portion, (each for answer in mapped([portion]) for each in answer), strict=True):
            for problem in seen.problems:
                self.findings.add("entry", f"entry {seen.name.short()}: {problem}", log=row.log.hex(), seq=row.seq, name=seen.name.hex())
        self.counts.detached = len(rows)
        self.watched.done("entries", len(rows))

    def _look_at_ends(self) -> None:
        with self.inspected.database.read() as connection:
            runs = connection.execute(_RUNS, (self._rows.key,)).fetchall()
        self.counts.branches = len(runs)
        for log, first, last, tip, count, found in runs:
            short = LogId(log).short()
            if count != last - first + 1:
                missing = last - first + 1 - count
                self.findings.add("entries", f"log {short}: {missing:,} of its entries {first} to {last} are missing", log=log.hex())
            if found is not None and found != tip:
                self.findings.add("heads", f"log {short}: it ends in another entry than the store remembers", log=log.hex())
        stored = self.counts.entries + self.counts.detached
        if stored != self._rows.count:
            self.findings.add("entries", f"{self._rows.count:,} entries were stored, {stored:,} are there")

    def _finding(self, row: Row, problem: str) -> None:
        place = f"{row.log.hex()[:10]}:{row.seq}"
        self.findings.add("entry", f"entry {place}: {problem}", log=row.log.hex(), seq=row.seq, name=row.name.hex())


def _together(page: list[Row], seen: list[SeenEntry]) -> Iterator[tuple[Row, SeenEntry | None]]:
    """Rows with what was seen of them: nothing of stubs."""
    answers = iter(seen)
    for row in page:
        yield row, next(answers) if row.raw else None
