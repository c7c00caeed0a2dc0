from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tools.replaying.moments import parted_at

Write = tuple[int, int, frozenset[int]]
"""Number, moment, and the numbers of those that it builds on, directly or not."""


@st.composite
def histories(draw: st.DrawFn) -> list[Write]:
    writes: list[Write] = []
    for number in range(draw(st.integers(0, 12))):
        parents = draw(st.sets(st.sampled_from(range(number)), max_size=3)) if number else set()
        past = frozenset(parents).union(*(writes[parent][2] for parent in parents))
        writes.append((number, draw(st.integers(0, 10)), past))
    return writes


@given(histories(), st.integers(0, 10))
def test_a_state_is_causally_closed_and_misses_nothing_that_could_be_in_it(writes: list[Write], time: int) -> None:
    parted = parted_at(writes, time, moment=lambda write: write[1], builds_on=lambda write, earlier: earlier[0] in write[2])
    before = {write[0] for write in parted.before}
    assert sorted((*parted.before, *parted.after)) == writes
    for number, moment, past in writes:
        assert (number in before) == (moment <= time and past <= before)
