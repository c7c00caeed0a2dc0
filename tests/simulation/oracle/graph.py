"""The entries as their headers say: who wrote each, and what lies in its past. From raw headers alone, and by no code that a device runs.

Entries have numbers here, in one causal order; a past is an integer whose bits are these numbers. Histories of the simulator have some hundreds
of entries, so everything is kept for everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from store.bodies import Open, parse_control
from store.entries import Entry, EntryKind
from store.heads import Heads, Tip
from store.ids import MASTER, NO_ENTRY, DeviceId, EntryHash
from tests.fleet.descent import attached


class Graph:
    """Of a set of entries those that are attached: all of their past is there."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        by_name = sorted({entry.name: entry for entry in entries}.items())
        self.entries: list[Entry] = list(attached(entry for _, entry in by_name).values())
        self.number: dict[EntryHash, int] = {entry.name: number for number, entry in enumerate(self.entries)}
        self.detached: list[Entry] = [entry for name, entry in by_name if name not in self.number]
        self.past: list[int] = []
        """Of each entry by number: the entries that it builds on, however indirectly."""
        self.author: list[DeviceId] = []
        for entry in self.entries:
            self.past.append(self._past(entry))
            self.author.append(self._author(entry))

    def _past(self, entry: Entry) -> int:
        past = 0
        for name in entry.needs:
            number = self.number[name]
            past |= self.past[number] | 1 << number
        return past

    def _author(self, entry: Entry) -> DeviceId:
        if entry.previous != NO_ENTRY:
            return self.author[self.number[entry.previous]]
        body = parse_control(entry) if entry.kind is not EntryKind.CHANGE else None
        return body.device if isinstance(body, Open) else MASTER

    def __contains__(self, name: EntryHash) -> bool:
        return name in self.number

    def is_before(self, earlier: EntryHash, later: EntryHash) -> bool:
        """Whether ``earlier`` lies in the past of ``later``."""
        return bool(self.past[self.number[later]] >> self.number[earlier] & 1)

    def closure(self, names: Iterable[EntryHash]) -> int:
        """These entries and all that they build on, as bits."""
        closed = 0
        for name in names:
            number = self.number[name]
            closed |= self.past[number] | 1 << number
        return closed

    def names(self, bits: int) -> set[EntryHash]:
        return {self.entries[number].name for number in numbers(bits)}

    def below(self, heads: Heads) -> set[EntryHash]:
        """The tips that are there, and their ancestors in their logs."""
        found: set[EntryHash] = set()
        for _, tip in heads.tips():
            step = tip.name
            while step in self.number and step not in found:
                found.add(step)
                step = self.entries[self.number[step]].previous
        return found

    def chain(self, name: EntryHash) -> Iterator[EntryHash]:
        """An entry and its ancestors in its log."""
        while name in self.number:
            yield name
            name = self.entries[self.number[name]].previous

    def heads(self) -> Heads:
        """The tips: what no other entry of the same log follows."""
        followed = {entry.previous for entry in self.entries}
        return Heads.of((entry.log, Tip(entry.seq, entry.name)) for entry in self.entries if entry.name not in followed)

    def any_causal_order(self, names: set[EntryHash], random: Random) -> list[Entry]:
        """``names``, each after those that it builds on, as far as these are among them; else as chance has it."""
        needs = {name: {need for need in self.entries[self.number[name]].needs if need in names} for name in sorted(names)}
        followers: dict[EntryHash, list[EntryHash]] = {}
        for name, needed in needs.items():
            for need in sorted(needed):
                followers.setdefault(need, []).append(name)
        ready = [name for name, needed in needs.items() if not needed]
        order: list[Entry] = []
        while ready:
            at = random.randrange(len(ready))
            ready[at], ready[-1] = ready[-1], ready[at]
            name = ready.pop()
            order.append(self.entries[self.number[name]])
            for follower in followers.get(name, ()):
                needs[follower].discard(name)
                if not needs[follower]:
                    ready.append(follower)
        return order


def numbers(bits: int) -> Iterator[int]:
    """The bits that are set, ascending."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
