"""Rosters of entries without a store: descent is read off the entries, as plainly as it can be said."""

from __future__ import annotations

from collections.abc import Iterable

from store.entries import Entry
from store.heads import Tip
from store.ids import NO_ENTRY, EntryHash, LogId
from store.pins import IsAncestor
from store.roster import Roster, compute_roster
from tests.fleet.authors import FleetLibrary


def attached(entries: Iterable[Entry]) -> dict[EntryHash, Entry]:
    """Those of the entries all of whose past is among them."""
    waiting = list(entries)
    there: dict[EntryHash, Entry] = {}
    while ready := [entry for entry in waiting if entry.name not in there and all(name in there for name in entry.needs)]:
        there.update({entry.name: entry for entry in ready})
    return there


def descent_of(entries: Iterable[Entry]) -> IsAncestor:
    """What a store that has these entries, and no others, knows of descent."""
    there = attached(entries)

    def is_ancestor(name: EntryHash, log: LogId, tip: Tip) -> bool | None:
        if name not in there or tip.name not in there:
            return None
        step = tip.name
        if (there[step].log, there[step].seq) != (log, tip.seq):
            return False
        while step not in (name, NO_ENTRY):
            step = there[step].previous
        return step == name

    return is_ancestor


def roster_of(library: FleetLibrary, entries: Iterable[Entry] | None = None) -> Roster:
    """The roster of what was written, or of some of it."""
    present = list(library.entries if entries is None else entries)
    return compute_roster(library.id, present, descent_of(present))
