"""The library that follows from a set of entries, in plain Python: no engine, no tables, no order of arrival.

- **Counting** (PROTOCOL.md section 3.1.1): an entry counts by itself when its author is the master or a member, or when it lies within the pins of its
  author; and whatever lies in the past of an entry that counts.
- **Applied** is what counts and builds on nothing that can't be opened.
- **Judged** (section 6.2) is each update by its own bytes and by what entries in its past made.
- **A record** is a set of items, each made by one entry under its client id and a clock. An item lives unless some entry deleted it. Purged records are
  gone, whatever else was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import xxhash

from crdt.client import writer
from crdt.clock import Stamp
from crdt.keys import KeyFormatError, parse_key
from crdt.update import DecodedUpdate
from crdt.values import Value
from store.encoding import encode
from store.ids import MASTER, DeviceId, EntryHash, LogId, RecordId
from tests.fleet.roster_model import RosterModel
from tests.simulation.oracle.bodies import Change, Closed
from tests.simulation.oracle.graph import Graph, numbers

DIGESTS = 1 << 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One key that an entry set. ``entry``: its number."""

    key: str
    stamp: Stamp
    value: Value = field(repr=False)
    entry: int


@dataclass(slots=True)
class RecordModel:
    """``items`` by (client, clock); ``deleted``: by which entries; ``made``: which entries wrote under a client id, and how many items."""

    items: dict[tuple[int, int], Item] = field(default_factory=dict)
    deleted: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    made: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def live(self) -> dict[str, Item]:
        return {item.key: item for place, item in self.items.items() if place not in self.deleted}

    def vector(self) -> dict[int, int]:
        return {client: made[0][1] for client, made in self.made.items()}

    def digest(self, record: RecordId) -> int:
        """PROTOCOL.md section 6.3."""
        live = [[key, [bytes(item.stamp), item.value]] for key, item in sorted(self.live().items())]
        vector = [list(pair) for pair in sorted(self.vector().items())]
        return int.from_bytes(xxhash.xxh3_128_digest(encode([bytes(record), live, vector])), "big")


class LibraryModel:
    """``changes``: of each change in ``graph`` what it says."""

    def __init__(self, graph: Graph, roster: RosterModel, changes: Mapping[EntryHash, Change | Closed]) -> None:
        self.graph = graph
        self.roster = roster
        self.counting = self._counting()
        self.closed = {graph.number[name]: change for name, change in changes.items() if name in graph and isinstance(change, Closed)}
        self.applied = self._applied()
        self.records: dict[RecordId, RecordModel] = {}
        self.purged: dict[RecordId, int] = {}
        """By which entry."""
        self.void: dict[tuple[EntryHash, RecordId | None], str] = {}
        self.twice: list[tuple[EntryHash, EntryHash, RecordId]] = []
        """Entries that don't know each other and share a client id in a record."""
        for number in numbers(self.applied):
            change = changes.get(graph.entries[number].name)
            if isinstance(change, Change):
                self._take(number, change)
            elif change is not None:
                self.void[graph.entries[number].name, None] = "the body doesn't decode"
        for record in self.purged:
            self.records.pop(record, None)

    @property
    def applied_names(self) -> set[EntryHash]:
        return self.graph.names(self.applied)

    def digest(self) -> int:
        """PROTOCOL.md section 6.3."""
        purged = (xxhash.xxh3_128_digest(encode(["purged", bytes(record)])) for record in self.purged)
        total = sum(int.from_bytes(digest, "big") for digest in purged)
        return (total + sum(content.digest(record) for record, content in self.records.items())) % DIGESTS

    def is_beyond_pin(self, number: int) -> bool:
        """Whether an entry doesn't count by itself."""
        return number not in self._by_themselves

    def voids(self) -> set[tuple[EntryHash, RecordId | None]]:
        """Without those in purged records: whether they were judged depends on which came first."""
        return {(name, record) for name, record in self.void if record not in self.purged}

    # What counts

    def _counting(self) -> int:
        within = self._within_pins()
        members = {MASTER, *self.roster.members}
        entries = range(len(self.graph.entries))
        self._by_themselves = {each for each in entries if self.graph.author[each] in members or each in within}
        counting = 0
        for number in self._by_themselves:
            counting |= self.graph.past[number] | 1 << number
        return counting

    def _within_pins(self) -> set[int]:
        """What former devices wrote at or below the ends that count; below the number of an end that isn't there, everything."""
        logs_of: dict[DeviceId, set[LogId]] = {}
        for number, author in enumerate(self.graph.author):
            logs_of.setdefault(author, set()).add(self.graph.entries[number].log)
        within: set[int] = set()
        for device in sorted(self.roster.known - self.roster.members):
            pinned = self.roster.pins(device, logs_of.get(device, ()))
            theirs = [number for number, author in enumerate(self.graph.author) if author == device]
            for log in logs_of.get(device, ()):
                unknown = max((tip.seq for of, tip in pinned if of == log and tip.name not in self.graph), default=-1)
                within |= {each for each in theirs if self.graph.entries[each].log == log and self.graph.entries[each].seq <= unknown}
            for log, tip in pinned:
                if tip.name in self.graph:
                    within |= {each for each in theirs if self._is_at_or_below(each, self.graph.number[tip.name], log)}
        return within

    def _is_at_or_below(self, number: int, tip: int, log: LogId) -> bool:
        """By the chain of predecessors."""
        entries = self.graph.entries
        if not entries[number].log == entries[tip].log == log or entries[number].seq > entries[tip].seq:
            return False
        step = entries[tip]
        while step.seq > entries[number].seq:
            step = entries[self.graph.number[step.previous]]
        return step.name == entries[number].name

    def _applied(self) -> int:
        blocked = 0
        for number in range(len(self.graph.entries)):
            change = self.closed.get(number)
            if (change is not None and not change.for_good) or self.graph.past[number] & blocked:
                blocked |= 1 << number
        return self.counting & ~blocked

    # What it does

    def _take(self, number: int, change: Change) -> None:
        name = self.graph.entries[number].name
        for record in change.purges:
            self.purged.setdefault(record, number)
        for record, update in change.updates:
            model = self.records.setdefault(record, RecordModel())
            reason = "it is no update" if update is None else self._why_void(model, number, change, update)
            if update is not None and not reason and update.client in model.made:
                self.twice.append((self.graph.entries[model.made[update.client][0][0]].name, name, record))
                reason = "an entry that came first wrote under this client id"
            if reason:
                self.void[name, record] = reason
            elif update is not None:
                self._put(model, number, update)
        self._drop_empty(record for record, _ in change.updates)

    def _why_void(self, model: RecordModel, number: int, change: Change, update: DecodedUpdate) -> str:
        if not update.items and not update.deletes:
            return "it changes nothing"
        if update.items:
            if update.client != change.client:
                return "its client id is another entry's"
            if self._made_before(model, number, change.client) is not None:
                return "its client id was used before"
        if not _keys_are_right(update, change):
            return "a key or stamp is wrong"
        for piece in update.deletes:
            made = self._made_before(model, number, piece.client)
            if made is None or piece.clock + piece.length > made:
                return "it deletes what its past didn't make"
        return ""

    def _made_before(self, model: RecordModel, number: int, client: int) -> int | None:
        past = self.graph.past[number]
        return next((count for entry, count in model.made.get(client, ()) if past >> entry & 1), None)

    def _put(self, model: RecordModel, number: int, update: DecodedUpdate) -> None:
        for piece in update.deletes:
            for clock in range(piece.clock, piece.clock + piece.length):
                model.deleted.setdefault((piece.client, clock), []).append(number)
        if update.client is not None:
            for clock, (key, stamp, value) in enumerate(update.items):
                model.items[update.client, clock] = Item(key=key, stamp=stamp, value=value, entry=number)
            model.made.setdefault(update.client, []).append((number, len(update.items)))

    def _drop_empty(self, records: Iterable[RecordId]) -> None:
        """A record that nothing but void updates wrote isn't there."""
        for record in records:
            if not self.records[record].made:
                del self.records[record]


def _keys_are_right(update: DecodedUpdate, change: Change) -> bool:
    keys = [item.key for item in update.items]
    return (
        len(set(keys)) == len(keys)
        and all(item.stamp == change.stamp for item in update.items)
        and all(name == writer(change.client) for name in _writers(keys))
    )


def _writers(keys: Iterable[str]) -> Iterator[str | None]:
    for key in keys:
        try:
            yield parse_key(key).writer
        except KeyFormatError:
            yield None
