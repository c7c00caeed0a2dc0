"""Rosters of entries without a store."""

from __future__ import annotations

from collections.abc import Iterable

from store.entries import Entry
from store.roster import Roster, compute_roster
from tests.fleet.authors import FleetLibrary
from tests.fleet.descent import descent_of


def roster_of(library: FleetLibrary, entries: Iterable[Entry] | None = None) -> Roster:
    """The roster of what was written, or of some of it."""
    present = list(library.entries if entries is None else entries)
    return compute_roster(library.id, present, descent_of(present))
