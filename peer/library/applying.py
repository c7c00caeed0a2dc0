"""Applying stored entries to records, in causal order.

Rules:

- Entries are looked at in the order of their arrival, which is a causal order. One whose parents all are applied is judged; one with a
  waiting parent waits.
- What every device will judge alike is settled for good: an update that the gate refuses, a body that doesn't decode although the key is here
  are *void*: kept, shown, without effect.
- What a removed device wrote beyond the end that counts (``peer.library.pins``) is set aside, until an entry that counts builds on it: then it
  counts too, with all that it builds on. What was applied once stays applied.
- What can't be judged yet (no key, a newer version, an engine that fails) *waits* with its reason and is tried again when what it waits for
  came (``peer.library.waiting``). A waiting entry leaves no trace: its changes are undone by a savepoint.
- A member that means harm can make two concurrent entries under one client id: it has 53 bits. Waiting would then hold up all that builds on
  either. So in a record the one that arrived first counts and the other is void, and devices may differ there until the field is written again.
- Records, projections and bookkeeping of an entry commit together, with the entry itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Protocol

from crdt.client import client_id
from crdt.clock import Stamp
from crdt.gate import Void, judge
from crdt.record import EMPTY, Content, EngineError, apply, read
from peer.keys.change_body import ChangeBody
from peer.keys.epochs import Keyring
from peer.keys.errors import BodyError, UnknownCodecError, UnsealError
from peer.keys.sealing import open_body
from peer.library.causality import CausalPasts, Past
from peer.library.frontier import Frontier
from peer.library.hlc import DeviceClock
from peer.library.leaving import holds_unseen, note_leaving
from peer.library.meta import Meta
from peer.library.pins import Pins
from peer.library.records import RecordTable
from peer.library.waiting import ENGINE_FAILURES_AT_ONCE, WaitingTable, Waits, Why
from peer.seams import Clock
from store.database import Database
from store.encoding import encode
from store.entries import Entry, EntryKind
from store.ids import EntryHash, LogId, RecordId
from store.log import Arrived
from store.roster import Roster
from store.skeleton import SkeletonEntry
from store.sqlite_log import SqliteLogStore
from store.sqlite_rows import LibraryRows

LOOK_BYTES = 4 * 1024 * 1024
PROJECT_BYTES = 16 * 1024 * 1024
"""States that are gathered before they are projected. What an entry holds compressed may be thousands of times as large."""

SAME_CLIENT = "an entry that came first wrote under this client id"


class NotYetError(Exception):
    """The entry can't be judged on this device now."""

    def __init__(self, why: Why, reason: str, needs: bytes = b"") -> None:
        super().__init__(reason)
        self.waits = Waits(why, reason, needs)


@dataclass(slots=True)
class Touched:
    """What an entry did: new states with their contents, and purges."""

    contents: dict[RecordId, tuple[bytes, Content]] = field(default_factory=dict)
    purges: set[RecordId] = field(default_factory=set)
    size: int = 0
    """Bytes of states that were gathered."""

    def empty(self) -> bool:
        return not self.contents and not self.purges


class Projection(Protocol):
    """Where listings read from; follows the records within the same transaction."""

    def update(self, contents: Mapping[RecordId, Content], purged: set[RecordId]) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What an applier works with."""

    database: Database
    log: SqliteLogStore
    meta: Meta
    records: RecordTable
    pasts: CausalPasts
    frontier: Frontier
    projection: Projection
    hlc: DeviceClock
    clock: Clock


class Applier:
    """Keeps records equal to what the stored entries say."""

    def __init__(self, parts: Parts, keyring: Callable[[], Keyring]) -> None:
        self._parts = parts
        self._keyring = keyring
        self._waiting = WaitingTable(parts.database)
        self._gathered: Touched | None = None
        self._again: list[int] = []

    def catch_up(self) -> int:
        """Apply what is stored and wasn't looked at, and what waited and can go on. How many entries were applied."""
        with self._round():
            self._follow_removals()
            self._look_again(self._may_go_on())
            applied = self._work_off()
            while batch := self._parts.log.after(self._parts.meta.get_int("looked_at"), limit_bytes=LOOK_BYTES):
                for arrived in batch:
                    applied += self._look_at(arrived)
                self._project_gathered()
            applied += self._work_off()
            if applied:
                self._look_again(self._waiting.arrivals(Why.ENGINE, at_most=ENGINE_FAILURES_AT_ONCE))
                applied += self._work_off()
        return applied

    def look_at_everything(self) -> None:
        """Look at what was never looked at, and try all that waits again: so much came at once that anything may go on."""
        self.catch_up()
        with self._round():
            self._look_again(waiting.arrival for waiting in self._waiting.all())
            self._work_off()

    def retry_waiting(self) -> None:
        """Try again what waits for no entry and no key: a program that was updated may know what it didn't know before."""
        with self._round():
            self._look_again(self._waiting.arrivals(Why.VERSION, Why.ENGINE, Why.AGAIN))
            self._look_again(self._may_go_on())
            self._work_off()

    def settle(self, arrived: Arrived, past: Past, touched: Touched, *, own: bool, client: int | None = None) -> None:
        """Bookkeeping of an entry whose effect on records is ``touched``. ``own``: it was written just now into this device's log."""
        entry = arrived.entry
        parts = self._parts
        parts.pasts.record(arrived.arrival, entry, past)
        parts.frontier.applied(entry, own=own)
        with parts.database.write() as connection:
            if client is not None:
                connection.execute("INSERT OR IGNORE INTO client VALUES (?, ?)", (client, arrived.arrival))
        parts.records.put(touched.contents)
        for record in touched.purges:
            self._purge(record, past)
        parts.meta.put_int("looked_at", max(arrived.arrival, parts.meta.get_int("looked_at")))
        if self._gathered is None:
            parts.projection.update({record: content for record, (_, content) in touched.contents.items()}, touched.purges)
        else:
            self._gathered.contents.update(touched.contents)
            self._gathered.purges.update(touched.purges)
            self._gathered.size += sum(len(state) for state, _ in touched.contents.values())
            if self._gathered.size > PROJECT_BYTES:
                self._project_gathered()

    def _purge(self, record: RecordId, past: Past) -> None:
        """What stood in the record may be worth more than whoever purged it, having seen what lies in ``past``, knew."""
        content = self._parts.records.content(record)
        if content is not None:
            made = self.made_in(past, content)
            recover = holds_unseen(content, lambda client: made(client) is not None)
            with self._parts.database.write() as connection:
                note_leaving(connection, record, content, recover=recover, now=self._parts.clock.now())
        self._parts.records.purge(record)

    def take_over(self, arrival: int, entry: SkeletonEntry, client: int | None) -> None:
        """Bookkeeping of an entry that a checkpoint covers, stored here or not, and ``client`` of it; its effect comes with the records."""
        parts = self._parts
        if parts.pasts.knows(entry.name):
            return
        parts.pasts.record(arrival, entry, parts.pasts.of(entry.needs))
        parts.frontier.applied(entry, own=False)
        self._waiting.drop(entry.name, parts.clock.now)
        if client is not None:
            with parts.database.write() as connection:
                connection.execute("INSERT OR IGNORE INTO client VALUES (?, ?)", (client, arrival))

    def made_in(self, past: Past, content: Content) -> Callable[[int], int | None]:
        """For the gate: how many clocks of this record a client made, if its entry lies in ``past``."""

        def made(client: int) -> int | None:
            clocks = content.vector.get(client)
            if clocks is None:
                return None
            with self._parts.database.read() as connection:
                arrivals = connection.execute("SELECT arrival FROM client WHERE client = ?", (client,)).fetchall()
            return clocks if any(past.contains(int(row[0])) for row in arrivals) else None

        return made

    @contextmanager
    def _round(self) -> Iterator[None]:
        """One transaction, with one roster; what its entries do is projected together."""
        with self._parts.database.write() as connection:
            self._gathered, self._again = Touched(), []
            self._roster = self._parts.log.roster()
            self._pins = Pins(self._roster, LibraryRows(connection, self._parts.log.library))
            try:
                yield
            finally:
                self._gathered = None

    # What may go on

    def _follow_removals(self) -> None:
        """When other devices are removed than last time, or with other pins, it is found out anew what counts among what waits."""
        state = removals_state(self._roster)
        if self._parts.meta.get("removals") == state:
            return
        self._parts.meta.put("removals", state)
        self._waiting.forget_what_counts()
        for waiting in self._waiting.all():
            arrived = self._parts.log.get(waiting.name)
            if arrived is None or arrived.arrival != waiting.arrival:
                continue  # attached just now, it arrived again and comes up in its turn
            self._look_again([waiting.arrival])
            if not arrived.is_detached and not self._is_beyond_pin(arrived.entry):
                self._count_past(arrived.entry.needs)

    def _may_go_on(self) -> list[int]:
        """Those whose keys came."""
        came = [epoch for epoch in self._waiting.epochs() if epoch in self._keyring()]
        return [arrival for epoch in came for arrival in self._waiting.arrivals(Why.KEY, needs=epoch)]

    def _look_again(self, arrivals: Iterable[int]) -> None:
        for arrival in arrivals:
            heappush(self._again, arrival)

    def _work_off(self) -> int:
        """Look at what was named for it, in the order of arrival, and at what can go on because of that. How many entries were applied.

        What was attached just now arrived again, and comes up in its turn."""
        applied = 0
        while self._again:
            arrival = heappop(self._again)
            waiting = self._waiting.at(arrival)
            arrived = None if waiting is None else self._parts.log.get(waiting.name)
            if arrived is not None and arrived.arrival == arrival:
                applied += self._look_at(arrived)
        self._project_gathered()
        return applied

    def _look_at(self, arrived: Arrived) -> int:
        if self._parts.pasts.knows(arrived.entry.name):  # a checkpoint brought it
            self._parts.meta.put_int("looked_at", max(arrived.arrival, self._parts.meta.get_int("looked_at")))
            return 0
        waits = self._why_not_yet(arrived) or self._judged(arrived)
        if waits is not None:
            self._waiting.put(arrived, waits, now=self._parts.clock.now())
            self._parts.meta.put_int("looked_at", max(arrived.arrival, self._parts.meta.get_int("looked_at")))
            return 0
        self._waiting.drop(arrived.entry.name, self._parts.clock.now)
        self._look_again(self._waiting.builds_on(arrived.entry.name))
        return 1

    def _judged(self, arrived: Arrived) -> Waits | None:
        """Applied as a whole, or not at all."""
        with self._parts.database.write() as connection:
            connection.execute("SAVEPOINT entry")
            try:
                self._apply(arrived)
            except NotYetError as error:
                connection.execute("ROLLBACK TO entry")
                connection.execute("RELEASE entry")
                return error.waits
            connection.execute("RELEASE entry")
        return None

    def _why_not_yet(self, arrived: Arrived) -> Waits | None:
        """Before an entry is judged for what it says: it must be attached, count, and build on nothing that waits."""
        entry = arrived.entry
        if arrived.is_detached:
            by_removed = self._roster.logs.get(entry.log) in self._roster.former
            return Waits(Why.REMOVED if by_removed else Why.DETACHED, "what it builds on hasn't come yet")
        if self._roster.former:
            if not self._is_beyond_pin(entry):
                self._count_past(entry.needs)
            elif not ((waiting := self._waiting.find(entry.name)) and waiting.counts):
                return Waits(Why.REMOVED, "its author was removed, and no entry that counts builds on it")
        for name in entry.needs:
            if self._waiting.find(name) is not None:
                return Waits(Why.PARENT, f"it builds on entry {name.short()}, which waits itself", name)
        return None

    def _count_past(self, names: Iterable[EntryHash]) -> None:
        """An entry that counts builds on these."""
        self._look_again(self._waiting.mark_counting(names, self._needs_of))

    def _needs_of(self, name: EntryHash) -> tuple[EntryHash, ...]:
        arrived = self._parts.log.get(name)
        return () if arrived is None else arrived.entry.needs

    def _is_beyond_pin(self, entry: Entry) -> bool:
        with self._parts.database.read() as connection:
            stored = LibraryRows(connection, self._parts.log.library).find(entry.name)
        return stored is not None and self._pins.is_beyond(stored.author, stored.log, stored.position)

    # Judging

    def _apply(self, arrived: Arrived) -> None:
        entry = arrived.entry
        past = self._parts.pasts.of(entry.needs)
        if entry.kind is not EntryKind.CHANGE:
            self.settle(arrived, past, Touched(), own=False)
            return
        body = self._open(entry)
        if body is None:
            self._void(arrived.arrival, b"", "the body doesn't decode")
            self.settle(arrived, past, Touched(), own=False)
            return
        stamp = Stamp(body.stamp)
        client = client_id(entry.log, entry.previous, stamp, body.random)
        touched = Touched(purges=set(body.purges))
        for record, update in body.updates:
            self._apply_update(arrived, past, client, stamp, record, update, touched)
        self._flag_clock(entry.log, self._parts.hlc.observe(stamp))
        self.settle(arrived, past, touched, own=False, client=client)

    def _apply_update(
        self, arrived: Arrived, past: Past, client: int, stamp: Stamp, record: RecordId, update: bytes, touched: Touched
    ) -> None:
        if record in touched.purges or self._parts.records.is_purged(record):
            return
        state = self._parts.records.state(record)
        try:
            content = EMPTY if state is None else read(state)
            verdict = judge(update, client=client, stamp=stamp, made=self.made_in(past, content))
            if isinstance(verdict, Void):
                self._void(arrived.arrival, record, verdict.reason)
                return
            if verdict.update.client in content.vector:
                self._void(arrived.arrival, record, SAME_CLIENT)
                return
            applied = apply(state, update, verdict.update)
        except EngineError as error:
            raise NotYetError(Why.ENGINE, f"the engine could not apply it to record {record.body.hex()[:10]}: {error}") from error
        touched.contents[record] = (applied.state, applied.content)

    def _open(self, entry: Entry) -> ChangeBody | None:
        assert entry.epoch is not None
        epoch = self._keyring().get(entry.epoch)
        if epoch is None:
            raise NotYetError(Why.KEY, f"the key of epoch {entry.epoch.short()} hasn't come yet", entry.epoch)
        try:
            return ChangeBody.decode(open_body(epoch, entry.prefix, entry.body))
        except UnknownCodecError as error:
            raise NotYetError(Why.VERSION, "it was written by a newer version of the program") from error
        except (UnsealError, BodyError):
            return None

    def _void(self, arrival: int, record: bytes, reason: str) -> None:
        with self._parts.database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO void VALUES (?, ?, ?)", (arrival, record, reason))

    def _flag_clock(self, log: LogId, ahead: int) -> None:
        with self._parts.database.write() as connection:
            if ahead:
                connection.execute("INSERT OR REPLACE INTO clock_ahead VALUES (?, ?)", (log, ahead))
            else:
                connection.execute("DELETE FROM clock_ahead WHERE log = ?", (log,))  # it was set right

    def _project_gathered(self) -> None:
        gathered = self._gathered
        if gathered is not None and not gathered.empty():
            contents = {record: content for record, (_, content) in gathered.contents.items() if record not in gathered.purges}
            self._parts.projection.update(contents, gathered.purges)
            gathered.contents.clear()
            gathered.purges.clear()
            gathered.size = 0


def removals_state(roster: Roster) -> bytes:
    """The same as long as the same entries of the same removed devices count by themselves."""
    pins = [[device, pin.to_wire()] for device, pin in sorted(roster.pins.items())]
    return hashlib.sha256(encode([sorted(removal.name for removal in roster.removals), pins])).digest()
