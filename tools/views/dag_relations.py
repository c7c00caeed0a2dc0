"""What is before what among stored entries, also where others lie between, and which ends of logs are heads of the whole graph.

On a device each applied entry has its past in a table; elsewhere, and where that costs more, the entries between the first and the last that are asked
about are walked through once, with a set of bits for each.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from peer.library.causality import CausalPasts
from store.ids import EntryHash, LibraryId
from tools.graph.causal import CausalGraph
from tools.looking.folder import Inspected
from tools.looking.logged import logged_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry that is asked about: its arrival number, its name, and what it names."""

    arrival: int
    name: EntryHash
    needs: tuple[EntryHash, ...]


def relate_unbroken(entries: Sequence[Link]) -> CausalGraph:
    """The graph of entries between which none is left out."""
    numbers = {each.name: number for number, each in enumerate(entries)}
    return CausalGraph.of([_earlier(each, number, numbers) for number, each in enumerate(entries)])


def relate(inspected: Inspected, library: LibraryId, entries: Sequence[Link]) -> CausalGraph:
    """The graph of any entries, in the order of arrival, by the reachability in the graph of all."""
    if not entries:
        return CausalGraph(())
    pasts = CausalPasts(inspected.database, library) if inspected.library_folder is not None else None
    between = entries[-1].arrival - entries[0].arrival
    if (
        pasts is not None
        and len(entries) ** 2 < between
        and all(pasts.knows(name) for each in entries for name in (each.name, *each.needs))
    ):
        return CausalGraph(tuple(_by_vectors(pasts, entries)))
    return CausalGraph(tuple(_by_walking(inspected, library, entries)))


def named_by_others(inspected: Inspected, library: LibraryId, tips: Collection[Link]) -> frozenset[EntryHash]:
    """Which of ``tips``, the ends of logs, lie in the past of any other entry."""
    arrivals = {tip.arrival: tip.name for tip in tips}
    pasts = CausalPasts(inspected.database, library)
    if inspected.library_folder is not None and all(pasts.knows(tip.name) for tip in tips):
        return frozenset(
            arrivals[arrival]
            for tip in tips
            for newest in pasts.of([tip.name]).vector.values()
            for arrival in newest
            if arrival in arrivals and arrival != tip.arrival
        )
    return _named(inspected, library, arrivals)


def _earlier(entry: Link, number: int, numbers: dict[EntryHash, int]) -> list[int]:
    """Only what is damaged names something that comes later."""
    return [numbers[need] for need in entry.needs if numbers.get(need, number) < number]


def _by_vectors(pasts: CausalPasts, entries: Sequence[Link]) -> list[int]:
    found: list[int] = []
    for number, entry in enumerate(entries):
        past = pasts.of(entry.needs)
        found.append(sum(1 << earlier for earlier in range(number) if past.contains(entries[earlier].arrival)))
    return found


def _by_walking(inspected: Inspected, library: LibraryId, entries: Sequence[Link]) -> list[int]:
    numbers = {each.name: number for number, each in enumerate(entries)}
    found = [0] * len(entries)
    reached: dict[EntryHash, int] = {}
    for logged in logged_entries(inspected, library, after=entries[0].arrival - 1, until=entries[-1].arrival):
        past = 0
        for need in logged.item.needs:
            past |= reached.get(need, 0)
        number = numbers.get(logged.name)
        if number is not None:
            found[number] = past
            past |= 1 << number
        reached[logged.name] = past
    return found


def _named(inspected: Inspected, library: LibraryId, arrivals: dict[int, EntryHash]) -> frozenset[EntryHash]:
    """By looking for each through what arrived behind it: who names an entry that isn't the newest of all does so soon, as a rule."""
    named: set[EntryHash] = set()
    newest = max(arrivals, default=0)
    for arrival, name in sorted(arrivals.items()):
        if arrival == newest or name in named:
            continue
        for logged in logged_entries(inspected, library, after=arrival):
            if not logged.is_detached:
                named.update(dep.name for dep in logged.item.deps)
            if name in named:
                break
    return frozenset(named & set(arrivals.values()))
