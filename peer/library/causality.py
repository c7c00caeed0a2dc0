"""Which entries lie in the causal past of an entry.

The gate asks: was the item that this update deletes made by an entry that the author had seen? The answer must be the same on every device, so
it comes from `previous` and `deps` alone. For each applied entry this keeps a vector: for each log the newest of its entries in the past
(several where the log has branches). An entry c is in the past of e when c is an ancestor, within c's log, of one of e's tips for that log.
Tips are kept as arrival numbers: within one log, and on one node, an ancestor always arrived earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from store.database import Database
from store.encoding import decode, encode
from store.entries import Dep, Entry
from store.ids import EntryHash, LogId

VECTOR_LIMIT = 1 << 20
Vector = Mapping[int, tuple[int, ...]]
"""Log number -> arrival numbers of its newest entries in the past."""


class Ancestry(Protocol):
    """What the log store knows about branches: is ``name`` the entry ``of``, or before it in the same log?"""

    def is_ancestor(self, name: EntryHash, of: Dep) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Point:
    arrival: int
    name: EntryHash
    log: int
    vector: Vector


class CausalPasts:
    """The vectors of all applied entries. Every method belongs inside a transaction of the caller."""

    def __init__(self, database: Database, ancestry: Ancestry) -> None:
        self._database = database
        self._ancestry = ancestry
        self._newest: dict[EntryHash, _Point] = {}

    def of(self, parents: Iterable[EntryHash]) -> Vector:
        """The past of an entry whose predecessor and deps are ``parents``, all of them applied here."""
        merged: dict[int, set[int]] = {}
        for parent in parents:
            point = self._point(parent)
            for log, tips in point.vector.items():
                merged.setdefault(log, set()).update(tips)
            merged.setdefault(point.log, set()).add(point.arrival)
        return {log: self._maximal(tips) for log, tips in merged.items()}

    def record(self, arrival: int, entry: Entry, vector: Vector) -> None:
        """Keep the past of an entry that is being applied."""
        number = self._number(entry.log)
        with self._database.write() as connection:
            encoded = encode([[number, list(tips)] for number, tips in sorted(vector.items())])
            connection.execute("INSERT OR REPLACE INTO past VALUES (?, ?, ?, ?, ?)", (arrival, entry.name, number, entry.seq, encoded))
        if len(self._newest) > 64:
            self._newest.clear()
        self._newest[entry.name] = _Point(arrival, entry.name, number, vector)

    def contains(self, vector: Vector, arrival: int) -> bool:
        """Whether the applied entry that arrived as number ``arrival`` lies in ``vector``."""
        with self._database.read() as connection:
            row = connection.execute("SELECT name, log FROM past WHERE arrival = ?", (arrival,)).fetchone()
        if row is None:
            return False
        name, log = EntryHash(row[0]), int(row[1])
        return any(tip == arrival or (tip > arrival and self._precedes(name, tip)) for tip in vector.get(log, ()))

    def _precedes(self, name: EntryHash, tip: int) -> bool:
        with self._database.read() as connection:
            log, seq, tip_name = connection.execute(
                "SELECT past_log.log, seq, name FROM past JOIN past_log ON past_log.number = past.log WHERE arrival = ?", (tip,)
            ).fetchone()
        return self._ancestry.is_ancestor(name, Dep(LogId(log), seq, EntryHash(tip_name)))

    def _maximal(self, tips: set[int]) -> tuple[int, ...]:
        if len(tips) == 1:
            return tuple(tips)
        newest_first = sorted(tips, reverse=True)
        kept: list[int] = []
        for tip in newest_first:
            with self._database.read() as connection:
                name = EntryHash(connection.execute("SELECT name FROM past WHERE arrival = ?", (tip,)).fetchone()[0])
            if not any(self._precedes(name, other) for other in kept):
                kept.append(tip)
        return tuple(sorted(kept))

    def _point(self, name: EntryHash) -> _Point:
        point = self._newest.get(name)
        if point is None:
            with self._database.read() as connection:
                row = connection.execute("SELECT arrival, log, vector FROM past WHERE name = ?", (name,)).fetchone()
            vector = decode(row[2], limit=VECTOR_LIMIT)
            point = _Point(int(row[0]), name, int(row[1]), {log: tuple(tips) for log, tips in vector})
        return point

    def _number(self, log: LogId) -> int:
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO past_log (log) VALUES (?)", (log,))
            return int(connection.execute("SELECT number FROM past_log WHERE log = ?", (log,)).fetchone()[0])
