"""The rows of one library in the log tables (``store/schema.sql``), seen through an open transaction.

An object of these classes lives as long as its transaction and no longer.
"""

from __future__ import annotations

import hashlib
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import merge

from store.admission import Admitted, Stored
from store.branches import Branch, BranchRange, Position
from store.entries import Entry, parse_entry
from store.errors import DamagedError, RefusedError
from store.ids import DeviceId, EntryHash, LibraryId, LogId
from store.log import Arrived
from store.roster import ROSTER_KINDS, Authority, Roster, compute_roster
from store.seen import SeenReport, parse_seen


class LibraryRows:
    """Reads. A library without rows is an empty one."""

    def __init__(self, connection: sqlite3.Connection, library: LibraryId) -> None:
        self._connection = connection
        self.library = library
        query = "SELECT id, arrival, entries, roster_state FROM log_library WHERE name = ?"
        row = connection.execute(query, (library,)).fetchone() or (0, 0, 0, b"")
        self._key: int = row[0]
        self.arrival: int = row[1]
        self.count: int = row[2]
        self.roster_state: bytes = row[3]

    def find(self, name: EntryHash) -> Stored | None:
        """What is known of a stored entry."""
        row = self._connection.execute(
            "SELECT b.log, b.author, e.branch, e.seq, b.tip = e.name FROM log_entry e JOIN log_branch b ON b.id = e.branch"
            " WHERE e.name = ? AND e.library = ?",
            (name, self._key),
        ).fetchone()
        if row is None:
            return None
        return Stored(log=LogId(row[0]), author=DeviceId(row[1]), position=Position(row[2], row[3]), is_tip=bool(row[4]))

    def position(self, name: EntryHash) -> Position | None:
        """Where a stored entry lies."""
        query = "SELECT branch, seq FROM log_entry WHERE name = ? AND library = ?"
        row = self._connection.execute(query, (name, self._key)).fetchone()
        return Position(*row) if row else None

    def branches(self) -> dict[int, Branch]:
        """All branches by their keys."""
        query = "SELECT id, parent, log, author, first_seq, last_seq, tip FROM log_branch WHERE library = ?"
        return dict(map(_branch, self._connection.execute(query, (self._key,))))

    def branches_of(self, log: LogId) -> dict[int, Branch]:
        """The branches of one log by their keys."""
        query = "SELECT id, parent, log, author, first_seq, last_seq, tip FROM log_branch WHERE library = ? AND log = ?"
        return dict(map(_branch, self._connection.execute(query, (self._key, log))))

    def branch(self, key: int) -> Branch:
        """One branch that is there."""
        query = "SELECT id, parent, log, author, first_seq, last_seq, tip FROM log_branch WHERE id = ?"
        return _branch(self._connection.execute(query, (key,)).fetchone())[1]

    def get(self, name: EntryHash) -> Arrived | None:
        """An entry by its name."""
        query = "SELECT arrival, name, raw FROM log_entry WHERE name = ? AND library = ?"
        row = self._connection.execute(query, (name, self._key)).fetchone()
        return _arrived(*row)[0] if row else None

    def at(self, log: LogId, seq: int) -> list[Entry]:
        """The entries of a log with this number, one for each branch that has it, by arrival."""
        rows = self._connection.execute(
            "SELECT e.arrival, e.name, e.raw FROM log_branch b JOIN log_entry e ON e.branch = b.id AND e.seq = ?3"
            " WHERE b.library = ?1 AND b.log = ?2 AND ?3 BETWEEN b.first_seq AND b.last_seq ORDER BY e.arrival",
            (self._key, log, seq),
        )
        return [_arrived(*row)[0].entry for row in rows]

    def after(self, arrival: int) -> Iterator[tuple[Arrived, int]]:
        """The entries that arrived after a number, in that order, with the length of each."""
        query = "SELECT arrival, name, raw FROM log_entry WHERE library = ? AND arrival > ? ORDER BY arrival"
        for row in self._connection.execute(query, (self._key, arrival)):
            yield _arrived(*row)

    def within(self, ranges: Iterable[BranchRange], *, after: int) -> Iterator[tuple[Arrived, int]]:
        """The entries within ``ranges`` that arrived after a number, in order of arrival, with the length of each."""
        query = "SELECT arrival, name, raw FROM log_entry WHERE library = ? AND arrival = ?"
        for arrival in merge(*(self._arrivals(wanted, after) for wanted in ranges)):
            yield _arrived(*self._connection.execute(query, (self._key, arrival)).fetchone())

    def roster_entries(self) -> list[Entry]:
        """The entries that the roster follows from."""
        rows = self._connection.execute(
            "SELECT arrival, name, raw FROM log_entry INDEXED BY log_entry_control"
            " WHERE library = ? AND kind <> 0 AND kind IN (SELECT value FROM json_each(?)) ORDER BY arrival",
            (self._key, str(sorted(map(int, ROSTER_KINDS)))),
        )
        return [_arrived(*row)[0].entry for row in rows]

    def seen(self) -> list[SeenReport]:
        """The newest report of each device, sorted by device."""
        rows = self._connection.execute("SELECT raw FROM log_seen WHERE library = ? ORDER BY device", (self._key,))
        return [_intact_report(raw) for (raw,) in rows]

    def _arrivals(self, wanted: BranchRange, after: int) -> Iterator[int]:
        first_seq = self._first_seq(wanted, after) if after else wanted.after_seq + 1
        query = "SELECT arrival FROM log_entry WHERE branch = ? AND seq >= ? ORDER BY seq"
        return (arrival for (arrival,) in self._connection.execute(query, (wanted.branch, first_seq)))

    def _first_seq(self, wanted: BranchRange, after: int) -> int:
        """The first number that arrived after ``after``: within a branch arrivals grow with the numbers, so it is found by halving."""
        query = "SELECT arrival FROM log_entry WHERE branch = ? AND seq = ?"
        (last,) = self._connection.execute("SELECT last_seq FROM log_branch WHERE id = ?", (wanted.branch,)).fetchone()
        seqs = range(wanted.after_seq + 1, last + 1)
        earlier = bisect_right(seqs, after, key=lambda seq: int(self._connection.execute(query, (wanted.branch, seq)).fetchone()[0]))
        return seqs.start + earlier


class LibraryTable(LibraryRows):
    """Reads and writes within one write transaction. ``finish`` ends it; ``now`` in milliseconds since 1970."""

    def __init__(self, connection: sqlite3.Connection, library: LibraryId, *, remembered: RememberedRoster, now: int) -> None:
        super().__init__(connection, library)
        self._now = now
        self._remembered = remembered
        self._authority: Authority | None = None
        if not self._key:
            query = "INSERT INTO log_library (name, arrival, entries, roster_state) VALUES (?, 0, 0, x'') RETURNING id"
            self._key = connection.execute(query, (library,)).fetchone()[0]

    def authority(self) -> Authority:
        """Who may write, by what is stored by now."""
        if self._authority is None:
            self._authority = Authority(self._remembered.roster(self))
        return self._authority

    def holds(self, name: EntryHash, raw: bytes) -> bool:
        """Whether exactly these bytes are stored under ``name``."""
        query = "SELECT raw = ? FROM log_entry WHERE name = ? AND library = ?"
        row = self._connection.execute(query, (raw, name, self._key)).fetchone()
        return row is not None and bool(row[0])

    def insert(self, entry: Entry, raw: bytes, admitted: Admitted) -> None:
        """Stores an admitted entry as the next to arrive."""
        branch = self._extend_branch(entry, admitted)
        self.arrival += 1
        self.count += 1
        self._connection.execute(
            "INSERT INTO log_entry (library, arrival, branch, seq, kind, received, name, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._key, self.arrival, branch, entry.seq, int(entry.kind), self._now, entry.name, raw),
        )
        if entry.kind in ROSTER_KINDS:
            self.roster_state = hashlib.sha256(self.roster_state + entry.name).digest()
            self.authority().stored(entry)

    def put_seen(self, report: SeenReport) -> None:
        """Replaces the report of its device."""
        query = "INSERT OR REPLACE INTO log_seen (library, device, raw) VALUES (?, ?, ?)"
        self._connection.execute(query, (self._key, report.device, report.raw))

    def finish(self) -> None:
        """Writes down what ``insert`` counted. The roster that follows from it is computed once, however many entries changed it."""
        query = "UPDATE log_library SET arrival = ?, entries = ?, roster_state = ? WHERE id = ?"
        self._connection.execute(query, (self.arrival, self.count, self.roster_state, self._key))
        self._remembered.roster(self)

    def _extend_branch(self, entry: Entry, admitted: Admitted) -> int:
        previous = admitted.previous
        if previous is not None and previous.is_tip:
            query = "UPDATE log_branch SET last_seq = ?, tip = ? WHERE id = ?"
            self._connection.execute(query, (entry.seq, entry.name, previous.position.branch))
            return previous.position.branch
        parent = previous.position.branch if previous else None
        cursor = self._connection.execute(
            "INSERT INTO log_branch (library, log, parent, author, first_seq, last_seq, tip) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._key, entry.log, parent, admitted.author, entry.seq, entry.seq, entry.name),
        )
        return int(cursor.lastrowid or 0)


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
            self._roster, self._state = compute_roster(rows.library, rows.roster_entries()), rows.roster_state
        return self._roster


def _branch(row: tuple[int, int | None, bytes, bytes, int, int, bytes]) -> tuple[int, Branch]:
    key, parent, log, author, first_seq, last_seq, tip = row
    return key, Branch(
        key=key, parent=parent, log=LogId(log), author=DeviceId(author), first_seq=first_seq, last_seq=last_seq, tip=EntryHash(tip)
    )


def _arrived(arrival: int, name: bytes, raw: bytes) -> tuple[Arrived, int]:
    try:
        entry = parse_entry(raw)
    except RefusedError as error:
        raise DamagedError(f"entry {name.hex()} is damaged in the database: {error}") from error
    if entry.name != name:
        raise DamagedError(f"entry {name.hex()} isn't what was stored under its name")
    return Arrived(arrival=arrival, entry=entry), len(raw)


def _intact_report(raw: bytes) -> SeenReport:
    try:
        return parse_seen(raw)
    except RefusedError as error:
        raise DamagedError(f"a seen report is damaged in the database: {error}") from error
