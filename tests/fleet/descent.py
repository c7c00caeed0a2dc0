"""Descent read off entries, without a store, as plainly as it can be said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from store.entries import Entry
from store.heads import Tip
from store.ids import NO_ENTRY, EntryHash, LogId
from store.pins import IsAncestor


def attached(entries: Iterable[Entry]) -> dict[EntryHash, Entry]:
    """Those of the entries all of whose past is among them, each after all that it needs."""
    known = {entry.name: entry for entry in entries}
    missing = Counter({name: len(set(entry.needs)) for name, entry in known.items()})
    followers: dict[EntryHash, list[Entry]] = {}
    for entry in known.values():
        for name in set(entry.needs):
            followers.setdefault(name, []).append(entry)
    ready = [entry for entry in known.values() if not entry.needs]
    there: dict[EntryHash, Entry] = {}
    for entry in ready:
        there[entry.name] = entry
        for follower in followers.get(entry.name, ()):
            missing[follower.name] -= 1
            if not missing[follower.name]:
                ready.append(follower)
    return there


def descent_in(there: dict[EntryHash, Entry]) -> IsAncestor:
    """What a store knows of descent that has attached these entries, and no others."""

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


def descent_of(entries: Iterable[Entry]) -> IsAncestor:
    """What a store that has these entries, and no others, knows of descent."""
    return descent_in(attached(entries))
