"""Which stored entries are held back, and by what in the end.

An entry that can't be applied, or attached, yet waits for something: for an entry that waits itself, for one that isn't stored, for the key of an epoch, for
a member to build on it. Followed from entry to entry each of these ways ends in a *cause*: something that waits for nothing that is here. A detached
entry may have several. Ways are followed without recursion and each once, however long they are; a circle, which only a damaged database has, ends where
it closes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from peer.library.meta import Meta
from peer.library.waiting import Why
from store.entries import Dep, parse_entry
from store.errors import RefusedError
from store.heads import Heads
from store.ids import DeviceId, EntryHash, LibraryId, LogId
from store.roster import Roster
from store.sqlite_rows import LibraryRows
from tools.looking.folder import Inspected

_WAITING = "SELECT name, code, needs, reason, since FROM waiting"
_DETACHED = "SELECT arrival, name, received FROM log_detached WHERE library = ? ORDER BY arrival"
_AWAITED = "SELECT waiter, need FROM log_awaited WHERE library = ? ORDER BY waiter, need"
_UNSEEN = "SELECT count(*) FROM log_entry e WHERE e.library = ? AND e.arrival > ?"
_ROSTER_WAITS = 0


class CauseKind(Enum):
    """What the ways end in."""

    ENTRY = "entry"
    KEY = "key"
    REMOVED = "removed"
    ENGINE = "engine"
    VERSION = "version"
    AGAIN = "again"
    CIRCLE = "circle"


_OF_CODE: Mapping[str, CauseKind] = {
    Why.KEY: CauseKind.KEY,
    Why.REMOVED: CauseKind.REMOVED,
    Why.ENGINE: CauseKind.ENGINE,
    Why.VERSION: CauseKind.VERSION,
    Why.AGAIN: CauseKind.AGAIN,
}


class Cause(NamedTuple):
    """``needs``: the name of the missing entry, or the id of the epoch; else empty."""

    kind: CauseKind
    needs: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An entry that is held back. ``reason``: what its device noted, empty on a relay. ``since`` in milliseconds since 1970, by this node's clock.
    ``after``: the entries that are held back themselves and that it waits for; ``causes``: what else it waits for, without any other between."""

    name: EntryHash
    reason: str
    since: int
    is_detached: bool
    after: tuple[EntryHash, ...] = ()
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """``ends``: for each entry all that it waits for in the end. ``places``: where missing entries belong, as those say that build on them. ``unseen``: stored
    entries that the device hasn't looked at yet. ``pinned``: missing entries that a removal names as ends."""

    entries: Mapping[EntryHash, Held] = field(default_factory=dict)
    ends: Mapping[EntryHash, frozenset[Cause]] = field(default_factory=dict)
    places: Mapping[EntryHash, Dep] = field(default_factory=dict)
    unseen: int = 0
    pinned: tuple[EntryHash, ...] = ()

    @property
    def missing(self) -> frozenset[EntryHash]:
        """The entries that aren't stored and that others build on."""
        return frozenset(EntryHash(end.needs) for ends in self.ends.values() for end in ends if end.kind is CauseKind.ENTRY)

    def way(self, name: EntryHash) -> list[EntryHash]:
        """The entries between this one and what it waits for in the end, by the first of several ways."""
        way: list[EntryHash] = []
        passed = {name}
        while (after := self.entries[name].after) and after[0] not in passed:
            name = after[0]
            passed.add(name)
            way.append(name)
        return way


def held_back(inspected: Inspected, library: LibraryId) -> HeldBack:
    """All of a library, on a device or on a relay; the cost is that of what is held back."""
    with inspected.database.read() as connection:
        rows = LibraryRows(connection, library)
        detached, awaited, pinned = _detached(connection, rows)
        waiting = {EntryHash(row[0]): row for row in connection.execute(_WAITING)} if inspected.library_folder is not None else {}
        entries = {name: _detached_entry(name, since, waiting.get(name), awaited, detached) for name, since in detached.items()}
        for name, row in waiting.items():
            if name not in detached:
                entries[name] = _waiting_entry(name, row, waiting)
        missing = {EntryHash(each.needs) for held in entries.values() for each in held.causes if each.kind is CauseKind.ENTRY}
        unseen = 0
        if inspected.library_folder is not None:
            (unseen,) = connection.execute(_UNSEEN, (rows.key, Meta(inspected.database).get_int("looked_at"))).fetchone()
        return HeldBack(
            entries=entries,
            ends=_ends(entries),
            places=_places(connection, rows, entries, missing),
            unseen=unseen,
            pinned=tuple(name for name in pinned if name not in missing),
        )


def lag_by_device(held: HeldBack, roster: Roster, stored: Heads) -> dict[DeviceId, int]:
    """By how many entries this node lags behind the logs of each device, at least: as far as stored entries name some that aren't."""
    newest: dict[LogId, int] = {}
    for place in held.places.values():
        newest[place.log] = max(place.seq, newest.get(place.log, -1))
    lag: dict[DeviceId, int] = {}
    for log, seq in newest.items():
        here = max((tip.seq for tip in stored.get(log, ())), default=-1)
        device = roster.logs.get(log)
        if device is not None:
            lag[device] = lag.get(device, 0) + max(seq - here, 1)
    return lag


def pins_of(roster: Roster) -> dict[EntryHash, Dep]:
    """The ends of logs that removals name, with their places."""
    return {tip.name: Dep(log, tip.seq, tip.name) for removal in roster.removals for log, tip in removal.pins.tips()}


def _detached(
    connection: sqlite3.Connection, rows: LibraryRows
) -> tuple[dict[EntryHash, int], dict[EntryHash, list[EntryHash]], list[EntryHash]]:
    """Detached entries with the time when they came; what each needs that isn't attached; and what pins need."""
    arrivals: dict[int, EntryHash] = {}
    since: dict[EntryHash, int] = {}
    for arrival, name, received in connection.execute(_DETACHED, (rows.key,)):
        arrivals[arrival] = EntryHash(name)
        since[EntryHash(name)] = received
    awaited: dict[EntryHash, list[EntryHash]] = {}
    pinned: list[EntryHash] = []
    for waiter, need in connection.execute(_AWAITED, (rows.key,)):
        if waiter == _ROSTER_WAITS:
            pinned.append(EntryHash(need))
        elif waiter in arrivals:
            awaited.setdefault(arrivals[waiter], []).append(EntryHash(need))
    return since, awaited, pinned


def _detached_entry(
    name: EntryHash,
    received: int,
    waiting: tuple[bytes, str, bytes, str, int] | None,
    awaited: Mapping[EntryHash, list[EntryHash]],
    detached: Mapping[EntryHash, int],
) -> Held:
    needs = awaited.get(name, ())
    return Held(
        name=name,
        reason="" if waiting is None else waiting[3],
        since=received,
        is_detached=True,
        after=tuple(need for need in needs if need in detached),
        causes=tuple(Cause(CauseKind.ENTRY, need) for need in needs if need not in detached)
        or (() if needs else (Cause(CauseKind.AGAIN),)),
    )


def _waiting_entry(name: EntryHash, row: tuple[bytes, str, bytes, str, int], waiting: Mapping[EntryHash, object]) -> Held:
    _, code, needs, reason, since = row
    if code == Why.PARENT and needs in waiting:
        return Held(name=name, reason=reason, since=since, is_detached=False, after=(EntryHash(needs),))
    kind = _OF_CODE.get(code, CauseKind.AGAIN)
    cause = Cause(kind, needs if kind is CauseKind.KEY else b"")
    return Held(name=name, reason=reason, since=since, is_detached=False, causes=(cause,))


def _ends(entries: Mapping[EntryHash, Held]) -> dict[EntryHash, frozenset[Cause]]:
    ends: dict[EntryHash, frozenset[Cause]] = {}
    under_way: set[EntryHash] = set()
    for start in entries:
        ahead = [start]
        while ahead:
            name = ahead[-1]
            held = entries[name]
            open_ways = [after for after in held.after if after not in ends and after not in under_way]
            if name not in ends and open_ways and name not in under_way:
                under_way.add(name)
                ahead.extend(open_ways)
                continue
            ahead.pop()
            under_way.discard(name)
            if name not in ends:
                found = frozenset(held.causes).union(*(ends.get(after, frozenset()) for after in held.after))
                ends[name] = found or frozenset((Cause(CauseKind.CIRCLE),))
    return ends


def _places(
    connection: sqlite3.Connection, rows: LibraryRows, entries: Mapping[EntryHash, Held], missing: set[EntryHash]
) -> dict[EntryHash, Dep]:
    places: dict[EntryHash, Dep] = {}
    for held in entries.values():
        needs = {each.needs for each in held.causes if each.kind is CauseKind.ENTRY}
        if not (needs & missing) - places.keys():
            continue
        row = connection.execute("SELECT raw FROM log_detached WHERE name = ? AND library = ?", (held.name, rows.key)).fetchone()
        try:
            entry = parse_entry(row[0])
        except (RefusedError, TypeError):
            continue  # it is damaged, and its place stays unknown
        places.update({dep.name: dep for dep in entry.deps if dep.name in needs})
        if entry.previous in needs:
            places[entry.previous] = Dep(entry.log, entry.seq - 1, entry.previous)
    return places
