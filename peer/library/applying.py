"""Applying stored entries to records, in causal order.

Rules:

- Entries are looked at in the order of their arrival, which is a causal order. One whose parents all are applied is judged; one with a
  waiting parent waits.
- What every device will judge alike is settled for good: an update that the gate refuses, a body that doesn't decode although the key is here
  are *void*: kept, shown, without effect.
- What can't be judged yet (no key, a newer version, an engine that fails) *waits* with its reason and is tried again when
  something changed. A waiting entry leaves no trace: its changes are undone by a savepoint.
- A member that means harm can make two concurrent entries under one client id: it has 53 bits. Waiting would then hold up all that builds on
  either. So in a record the one that arrived first counts and the other is void, and devices may differ there until the field is written again.
- Records, projections and bookkeeping of an entry commit together, with the entry itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from peer.library.meta import Meta
from peer.library.records import RecordTable
from peer.seams import Clock
from store.database import Database
from store.entries import Entry, EntryKind
from store.ids import EntryHash, LogId, RecordId
from store.log import Arrived
from store.sqlite_log import SqliteLogStore

LOOK_BYTES = 4 * 1024 * 1024
PROJECT_BYTES = 16 * 1024 * 1024
"""States that are gathered before they are projected. What an entry holds compressed may be thousands of times as large."""

SAME_CLIENT = "an entry that came first wrote under this client id"


class NotYetError(Exception):
    """The entry can't be judged on this device now; the text says why, for people."""


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
        self._gathered: Touched | None = None

    def catch_up(self) -> int:
        """Apply what is stored and wasn't looked at, then what waited and can go on. How many entries were applied."""
        applied, keys_may_have_come = 0, False
        with self._parts.database.write():
            self._gathered = Touched()
            try:
                while batch := self._parts.log.after(self._parts.meta.get_int("looked_at"), limit_bytes=LOOK_BYTES):
                    for arrived in batch:
                        applied += self._look_at(arrived)
                        # Keys count as soon as they are stored, even in an entry that waits itself.
                        keys_may_have_come |= arrived.entry.kind is not EntryKind.CHANGE
                    self._project_gathered()
                if (applied or keys_may_have_come) and self._retry_waiting():
                    applied += 1
                    self._project_gathered()
            finally:
                self._gathered = None
        return applied

    def retry_waiting(self) -> None:
        """Try everything that waits again: a program that was updated may know what it didn't know before."""
        with self._parts.database.write():
            self._gathered = Touched()
            try:
                self._retry_waiting()
                self._project_gathered()
            finally:
                self._gathered = None

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
            parts.records.purge(record)
        parts.meta.put_int("looked_at", max(arrived.arrival, parts.meta.get_int("looked_at")))
        if self._gathered is None:
            parts.projection.update({record: content for record, (_, content) in touched.contents.items()}, touched.purges)
        else:
            self._gathered.contents.update(touched.contents)
            self._gathered.purges.update(touched.purges)
            self._gathered.size += sum(len(state) for state, _ in touched.contents.values())
            if self._gathered.size > PROJECT_BYTES:
                self._project_gathered()

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

    def _look_at(self, arrived: Arrived) -> int:
        with self._parts.database.write() as connection:
            connection.execute("SAVEPOINT entry")
            try:
                self._apply(arrived)
            except NotYetError as reason:
                connection.execute("ROLLBACK TO entry")
                connection.execute("RELEASE entry")
                connection.execute(
                    "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, coalesce((SELECT since FROM waiting WHERE arrival = ?1), ?4))",
                    (arrived.arrival, arrived.entry.name, str(reason), self._parts.clock.now()),
                )
                self._parts.meta.put_int("looked_at", max(arrived.arrival, self._parts.meta.get_int("looked_at")))
                return 0
            connection.execute("RELEASE entry")
            connection.execute("DELETE FROM waiting WHERE arrival = ?", (arrived.arrival,))
        return 1

    def _apply(self, arrived: Arrived) -> None:
        entry = arrived.entry
        self._check_parents(entry)
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
            raise NotYetError(f"the engine could not apply it to record {record.body.hex()[:10]}: {error}") from error
        touched.contents[record] = (applied.state, applied.content)

    def _check_parents(self, entry: Entry) -> None:
        with self._parts.database.read() as connection:
            for name in entry.needs:
                if connection.execute("SELECT 1 FROM waiting WHERE name = ?", (name,)).fetchone():
                    raise NotYetError(f"it builds on entry {name.short()}, which waits itself")

    def _open(self, entry: Entry) -> ChangeBody | None:
        assert entry.epoch is not None
        epoch = self._keyring().get(entry.epoch)
        if epoch is None:
            raise NotYetError(f"the key of epoch {entry.epoch.short()} hasn't come yet")
        try:
            return ChangeBody.decode(open_body(epoch, entry.prefix, entry.body))
        except UnknownCodecError as error:
            raise NotYetError("it was written by a newer version of the program") from error
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

    def _retry_waiting(self) -> bool:
        with self._parts.database.read() as connection:
            names = [EntryHash(row[0]) for row in connection.execute("SELECT name FROM waiting ORDER BY arrival").fetchall()]
        progress = False
        for name in names:
            arrived = self._parts.log.get(name)
            if arrived is not None and self._look_at(arrived):
                progress = True
        return progress

    def _project_gathered(self) -> None:
        gathered = self._gathered
        if gathered is not None and not gathered.empty():
            contents = {record: content for record, (_, content) in gathered.contents.items() if record not in gathered.purges}
            self._parts.projection.update(contents, gathered.purges)
            gathered.contents.clear()
            gathered.purges.clear()
            gathered.size = 0
