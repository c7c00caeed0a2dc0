"""A fleet of devices in one process, on records alone: entries with causal pasts, forks, old backups, clocks that are wrong.

No signatures, no sealing, no disk: just enough of a log that every entry has a name, a predecessor, deps and with them a causal
past; and devices that apply entries in any causal order, each through the gate.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from crdt import record
from crdt.client import client_id, writer
from crdt.clock import FIRST_STAMP, Stamp, next_stamp, observe
from crdt.digest import EMPTY_DIGEST, LibraryDigest, purged_digest, record_digest
from crdt.draft import Draft
from crdt.gate import Accepted, Verdict, judge
from crdt.record import EMPTY, Content
from store.encoding import encode
from store.ids import NO_ENTRY, EntryHash, LogId, RecordId

START_MS = 1_700_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """What a person did, for the reference model. ``value`` of a removal is ignored."""

    kind: str
    record: RecordId
    field: str
    element: str = ""
    value: object = None


@dataclass(frozen=True, kw_only=True)
class FleetEntry:
    log: LogId
    seq: int
    previous: EntryHash
    deps: frozenset[EntryHash]
    stamp: Stamp
    random: bytes
    updates: tuple[tuple[RecordId, bytes], ...] = ()
    purges: tuple[RecordId, ...] = ()
    ops: tuple[Op, ...] = ()

    @cached_property
    def name(self) -> EntryHash:
        header = [
            self.log,
            self.seq,
            self.previous,
            sorted(self.deps),
            self.stamp,
            self.random,
            [list(u) for u in self.updates],
            list(self.purges),
        ]
        return EntryHash(hashlib.sha256(encode(header)).digest())

    @cached_property
    def client(self) -> int:
        return client_id(self.log, self.previous, self.stamp, self.random)

    @property
    def writer(self) -> str:
        return writer(self.client)


@dataclass(kw_only=True)
class World:
    """All entries that were ever made, real time, and one source of randomness."""

    random: Random
    now: int = START_MS
    entries: dict[EntryHash, FleetEntry] = field(default_factory=dict)
    _pasts: dict[EntryHash, frozenset[EntryHash]] = field(default_factory=dict)

    def add(self, entry: FleetEntry) -> None:
        parents = entry.deps | ({entry.previous} - {NO_ENTRY})
        self.entries[entry.name] = entry
        self._pasts[entry.name] = frozenset(parents).union(*(self._pasts[parent] for parent in parents))

    def past(self, name: EntryHash) -> frozenset[EntryHash]:
        """All entries that the entry depends on, without itself."""
        return self._pasts[name]

    def pass_time(self) -> None:
        self.now += self.random.choice([0, 1, 50, 3_000, 3_600_000])

    def device(self, *, skew_ms: int = 0) -> Device:
        return Device(world=self, log=LogId(self.random.randbytes(16)), skew_ms=skew_ms)

    def deliver(self, devices: Sequence[Device]) -> None:
        """Every entry to every device, each in a causal order of its own, all interleaved at random."""
        while waiting := [device for device in devices if len(device.applied) < len(self.entries)]:
            device = self.random.choice(waiting)
            device.receive(self.random.choice(device.ready()))


@dataclass(kw_only=True)
class Device:
    """One copy of the library. ``skew_ms``: how wrong its clock is."""

    world: World
    log: LogId
    skew_ms: int = 0
    seq: int = 0
    tip: EntryHash = NO_ENTRY
    last: Stamp = FIRST_STAMP
    applied: set[EntryHash] = field(default_factory=set)
    news: set[EntryHash] = field(default_factory=set)
    states: dict[RecordId, bytes] = field(default_factory=dict)
    contents: dict[RecordId, Content] = field(default_factory=dict)
    purged: set[RecordId] = field(default_factory=set)
    made: dict[tuple[RecordId, int], tuple[EntryHash, int]] = field(default_factory=dict)
    verdicts: dict[tuple[EntryHash, RecordId], Verdict] = field(default_factory=dict)
    digest: LibraryDigest = EMPTY_DIGEST

    # what people do

    def commit(
        self, edits: Mapping[RecordId, Callable[[Draft], None]], *, purges: Iterable[RecordId] = (), ops: Sequence[Op] = ()
    ) -> FleetEntry:
        """One entry with a draft for each record. The callable fills the draft."""
        stamp, random = self._now(), self.world.random.randbytes(16)
        client = client_id(self.log, self.tip, stamp, random)
        updates = []
        for target, fill in edits.items():
            draft = Draft(target.kind, self.content(target))
            fill(draft)
            updates.append((target, record.write(self.states.get(target), client, stamp, draft.changes()).update))
        return self.publish(stamp, random, updates, purges=purges, ops=ops)

    def publish(
        self,
        stamp: Stamp,
        random: bytes,
        updates: Sequence[tuple[RecordId, bytes]],
        *,
        purges: Iterable[RecordId] = (),
        ops: Sequence[Op] = (),
    ) -> FleetEntry:
        """An entry with these bytes, whatever they are; its author applies it like everybody else."""
        entry = FleetEntry(
            log=self.log,
            seq=self.seq,
            previous=self.tip,
            deps=frozenset(self.news),
            stamp=stamp,
            random=random,
            updates=tuple(updates),
            purges=tuple(purges),
            ops=tuple(ops),
        )
        self.world.add(entry)
        self.seq, self.tip, self.last = self.seq + 1, entry.name, stamp
        self.receive(entry)
        self.news.clear()
        return entry

    def next_identity(self) -> tuple[Stamp, bytes, int]:
        """Stamp, random bytes and client id of the entry that would be published next."""
        stamp, random = self._now(), self.world.random.randbytes(16)
        return stamp, random, client_id(self.log, self.tip, stamp, random)

    def _now(self) -> Stamp:
        self.world.pass_time()
        return next_stamp(self.last, self.world.now + self.skew_ms)

    # what arrives

    def ready(self) -> list[FleetEntry]:
        return [e for name, e in self.world.entries.items() if name not in self.applied and self.world.past(name) <= self.applied]

    def receive(self, entry: FleetEntry) -> None:
        past = self.world.past(entry.name)
        assert past <= self.applied
        for target, update in entry.updates:
            if target not in self.purged:
                self._apply(entry, past, target, update)
        for target in entry.purges:
            self._purge(target)
        self.applied.add(entry.name)
        self.news = {name for name in self.news if name not in past} | {entry.name}
        self.last = observe(self.last, entry.stamp, self.world.now + self.skew_ms)

    def _apply(self, entry: FleetEntry, past: frozenset[EntryHash], target: RecordId, update: bytes) -> None:
        def made(client: int) -> int | None:
            author, clocks = self.made.get((target, client), (NO_ENTRY, 0))
            return clocks if author in past else None

        verdict = self.verdicts[entry.name, target] = judge(update, client=entry.client, stamp=entry.stamp, made=made)
        if not isinstance(verdict, Accepted):
            return
        applied = record.apply(self.states.get(target), update, verdict.update)
        if target in self.contents:
            self.digest = self.digest.remove(record_digest(target, self.contents[target]))
        self.digest = self.digest.add(record_digest(target, applied.content))
        self.states[target], self.contents[target] = applied.state, applied.content
        if verdict.update.client is not None:
            self.made[target, entry.client] = entry.name, len(verdict.update.items)

    def _purge(self, target: RecordId) -> None:
        if target in self.purged:
            return
        self.purged.add(target)
        self.states.pop(target, None)
        if (content := self.contents.pop(target, None)) is not None:
            self.digest = self.digest.remove(record_digest(target, content))
        self.digest = self.digest.add(purged_digest(target))

    # what is there

    def content(self, target: RecordId) -> Content:
        return self.contents.get(target, EMPTY)

    def recomputed_digest(self) -> LibraryDigest:
        total = EMPTY_DIGEST
        for target, state in self.states.items():
            total = total.add(record_digest(target, record.read(state)))
        for target in self.purged:
            total = total.add(purged_digest(target))
        return total

    def backup(self) -> Device:
        """A copy of the whole device as it is now; used later, it goes on writing the same log: a fork."""
        twin = copy.copy(self)
        for name in ("applied", "news", "states", "contents", "purged", "made", "verdicts"):
            setattr(twin, name, copy.copy(getattr(self, name)))
        return twin
