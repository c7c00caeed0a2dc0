"""Which entries lie in the causal past of an entry.

The gate asks: was the item that this update deletes made by an entry that the author had seen? The answer must be the same on every device, so
it comes from `previous` and `deps` alone. For each applied entry this keeps a vector: for each log the newest of its entries in the past
(several where the log has branches). An entry c is in the past of e when c is an ancestor, within c's log, of one of e's tips for that log.
Tips are kept as arrival numbers: within one log, and on one node, an ancestor always arrived earlier.

A member may fork its log as often as it likes, so a question about a log costs at most one look at each of its branches, however many tips of it are
in a vector: they are marked on the branches once, and looked up from then on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from store.branches import Branch, Position, ancestry
from store.database import Database
from store.encoding import decode, encode
from store.entries import Entry
from store.errors import DamagedError
from store.heads import Tip
from store.ids import DeviceId, EntryHash, LibraryId, LogId
from store.skeleton import SkeletonEntry
from store.sqlite_rows import LibraryRows

VECTOR_LIMIT = 1 << 20
Vector = Mapping[int, tuple[int, ...]]
"""Log number -> arrival numbers of its newest entries in the past."""

_Marks = dict[int, int]
"""Branch -> number up to which its entries lie in a past."""


@dataclass(frozen=True, slots=True)
class _Point:
    arrival: int
    log: int
    vector: Vector


@dataclass(frozen=True, slots=True)
class Past:
    """The causal past of one entry. Good for the transaction in which it was asked for."""

    vector: Vector
    _database: Database
    _library: LibraryId
    _marked: dict[int, _Marks] = field(default_factory=dict)

    def contains(self, arrival: int) -> bool:
        """Whether the applied entry that arrived as number ``arrival`` lies in it."""
        with self._database.read() as connection:
            log, position = _place(connection, arrival)
            if log not in self.vector:
                return False
            if log not in self._marked:
                self._marked[log], _ = _mark(connection, self._library, self.vector[log])
            return position.seq <= self._marked[log].get(position.branch, -1)


class CausalPasts:
    """The ``past`` table."""

    def __init__(self, database: Database, library: LibraryId) -> None:
        self._database = database
        self._library = library
        self._newest: dict[EntryHash, _Point] = {}

    def of(self, parents: Iterable[EntryHash]) -> Past:
        """The past of an entry whose predecessor and deps are ``parents``, all of them applied here."""
        merged: dict[int, set[int]] = {}
        for parent in parents:
            point = self._point(parent)
            for log, tips in point.vector.items():
                merged.setdefault(log, set()).update(tips)
            merged.setdefault(point.log, set()).add(point.arrival)
        vector = {log: tuple(tips) if len(tips) == 1 else self._maximal(tips) for log, tips in merged.items()}
        return Past(vector, self._database, self._library)

    def knows(self, name: EntryHash) -> bool:
        """Whether the entry was applied."""
        with self._database.read() as connection:
            return connection.execute("SELECT 1 FROM past WHERE name = ?", (name,)).fetchone() is not None

    def record(self, arrival: int, entry: Entry | SkeletonEntry, past: Past) -> None:
        """Keep the past of an entry that is being applied."""
        number = self._number(entry.log)
        with self._database.write() as connection:
            encoded = encode([[number, list(tips)] for number, tips in sorted(past.vector.items())])
            connection.execute("INSERT OR REPLACE INTO past VALUES (?, ?, ?, ?, ?)", (arrival, entry.name, number, entry.seq, encoded))
        if len(self._newest) > 64:
            self._newest.clear()
        self._newest[entry.name] = _Point(arrival, number, past.vector)

    def newest(self, log: LogId, author: DeviceId) -> Tip | None:
        """The entry that ``author`` writes its next one after: of those that it wrote in this log, and that are applied, the one with the
        highest number. Others may have opened a log of the same id, and what a copy of this device wrote may wait."""
        with self._database.read() as connection:
            branches = LibraryRows(connection, self._library).branches_of(log).values()
            query = "SELECT e.seq, e.name FROM log_entry e JOIN past USING (arrival) WHERE e.branch = ? ORDER BY e.seq DESC LIMIT 1"
            rows = [connection.execute(query, (branch.key,)).fetchone() for branch in branches if branch.author == author]
        return max((Tip(row[0], EntryHash(row[1])) for row in rows if row is not None), default=None)

    def _maximal(self, tips: Collection[int]) -> tuple[int, ...]:
        with self._database.read() as connection:
            return _mark(connection, self._library, tips)[1]

    def _point(self, name: EntryHash) -> _Point:
        point = self._newest.get(name)
        if point is None:
            with self._database.read() as connection:
                row = connection.execute("SELECT arrival, log, vector FROM past WHERE name = ?", (name,)).fetchone()
            if row is None:
                raise DamagedError(f"the causal past of entry {name.short()} isn't kept any more")
            vector = decode(row[2], limit=VECTOR_LIMIT)
            point = _Point(int(row[0]), int(row[1]), {log: tuple(tips) for log, tips in vector})
        return point

    def _number(self, log: LogId) -> int:
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO past_log (log) VALUES (?)", (log,))
            return int(connection.execute("SELECT number FROM past_log WHERE log = ?", (log,)).fetchone()[0])


def _place(connection: sqlite3.Connection, arrival: int) -> tuple[int, Position]:
    """Number of the log of an applied entry, and where in the log it lies."""
    query = "SELECT past.log, e.branch, e.seq FROM past JOIN log_entry e ON e.name = past.name WHERE past.arrival = ?"
    row = connection.execute(query, (arrival,)).fetchone()
    if row is None:
        raise DamagedError(f"what was applied as number {arrival} isn't among the entries any more")
    log, branch, seq = row
    return log, Position(branch, seq)


def _mark(connection: sqlite3.Connection, library: LibraryId, tips: Collection[int]) -> tuple[_Marks, tuple[int, ...]]:
    """How far each branch of a log lies in the past of ``tips``, and those of them that no other has in its past, sorted.

    Descendants have higher numbers and so come first; what a walk meets marked was walked on from before.
    """
    branches = _Branches(LibraryRows(connection, library))
    marks: _Marks = {}
    maximal: list[int] = []
    placed = ((_place(connection, tip)[1], tip) for tip in tips)
    for position, tip in sorted(placed, key=lambda each: each[0].seq, reverse=True):
        if position.seq <= marks.get(position.branch, -1):
            continue
        maximal.append(tip)
        for step in ancestry(position, branches):
            if step.seq <= marks.get(step.branch, -1):
                break
            marks[step.branch] = step.seq
    return marks, tuple(sorted(maximal))


class _Branches(dict[int, Branch]):
    """Read as they are asked for."""

    def __init__(self, rows: LibraryRows) -> None:
        super().__init__()
        self._rows = rows

    def __missing__(self, key: int) -> Branch:
        branch = self[key] = self._rows.branch(key)
        return branch
