"""Writing the rows of one library within one write transaction.

An entry arrives *attached*, at the end of a branch or as the beginning of one, or *detached*, when something that it builds on isn't there. What a detached
entry still needs is written down by name (``log_awaited``); whenever an entry is attached, those that waited for its name are looked up, and one that needs
nothing more is judged again and attached in turn. So an append costs one look-up more than before, whatever is detached.

The roster is told by the same table when an entry comes that a pin names, because from then on it is known what lies beyond that pin.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence

from store.admission import Admitted, Stored, StoredEntries, admit
from store.authority import Authority
from store.bodies import Remove, parse_control
from store.entries import Entry, EntryKind, parse_entry
from store.errors import MissingEntriesError, RefusedError
from store.heads import Heads
from store.ids import EntryHash, LibraryId
from store.log import Pruned
from store.roster import ROSTER_KINDS
from store.seen import SeenReport
from store.skeleton import PRUNED_KINDS, SkeletonEntry, check_place, encode_deps
from store.sqlite_pruning import prune_portion
from store.sqlite_rows import LibraryRows, RememberedFloor, RememberedRoster
from store.sqlite_settled import SettledRows

_ROSTER = 0
"""Stands for the roster among those that wait for an entry; arrival numbers begin at 1."""


class LibraryTable(LibraryRows):
    """Reads and writes. ``finish`` ends it; ``now`` in milliseconds since 1970."""

    def __init__(
        self, connection: sqlite3.Connection, library: LibraryId, *, remembered: RememberedRoster, floor: RememberedFloor | None, now: int
    ) -> None:
        super().__init__(connection, library, floor=floor)
        self._now = now
        self._remembered = remembered
        self._authority: Authority | None = None
        if not self.key:
            query = "INSERT INTO log_library (name, arrival, entries, roster_state) VALUES (?, 0, 0, x'') RETURNING id"
            self.key = connection.execute(query, (library,)).fetchone()[0]
        query = "SELECT EXISTS (SELECT 1 FROM log_awaited WHERE library = ?)"
        self._is_awaited = bool(connection.execute(query, (self.key,)).fetchone()[0])
        self._settled = SettledRows(connection, self.key)
        self._settled_may_change = False

    def authority(self) -> Authority:
        """Who may write, by what is stored by now."""
        if self._authority is None:
            self._authority = Authority(self._remembered.roster(self))
        return self._authority

    def holds(self, name: EntryHash, raw: bytes) -> bool:
        """Whether exactly these bytes are stored under ``name``, attached or not."""
        for table in ("log_entry", "log_detached") if self.detached else ("log_entry",):
            query = f"SELECT raw = ? FROM {table} WHERE name = ? AND library = ?"  # noqa: S608 - one of two names
            row = self._connection.execute(query, (raw, name, self.key)).fetchone()
            if row is not None:
                return bool(row[0])
        return False

    def insert(self, entry: Entry, raw: bytes, admitted: Admitted) -> Sequence[EntryHash]:
        """Stores an admitted entry as the next to arrive. The names that are attached by that, in this order: none if it is detached, else its own and
        those of detached entries that waited for it."""
        if admitted.is_detached:
            if self.get_detached(entry.name) is None:
                self._keep_detached(entry, raw, admitted)
            return ()
        self._forget_detached(entry.name)
        self._attach(entry, raw, admitted)
        return (entry.name, *self._attach_followers(entry.name))

    def adopt(self, skeleton: Sequence[SkeletonEntry]) -> list[int]:
        """As ``LogStore.adopt``."""
        missing = tuple(item.name for item in skeleton if item.kind not in PRUNED_KINDS and not self._is_there(item.name))
        if missing:
            raise MissingEntriesError(missing)
        return [self._adopt(item) for item in skeleton]

    def put_seen(self, report: SeenReport) -> None:
        """Replaces the report of its device."""
        query = "INSERT OR REPLACE INTO log_seen (library, device, raw) VALUES (?, ?, ?)"
        self._connection.execute(query, (self.key, report.device, report.raw))
        self._settled_may_change = True

    def prune(self, covered: Heads, *, limit: int) -> Pruned:
        """One portion of ``LogStore.prune``."""
        portion = prune_portion(self._connection, self, covered, limit=limit)
        self._settled.forget(portion.checkpoints)
        self.stubs += portion.pruned.entries
        self.pruned_bytes += portion.pruned.bytes
        return portion.pruned

    def finish(self) -> None:
        """Looks whether a checkpoint is settled now, and writes down what was counted. The roster that follows from the entries is computed once,
        however many changed it."""
        while self._settled_may_change:
            self._settled_may_change = False
            if self._settled.verify(self, lambda: self._remembered.roster(self), now=self._now):
                self._rise()
        query = "UPDATE log_library SET arrival = ?, entries = ?, roster_state = ?, detached = ?, stubs = ?, pruned_bytes = ? WHERE id = ?"
        counted = (self.arrival, self.count, self.roster_state, self.detached, self.stubs, self.pruned_bytes, self.key)
        self._connection.execute(query, counted)
        self._remembered.roster(self)

    # Attaching

    def _attach(self, entry: Entry, raw: bytes, admitted: Admitted) -> None:
        branch = self._extend_branch(SkeletonEntry.of(entry, admitted.author), admitted.previous)
        self._insert_row(branch, entry.seq, entry.kind, entry.name, raw=raw)
        self._is_stored(entry, admitted)

    def _insert_row(self, branch: int, seq: int, kind: EntryKind, name: EntryHash, *, raw: bytes = b"", deps: bytes | None = None) -> None:
        self.arrival += 1
        self.count += 1
        self._connection.execute(
            "INSERT INTO log_entry (library, arrival, branch, seq, kind, received, name, raw, deps) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self.key, self.arrival, branch, seq, int(kind), self._now, name, raw, deps),
        )

    def _is_stored(self, entry: Entry, admitted: Admitted) -> None:
        """What follows from an entry, as soon as it is here in whatever way, and again when it is attached."""
        if entry.kind in ROSTER_KINDS:
            self._change_roster(entry.name)
            self.authority().stored(entry)
        if entry.kind is EntryKind.REMOVE:
            self._await_pins(entry)
        if entry.kind is EntryKind.SETTLED:
            self._settled.put(entry, admitted.author, position=self.arrival)
        self._settled_may_change |= entry.kind in ROSTER_KINDS or entry.kind in (EntryKind.CHECKPOINT, EntryKind.SETTLED)

    def _change_roster(self, name: EntryHash) -> None:
        self.roster_state = hashlib.sha256(self.roster_state + name).digest()

    def _extend_branch(self, item: SkeletonEntry, previous: Stored | None) -> int:
        if previous is not None and previous.is_tip:
            branch = previous.position.branch
            query = "UPDATE log_branch SET last_seq = ?, tip = ? WHERE id = ?"
            self._connection.execute(query, (item.seq, item.name, branch))
        else:
            branch = self._begin_branch(item, previous)
        if self._floor is not None:
            query = "UPDATE log_branch SET parent = ?, follows = NULL WHERE library = ? AND follows = ?"
            self._connection.execute(query, (branch, self.key, item.name))
        return branch

    def _begin_branch(self, item: SkeletonEntry, previous: Stored | None) -> int:
        parent = previous.position.branch if previous else None
        follows = item.previous if previous is None and item.seq else None
        cursor = self._connection.execute(
            "INSERT INTO log_branch (library, log, parent, author, first_seq, last_seq, tip, follows) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.key, item.log, parent, item.author, item.seq, item.seq, item.name, follows),
        )
        return int(cursor.lastrowid or 0)

    def _adopt(self, item: SkeletonEntry) -> int:
        query = "SELECT arrival FROM log_entry WHERE name = ? AND library = ?"
        row = self._connection.execute(query, (item.name, self.key)).fetchone()
        if row is not None:
            return int(row[0])
        previous = check_place(item, self)
        detached = self.get_detached(item.name)
        if detached is None:
            self._insert_row(self._extend_branch(item, previous), item.seq, item.kind, item.name, deps=encode_deps(item.deps))
            self.stubs += 1
        elif not self._attach_detached(detached.entry):
            raise RefusedError("bad-chain", f"entry {item.name.short()} isn't what the skeleton says of it")
        arrival = self.arrival
        self._attach_followers(item.name)
        return arrival

    def _is_there(self, name: EntryHash) -> bool:
        return self.position(name) is not None or self.get_detached(name) is not None

    # Detached entries

    def _keep_detached(self, entry: Entry, raw: bytes, admitted: Admitted) -> None:
        self.arrival += 1
        self.count += 1
        self.detached += 1
        missing = _missing(entry, self)
        self._connection.execute(
            "INSERT INTO log_detached (library, arrival, log, seq, kind, received, missing, name, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self.key, self.arrival, entry.log, entry.seq, int(entry.kind), self._now, len(missing), entry.name, raw),
        )
        self._await(missing, self.arrival)
        self._is_stored(entry, admitted)

    def _forget_detached(self, name: EntryHash) -> None:
        """It is about to be attached, or can't ever be."""
        if not self.detached:
            return
        query = "DELETE FROM log_detached WHERE name = ? AND library = ? RETURNING arrival, raw"
        row = self._connection.execute(query, (name, self.key)).fetchone()
        if row is None:
            return
        arrival, raw = row
        self.detached -= 1
        self.count -= 1
        needs = [(self.key, need, arrival) for need in parse_entry(raw).needs]
        self._connection.executemany("DELETE FROM log_awaited WHERE library = ? AND need = ? AND waiter = ?", needs)

    def _await(self, names: Sequence[EntryHash], waiter: int) -> None:
        query = "INSERT OR IGNORE INTO log_awaited (library, need, waiter) VALUES (?, ?, ?)"
        self._connection.executemany(query, [(self.key, name, waiter) for name in names])
        self._is_awaited |= bool(names)

    def _await_pins(self, removal: Entry) -> None:
        body = parse_control(removal)
        assert isinstance(body, Remove)
        self._await([tip.name for _, tip in body.pins.tips() if self.position(tip.name) is None], _ROSTER)

    def _attach_followers(self, name: EntryHash) -> list[EntryHash]:
        """Attaches what waited for ``name`` alone, and what waited for that, and so on. Their names in this order."""
        return self._attach_rounds(self._satisfied_by((name,)))

    def _attach_rounds(self, ready: Sequence[Entry]) -> list[EntryHash]:
        attached: list[EntryHash] = []
        while ready:
            names = [entry.name for entry in ready if self._attach_detached(entry)]
            attached += names
            ready = self._satisfied_by(names)
        return attached

    def _satisfied_by(self, names: Sequence[EntryHash]) -> list[Entry]:
        """The detached entries that needed nothing but these."""
        if not self._is_awaited:
            return []
        query = "DELETE FROM log_awaited WHERE library = ? AND need = ? RETURNING waiter"
        told = [(row[0], name) for name in names for row in self._connection.execute(query, (self.key, name)).fetchall()]
        for waiter, name in told:
            if waiter == _ROSTER:
                self._change_roster(name)
        waiters = sorted(waiter for waiter, _ in told if waiter != _ROSTER)
        return [entry for waiter in waiters if (entry := self._needs_one_less(waiter)) is not None]

    def _needs_one_less(self, arrival: int) -> Entry | None:
        query = "UPDATE log_detached SET missing = missing - 1 WHERE library = ? AND arrival = ? RETURNING missing"
        (missing,) = self._connection.execute(query, (self.key, arrival)).fetchone()
        if missing:
            return None
        query = "SELECT raw FROM log_detached WHERE library = ? AND arrival = ?"
        return parse_entry(self._connection.execute(query, (self.key, arrival)).fetchone()[0])

    def _attach_detached(self, entry: Entry) -> bool:
        """Judged as if it came now. What isn't what it said of its place, and so would have been refused, goes."""
        try:
            verdict = admit(entry, self)
        except RefusedError:
            self._forget_detached(entry.name)
            self._settled.forget((entry.name,))
            self._change_roster(entry.name)
            return False
        if not isinstance(verdict, Admitted) or verdict.is_detached:
            return False
        self._forget_detached(entry.name)
        self._attach(entry, entry.raw, verdict)
        return True

    def _rise(self) -> None:
        """A settled checkpoint covers more than before: what lies below it needn't come any more."""
        if self._floor is None:
            return
        self._change_roster(EntryHash(bytes(EntryHash.SIZE)))
        query = "SELECT arrival, raw FROM log_detached WHERE library = ? ORDER BY arrival"
        detached = [(row[0], parse_entry(row[1])) for row in self._connection.execute(query, (self.key,)).fetchall()]
        self._attach_rounds([entry for arrival, entry in detached if not self._update_missing(arrival, entry)])

    def _update_missing(self, arrival: int, entry: Entry) -> list[EntryHash]:
        """What a detached entry still needs, written down anew."""
        missing = _missing(entry, self)
        needless = [(self.key, need, arrival) for need in {*entry.needs} - {*missing}]
        self._connection.executemany("DELETE FROM log_awaited WHERE library = ? AND need = ? AND waiter = ?", needless)
        query = "UPDATE log_detached SET missing = ? WHERE library = ? AND arrival = ?"
        self._connection.execute(query, (len(missing), self.key, arrival))
        return missing


def _missing(entry: Entry, stored: StoredEntries) -> list[EntryHash]:
    """What an entry needs that isn't there and needn't come, each name once."""
    places = {dep.name: (dep.log, dep.seq) for dep in entry.deps}
    if entry.seq:
        places[entry.previous] = entry.log, entry.seq - 1
    return [name for name, place in places.items() if stored.find(name) is None and not stored.lies_below(*place)]
