"""Two sorted sequences side by side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tools.proving.beside import beside

numbers = st.sets(st.integers(0, 20)).map(sorted)


@given(numbers, numbers)
def test_equal_items_come_together_and_all_come_in_order(left: list[int], right: list[int]) -> None:
    pairs = list(beside(left, right, lambda each: each))
    assert [one for one, _ in pairs if one is not None] == left
    assert [other for _, other in pairs if other is not None] == right
    assert all(one == other for one, other in pairs if one is not None and other is not None)
    merged = [one if one is not None else other for one, other in pairs]
    assert merged == sorted({*left, *right})
