"""Causal graphs at random, and what is true of them by definition, computed the slow way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hypothesis import strategies as st

Parents = Sequence[Sequence[int]]


@st.composite
def parents_of_entries(draw: st.DrawFn, at_most: int = 9) -> list[list[int]]:
    """For each entry those that it names: any earlier ones."""
    count = draw(st.integers(0, at_most))
    return [sorted(draw(st.sets(st.integers(0, node - 1), max_size=3))) if node else [] for node in range(count)]


def past_of(parents: Parents, node: int) -> set[int]:
    found: set[int] = set()
    for parent in parents[node]:
        found |= {parent} | past_of(parents, parent)
    return found


def are_concurrent(parents: Parents, first: int, second: int) -> bool:
    return first != second and first not in past_of(parents, second) and second not in past_of(parents, first)


def width_of(parents: Parents) -> int:
    """By looking at each set of entries."""
    nodes = range(len(parents))
    return max(
        (size for size in range(len(parents) + 1) for chosen in combinations(nodes, size) if _all_concurrent(parents, chosen)), default=0
    )


def reduced(parents: Parents) -> list[set[int]]:
    """Edges without those that a longer way makes superfluous."""
    return [
        {parent for parent in named if not any(parent in past_of(parents, other) for other in named if other != parent)}
        for named in parents
    ]


def _all_concurrent(parents: Parents, chosen: Sequence[int]) -> bool:
    return all(are_concurrent(parents, first, second) for first, second in combinations(chosen, 2))
