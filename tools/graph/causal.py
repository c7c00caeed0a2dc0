"""What is before what. Pure.

An entry is before another when it lies in the other's causal past; two entries of which neither is before the other are concurrent. The entries of a graph
are numbered in a causal order: whatever is before an entry has a smaller number. The past of each is kept as the bits of one integer, so that questions
about thousands of entries cost a few words of arithmetic each.

The *reduction* of the graph has an edge only where nothing lies between: previous and deps name more than that, because an author may name an entry that
lies in the past of another one that it names. The *width* is the largest number of entries of which any two are concurrent: in how many ways a library
went on at the same time. By Dilworth's theorem it is the smallest number of chains that cover the graph, which is the number of entries less the size of
a largest matching of entries with later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class CausalGraph:
    """``pasts``: of each entry the set of all before it, as bits."""

    pasts: tuple[int, ...]

    @classmethod
    def of(cls, parents: Sequence[Iterable[int]]) -> CausalGraph:
        """From what each entry names; ``ValueError`` unless that has smaller numbers."""
        pasts: list[int] = []
        for node, named in enumerate(parents):
            past = 0
            for parent in named:
                if not 0 <= parent < node:
                    raise ValueError(f"entry {node} can't come after {parent}")
                past |= pasts[parent] | 1 << parent
            pasts.append(past)
        return cls(tuple(pasts))

    def __len__(self) -> int:
        return len(self.pasts)

    @cached_property
    def futures(self) -> tuple[int, ...]:
        """Of each entry the set of all after it."""
        futures = [0] * len(self)
        for node in reversed(range(len(self))):
            for parent in self.reduced[node]:
                futures[parent] |= futures[node] | 1 << node
        return tuple(futures)

    @cached_property
    def reduced(self) -> tuple[tuple[int, ...], ...]:
        """Of each entry those right before it, without any other between, newest first."""
        return tuple(tuple(self._maximal(past)) for past in self.pasts)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Of each entry those right after it."""
        children: list[list[int]] = [[] for _ in self.pasts]
        for node, parents in enumerate(self.reduced):
            for parent in parents:
                children[parent].append(node)
        return tuple(map(tuple, children))

    def heads(self) -> tuple[int, ...]:
        """The entries that nothing comes after."""
        return tuple(node for node, after in enumerate(self.children) if not after)

    def is_before(self, earlier: int, later: int) -> bool:
        """Whether ``earlier`` lies in the past of ``later``."""
        return bool(self.pasts[later] >> earlier & 1)

    def concurrent_with(self, node: int) -> Iterator[int]:
        """The entries that are neither before nor after it."""
        return bits((1 << len(self)) - 1 & ~(self.pasts[node] | self.futures[node] | 1 << node))

    def count_concurrent(self, node: int) -> int:
        """How many these are."""
        return len(self) - 1 - self.pasts[node].bit_count() - self.futures[node].bit_count()

    def depths(self) -> tuple[int, ...]:
        """Of each entry the length of the longest way to it."""
        depths: list[int] = []
        for parents in self.reduced:
            depths.append(max((depths[parent] + 1 for parent in parents), default=0))
        return tuple(depths)

    def width(self) -> int:
        """The largest number of entries of which any two are concurrent."""
        return len(self) - _largest_matching(self.futures, self.children)

    def _maximal(self, rest: int) -> Iterator[int]:
        while rest:
            newest = rest.bit_length() - 1
            yield newest
            rest &= ~(self.pasts[newest] | 1 << newest)


def bits(members: int) -> Iterator[int]:
    """The numbers in a set, ascending."""
    while members:
        lowest = members & -members
        yield lowest.bit_length() - 1
        members ^= lowest


def _largest_matching(futures: Sequence[int], children: Sequence[Sequence[int]]) -> int:
    """How many entries can each be matched with one after it that no other is matched with (Kuhn's augmenting paths, over sets of bits)."""
    before: dict[int, int] = {}
    unmatched = []
    for node in reversed(range(len(children))):
        free = next((child for child in children[node] if child not in before), None)
        if free is None:
            unmatched.append(node)
        else:
            before[free] = node
    free_ones = (1 << len(children)) - 1
    for child in before:
        free_ones ^= 1 << child
    for node in unmatched:
        free_ones ^= _augment(node, futures, before, free_ones)
    return len(before)


def _augment(start: int, futures: Sequence[int], before: dict[int, int], free_ones: int) -> int:
    """Find a later entry for ``start``, if need be by moving others to other ones; the bit of the one that isn't free any more, 0 when there is none."""
    tried = 0
    way: list[tuple[int, int]] = []
    node = start
    while True:
        open_ways = futures[node] & ~tried
        if free := open_ways & free_ones:
            child = free.bit_length() - 1
            for earlier, chosen in [*way, (node, child)]:
                before[chosen] = earlier
            return 1 << child
        if open_ways:
            child = (open_ways & -open_ways).bit_length() - 1
            tried |= 1 << child
            way.append((node, child))
            node = before[child]
        elif way:
            node, _ = way.pop()
        else:
            return 0
