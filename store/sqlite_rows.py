"""The rows of one library in the log tables (``store/schema.sql``, ``schema_2.sql``), read through an open transaction.

An object of ``LibraryRows`` lives as long as its transaction and no longer. ``store.sqlite_table`` writes.

The bytes of a stub are the empty string; ``length(raw) > 0`` is decided without reading them.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import merge
from typing import Any, NamedTuple

from store.admission import Stored
from store.ancestry import Ancestry
from store.bodies import Checkpoint, parse_control
from store.branches import Branch, BranchRange, Position
from store.entries import Entry, EntryKind, parse_entry
from store.errors import DamagedError, RefusedError
from store.heads import Heads
from store.ids import NO_ENTRY, DeviceId, EntryHash, LibraryId, LogId
from store.log import Arrived, Lineage
from store.roster import ROSTER_KINDS, Roster, compute_roster
from store.seen import SeenReport, parse_seen
from store.skeleton import SkeletonEntry, decode_deps

_BRANCH = "SELECT id, parent, log, author, first_seq, last_seq, tip, follows FROM log_branch"
_BONES = """
    SELECT e.arrival, e.branch, e.kind, e.seq, e.name, b.log, b.author, coalesce(p.name, b.follows), e.raw, e.deps
    FROM log_entry e
    JOIN log_branch b ON b.id = e.branch
    LEFT JOIN log_entry p ON p.branch = iif(e.seq > b.first_seq, e.branch, b.parent) AND p.seq = e.seq - 1
"""
_SKELETON = f"{_BONES} WHERE e.branch = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq"
_BONE = f"{_BONES} WHERE e.name = ? AND e.library = ?"


class LibraryRows:
    """Reads. A library without rows is an empty one."""

    def __init__(self, connection: sqlite3.Connection, library: LibraryId, *, floor: RememberedFloor | None = None) -> None:
        self._connection = connection
        self._floor = floor
        self.library = library
        query = "SELECT id, arrival, entries, roster_state, detached, stubs, pruned_bytes FROM log_library WHERE name = ?"
        row = connection.execute(query, (library,)).fetchone() or (0, 0, 0, b"", 0, 0, 0)
        self.key: int = row[0]
        """0 while there are no rows."""
        self.arrival: int = row[1]
        self.count: int = row[2]
        self.roster_state: bytes = row[3]
        self.detached: int = row[4]
        self.stubs: int = row[5]
        self.pruned_bytes: int = row[6]

    def find(self, name: EntryHash) -> Stored | None:
        """What is known of a stored entry."""
        row = self._connection.execute(
            "SELECT b.log, b.author, e.branch, e.seq, b.tip = e.name FROM log_entry e JOIN log_branch b ON b.id = e.branch"
            " WHERE e.name = ? AND e.library = ?",
            (name, self.key),
        ).fetchone()
        if row is None:
            return None
        return Stored(log=LogId(row[0]), author=DeviceId(row[1]), position=Position(row[2], row[3]), is_tip=bool(row[4]))

    def lies_below(self, log: LogId, seq: int) -> bool:
        """Whether a settled checkpoint covers this number of a log, on a node that goes by that."""
        return self._floor is not None and seq <= self._floor.up_to(self).get(log, -1)

    def position(self, name: EntryHash) -> Position | None:
        """Where a stored entry lies."""
        query = "SELECT branch, seq FROM log_entry WHERE name = ? AND library = ?"
        row = self._connection.execute(query, (name, self.key)).fetchone()
        return Position(*row) if row else None

    def branches(self) -> dict[int, Branch]:
        """All branches by their keys."""
        return dict(map(_branch, self._connection.execute(f"{_BRANCH} WHERE library = ?", (self.key,))))

    def branches_of(self, log: LogId) -> dict[int, Branch]:
        """The branches of one log by their keys."""
        return dict(map(_branch, self._connection.execute(f"{_BRANCH} WHERE library = ? AND log = ?", (self.key, log))))

    def branch(self, key: int) -> Branch:
        """One branch that is there."""
        return _branch(self._connection.execute(f"{_BRANCH} WHERE id = ?", (key,)).fetchone())[1]

    def get(self, name: EntryHash) -> Arrived | None:
        """An entry by its name, attached or not; ``None`` for a stub."""
        query = "SELECT arrival, name, raw FROM log_entry WHERE name = ? AND library = ?"
        row = self._connection.execute(query, (name, self.key)).fetchone()
        if row is not None:
            return _arrived(*row)[0] if row[2] else None
        return self.get_detached(name)

    def received(self, name: EntryHash) -> int | None:
        """When an entry came, attached or not, or a stub; milliseconds since 1970 by this node's clock."""
        for table in ("log_entry", "log_detached") if self.detached else ("log_entry",):
            query = f"SELECT received FROM {table} WHERE name = ? AND library = ?"  # noqa: S608 - one of two names
            row = self._connection.execute(query, (name, self.key)).fetchone()
            if row is not None:
                return int(row[0])
        return None

    def lineage(self, name: EntryHash) -> Lineage | None:
        """As ``LogStore.lineage``."""
        row = self._connection.execute(_BONE, (name, self.key)).fetchone()
        if row is None:
            return None
        bone = _bone(row)
        return Lineage(arrival=bone.arrival, author=bone.item.author, needs=bone.item.needs)

    def get_detached(self, name: EntryHash) -> Arrived | None:
        """A detached entry by its name."""
        query = "SELECT arrival, name, raw FROM log_detached WHERE name = ? AND library = ?"
        row = self._connection.execute(query, (name, self.key)).fetchone() if self.detached else None
        return _detached(*row)[0] if row else None

    def at(self, log: LogId, seq: int) -> list[Entry]:
        """The entries of a log with this number, one for each branch that has it, by arrival."""
        rows = self._connection.execute(
            "SELECT e.arrival, e.name, e.raw FROM log_branch b JOIN log_entry e ON e.branch = b.id AND e.seq = ?3"
            " WHERE b.library = ?1 AND b.log = ?2 AND ?3 BETWEEN b.first_seq AND b.last_seq AND length(e.raw) > 0 ORDER BY e.arrival",
            (self.key, log, seq),
        )
        return [_arrived(*row)[0].entry for row in rows]

    def after(self, arrival: int) -> Iterator[tuple[Arrived, int]]:
        """The entries that arrived after a number, in that order, with the length of each."""
        query = "SELECT arrival, name, raw FROM log_entry WHERE library = ? AND arrival > ? AND length(raw) > 0 ORDER BY arrival"
        attached = (_arrived(*row) for row in self._connection.execute(query, (self.key, arrival)))
        return self._with_detached(attached, arrival)

    def control(self, arrival: int) -> Iterator[tuple[Arrived, int]]:
        """The control entries among them."""
        query = (
            "SELECT arrival, name, raw FROM log_entry INDEXED BY log_entry_control"
            " WHERE library = ? AND arrival > ? AND kind <> 0 AND length(raw) > 0 ORDER BY arrival"
        )
        attached = (_arrived(*row) for row in self._connection.execute(query, (self.key, arrival)))
        return self._with_detached(attached, arrival)

    def _with_detached(self, attached: Iterator[tuple[Arrived, int]], after: int) -> Iterator[tuple[Arrived, int]]:
        if not self.detached:
            return attached
        query = "SELECT arrival, name, raw FROM log_detached WHERE library = ? AND arrival > ? ORDER BY arrival"
        detached = (_detached(*row) for row in self._connection.execute(query, (self.key, after)))
        return merge(attached, detached, key=lambda each: each[0].arrival)

    def within(self, ranges: Iterable[BranchRange], *, after: int) -> Iterator[tuple[Arrived, int]]:
        """The entries within ``ranges`` that arrived after a number, in order of arrival, with the length of each."""
        query = "SELECT arrival, name, raw FROM log_entry WHERE library = ? AND arrival = ?"
        for arrival in merge(*(self._arrivals(wanted, after) for wanted in ranges)):
            yield _arrived(*self._connection.execute(query, (self.key, arrival)).fetchone())

    def newest_detached(self, theirs: Heads, *, after: int, limit: int, limit_bytes: int) -> list[tuple[Arrived, int]]:
        """The newest detached entries, as many as the limits allow, that arrived after a number and that a node with the heads ``theirs`` isn't
        likely to have, with the length of each, in order of arrival."""
        if not self.detached:
            return []
        found: list[tuple[Arrived, int]] = []
        query = "SELECT log, seq, arrival, name, raw FROM log_detached WHERE library = ? ORDER BY arrival DESC LIMIT ?"
        for log, seq, *row in self._connection.execute(query, (self.key, limit)):
            limit_bytes -= len(row[2])
            if limit_bytes < 0:
                break
            if row[0] > after and all(tip.seq < seq for tip in theirs.get(LogId(log), ())):
                found.append(_detached(*row))
        return found[::-1]

    def roster_entries(self) -> list[Entry]:
        """The entries that the roster follows from."""
        kinds = str(sorted(map(int, ROSTER_KINDS)))
        rows = self._connection.execute(
            "SELECT arrival, name, raw FROM log_entry INDEXED BY log_entry_control"
            " WHERE library = ? AND kind <> 0 AND kind IN (SELECT value FROM json_each(?)) ORDER BY arrival",
            (self.key, kinds),
        )
        entries = [_arrived(*row)[0].entry for row in rows]
        if self.detached:
            query = "SELECT arrival, name, raw FROM log_detached WHERE library = ? AND kind IN (SELECT value FROM json_each(?)) ORDER BY arrival"
            entries += [_detached(*row)[0].entry for row in self._connection.execute(query, (self.key, kinds))]
        return entries

    def skeleton(self, branch: int, first_seq: int, last_seq: int) -> Iterator[Bone]:
        """The entries of a branch from a number to another."""
        return map(_bone, self._connection.execute(_SKELETON, (branch, first_seq, last_seq)))

    def verified_checkpoints(self) -> frozenset[EntryHash]:
        """Those whose settlement was verified here."""
        query = "SELECT checkpoint FROM log_settled WHERE library = ? AND verified = 1"
        return frozenset(EntryHash(row[0]) for row in self._connection.execute(query, (self.key,)))

    def checkpoint(self, name: EntryHash) -> Checkpoint | None:
        """The body of a checkpoint entry that is here with its bytes."""
        arrived = self.get(name)
        body = None if arrived is None or arrived.entry.kind is not EntryKind.CHECKPOINT else parse_control(arrived.entry)
        return body if isinstance(body, Checkpoint) else None

    def seen(self) -> list[SeenReport]:
        """The newest report of each device, sorted by device."""
        rows = self._connection.execute("SELECT raw FROM log_seen WHERE library = ? ORDER BY device", (self.key,))
        return [_intact_report(raw) for (raw,) in rows]

    def _arrivals(self, wanted: BranchRange, after: int) -> Iterator[int]:
        first_seq = self._first_seq(wanted, after) if after else wanted.after_seq + 1
        query = "SELECT arrival FROM log_entry WHERE branch = ? AND seq >= ? AND length(raw) > 0 ORDER BY seq"
        return (arrival for (arrival,) in self._connection.execute(query, (wanted.branch, first_seq)))

    def _first_seq(self, wanted: BranchRange, after: int) -> int:
        """The first number that arrived after ``after``: within a branch arrivals grow with the numbers, so it is found by halving."""
        query = "SELECT arrival FROM log_entry WHERE branch = ? AND seq = ?"
        (last,) = self._connection.execute("SELECT last_seq FROM log_branch WHERE id = ?", (wanted.branch,)).fetchone()
        seqs = range(wanted.after_seq + 1, last + 1)
        earlier = bisect_right(seqs, after, key=lambda seq: int(self._connection.execute(query, (wanted.branch, seq)).fetchone()[0]))
        return seqs.start + earlier


class Bone(NamedTuple):
    """One entry of a skeleton, and where it lies here."""

    arrival: int
    branch: int
    item: SkeletonEntry


class RememberedRoster:
    """The roster of one library, computed again only when the entries that it follows from are others than last time.

    What it goes by is the chained hash over those entries, so it stays true when another process stores some, and when a
    transaction is rolled back.
    """

    def __init__(self, library: LibraryId) -> None:
        self._state = b""
        self._roster = Roster(library=library)

    def roster(self, rows: LibraryRows) -> Roster:
        """The roster of what ``rows`` shows."""
        if rows.roster_state != self._state:
            is_ancestor = Ancestry(rows.find, rows.branches_of).is_ancestor
            self._roster = compute_roster(rows.library, rows.roster_entries(), is_ancestor, lies_below=rows.lies_below)
            self._state = rows.roster_state
        return self._roster


class RememberedFloor:
    """Up to which number of each log a verified settled checkpoint covers it, read again only when others are verified than last time."""

    def __init__(self) -> None:
        self._checkpoints: frozenset[EntryHash] = frozenset()
        self._up_to: dict[LogId, int] = {}

    def up_to(self, rows: LibraryRows) -> dict[LogId, int]:
        """By what ``rows`` shows."""
        checkpoints = rows.verified_checkpoints()
        if checkpoints != self._checkpoints:
            bodies = filter(None, map(rows.checkpoint, sorted(checkpoints)))
            tips = sorted((log, tip.seq) for body in bodies for log, tip in body.heads.tips())
            self._checkpoints, self._up_to = checkpoints, dict(tips)
        return self._up_to


def _branch(row: tuple[int, int | None, bytes, bytes, int, int, bytes, bytes | None]) -> tuple[int, Branch]:
    key, parent, log, author, first_seq, last_seq, tip, follows = row
    return key, Branch(
        key=key,
        parent=parent,
        log=LogId(log),
        author=DeviceId(author),
        first_seq=first_seq,
        last_seq=last_seq,
        tip=EntryHash(tip),
        follows=None if follows is None else EntryHash(follows),
    )


def _bone(row: tuple[Any, ...]) -> Bone:
    arrival, branch, kind, seq, name, log, author, previous, raw, deps = row
    item = SkeletonEntry(
        kind=EntryKind(kind),
        log=LogId(log),
        seq=seq,
        name=EntryHash(name),
        previous=NO_ENTRY if previous is None else EntryHash(previous),
        deps=intact_entry(name, raw).deps if raw else decode_deps(deps),
        author=DeviceId(author),
    )
    return Bone(arrival, branch, item)


def _detached(arrival: int, name: bytes, raw: bytes) -> tuple[Arrived, int]:
    arrived, length = _arrived(arrival, name, raw)
    return replace(arrived, is_detached=True), length


def _arrived(arrival: int, name: bytes, raw: bytes) -> tuple[Arrived, int]:
    return Arrived(arrival=arrival, entry=intact_entry(name, raw)), len(raw)


def intact_entry(name: bytes, raw: bytes) -> Entry:
    """The entry that is stored under ``name``; ``DamagedError`` when the bytes are others."""
    try:
        entry = parse_entry(raw)
    except RefusedError as error:
        raise DamagedError(f"entry {name.hex()} is damaged in the database: {error}") from error
    if entry.name != name:
        raise DamagedError(f"entry {name.hex()} isn't what was stored under its name")
    return entry


def _intact_report(raw: bytes) -> SeenReport:
    try:
        return parse_seen(raw)
    except RefusedError as error:
        raise DamagedError(f"a seen report is damaged in the database: {error}") from error
