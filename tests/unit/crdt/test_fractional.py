"""Positions: always room between two, short where people append."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.fractional import MAX_POSITION, between, parse_position, spread
from crdt.parsing import WrongTypeError

LOWEST, HIGHEST = "A" + "0" * 26, "z" * 27
fractions = st.text("019Azz", max_size=4).filter(lambda digits: not digits.endswith("0"))
wholes = st.sampled_from(
    ["a0", "a1", "az", "b00", "bzz", "c000", "Z0", "Zz", "Y00", "Yzz", "A" + "0" * 25 + "1", LOWEST, "z" * 26 + "y", HIGHEST]
)
positions = st.builds(str.__add__, wholes, fractions).filter(lambda position: position != LOWEST)


@given(positions, positions)
def test_between_two(one: str, other: str) -> None:
    low, high = sorted((one, other))
    if low == high:
        with pytest.raises(ValueError, match="nothing between"):
            between(low, high)
    else:
        middle = between(low, high)
        assert low < middle < high
        assert parse_position(middle) == middle


@given(positions)
def test_outside_of_one(position: str) -> None:
    assert between(None, position) < position < between(position, None)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), max_size=150))
def test_inserting_anywhere_keeps_the_order(places: list[float]) -> None:
    order: list[str] = []
    for where in places:
        index = round(where * len(order))
        order.insert(index, between(order[index - 1] if index else None, order[index] if index < len(order) else None))
    assert order == sorted(set(order))


def test_appending_and_prepending_stay_short() -> None:
    last = first = between(None, None)
    for _ in range(5_000):
        last, first = between(last, None), between(None, first)
    assert max(len(last), len(first)) <= 4


def test_inserting_at_one_place_grows_a_character_for_about_six() -> None:
    low, high = "a0", "a1"
    for _ in range(600):
        high = between(low, high)
    assert len(high) <= 125


@pytest.mark.parametrize(("low", "high"), [(None, None), ("a0", None), (None, "a0"), ("a0", "a1"), ("a0", "z" * 27)])
@pytest.mark.parametrize("count", [0, 1, 2, 1_000])
def test_spreading(low: str | None, high: str | None, count: int) -> None:
    many = spread(low, high, count)
    assert len(many) == count
    assert many == sorted(set(many))
    assert all((low is None or low < position) and (high is None or position < high) for position in many)
    assert max(map(len, many), default=0) <= 6


@pytest.mark.parametrize(
    "value",
    ["", "a", "b0", "a00", "a0V0", "0", "é0", "a-", "a0é", LOWEST, "a" * (MAX_POSITION + 1), "a" + "1" * MAX_POSITION, None, 5, b"a0"],
)
def test_what_is_no_position(value: object) -> None:
    with pytest.raises(WrongTypeError):
        parse_position(value)  # type: ignore[arg-type]  # on purpose


def test_no_room_is_said_and_not_written() -> None:
    full = "a0" + "z" * (MAX_POSITION - 2)
    with pytest.raises(ValueError, match="no room"):
        between(full, "a1")
