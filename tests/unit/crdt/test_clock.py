"""Hybrid logical clock: stamps grow, carry, and aren't dragged along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.clock import AHEAD_LIMIT_MS, FIRST_STAMP, Stamp, is_ahead, next_stamp, observe

MAX_MILLIS = (1 << 48) - 1
stamps = st.builds(Stamp.of, st.integers(0, MAX_MILLIS - 1), st.integers(0, 0xFFFF))
clocks = st.integers(-(1 << 50), 1 << 50)


def test_layout() -> None:
    stamp = Stamp.of(0x0102_0304_0506, 0x0708)
    assert stamp == bytes([1, 2, 3, 4, 5, 6, 7, 8])
    assert (stamp.millis, stamp.counter) == (0x0102_0304_0506, 0x0708)


@pytest.mark.parametrize("length", [0, 7, 9])
def test_other_lengths_are_no_stamps(length: int) -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        Stamp(bytes(length))


@pytest.mark.parametrize(("millis", "counter"), [(-1, 0), (1 << 48, 0), (0, -1), (0, 1 << 16)])
def test_parts_out_of_range(millis: int, counter: int) -> None:
    with pytest.raises(ValueError, match="48 bits"):
        Stamp.of(millis, counter)


@given(stamps, clocks)
def test_the_next_stamp_is_larger_whatever_the_clock_says(last: Stamp, physical: int) -> None:
    assert next_stamp(last, physical) > last


@given(stamps, st.integers(0, MAX_MILLIS))
def test_the_next_stamp_is_the_physical_time_where_that_is_larger(last: Stamp, physical: int) -> None:
    following = next_stamp(last, physical)
    if physical > last.millis:
        assert following == Stamp.of(physical)
    else:
        assert following.millis - last.millis in (0, 1)


@given(stamps, stamps)
def test_bytes_order_like_time(one: Stamp, other: Stamp) -> None:
    assert (one < other) == ((one.millis, one.counter) < (other.millis, other.counter))


def test_a_full_counter_carries_into_the_milliseconds() -> None:
    assert next_stamp(Stamp.of(1000, 0xFFFF), 1000) == Stamp.of(1001, 0)


def test_a_clock_that_runs_backwards_still_gives_growing_stamps() -> None:
    last, seen = FIRST_STAMP, []
    for physical in (5_000, 4_000, 4_000, 1, -7, 5_000, 5_001):
        last = next_stamp(last, physical)
        seen.append(last)
    assert seen == sorted(set(seen))
    assert seen[-1] == Stamp.of(5_001)


def test_the_end_of_time_is_an_error_and_not_a_smaller_stamp() -> None:
    with pytest.raises(OverflowError):
        next_stamp(Stamp(b"\xff" * 8), 0)


@given(stamps, stamps, st.integers(0, MAX_MILLIS))
def test_what_is_received_moves_the_clock_unless_it_is_ahead(last: Stamp, received: Stamp, physical: int) -> None:
    after = observe(last, received, physical)
    assert after >= last
    assert after == (last if is_ahead(received, physical) else max(last, received))


def test_ahead_begins_beyond_five_minutes() -> None:
    assert not is_ahead(Stamp.of(1_000 + AHEAD_LIMIT_MS, 0xFFFF), 1_000)
    assert is_ahead(Stamp.of(1_001 + AHEAD_LIMIT_MS), 1_000)
