"""Generations: the smallest that isn't purged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crdt.purge import generation_for
from store.ids import FileHash, RecordId

FILE = FileHash(bytes(range(32)))


@given(st.sets(st.integers(0, 12)))
def test_the_smallest_generation_that_is_not_purged(purged: set[int]) -> None:
    gone = {RecordId.asset(FILE, n) for n in purged}
    expected = next(n for n in range(14) if n not in purged)
    assert generation_for(FILE, gone.__contains__) == RecordId.asset(FILE, expected)


def test_generations_of_a_file_are_different_assets() -> None:
    assert len({RecordId.asset(FILE, n) for n in range(100)}) == 100
