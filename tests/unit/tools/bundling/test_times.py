"""Times are shifted: order, equality and distances stay."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crdt.clock import Stamp
from crdt.parsing import capture_time
from tools.bundling.times import CaptureTimes, Moments

LAST = (1 << 48) - 1
DRAWN = b"\0\0\0\1\2\3\4\5"


@given(known=st.sets(st.integers(1_000_000_000_000, 2_000_000_000_000), min_size=1))
def test_distances_between_moments_stay(known: set[int]) -> None:
    moments = Moments(known, DRAWN)
    before, after = sorted(known), [moments.moment(each) for each in sorted(known)]
    assert [two - one for one, two in pairwise(before)] == [two - one for one, two in pairwise(after)]
    assert not moments.are_numbered


@given(known=st.sets(st.integers(0, LAST), min_size=1) | st.just({0, LAST}), counter=st.integers(0, 65_535))
def test_stamps_keep_their_order_whatever_clocks_say(known: set[int], counter: int) -> None:
    moments = Moments(known, DRAWN)
    stamps = [moments.stamp(Stamp.of(each, counter)) for each in sorted(known)]
    assert stamps == sorted({*stamps})
    assert all(stamp.counter == counter for stamp in stamps)


def test_a_clock_at_its_end_costs_the_distances() -> None:
    assert Moments({0, LAST}, DRAWN).are_numbered


@given(known=st.sets(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)), min_size=1), digits=st.integers(0, 6))  # noqa: DTZ001
def test_capture_times_keep_form_order_and_offset(known: set[datetime], digits: int) -> None:
    texts = {_text(time, digits) for time in known}
    times = CaptureTimes(texts, DRAWN)
    made = [times.shifted(text) for text in sorted(texts)]
    assert [text for text in made if text is not None] == sorted({text for text in made if text is not None})
    assert len(made) == len(texts)
    for before, after in zip(sorted(texts), made, strict=True):
        assert after is not None
        assert capture_time(after)
        assert (len(after), after[-6:]) == (len(before), "+05:45")


def test_what_is_no_time_isnt_taken_for_one() -> None:
    times = CaptureTimes(["2024-02-30T00:00:00", "yesterday"], DRAWN)
    assert times.shifted("2024-02-30T00:00:00") is None
    assert times.shifted("yesterday") is None


@given(first=st.binary(min_size=8, max_size=8), second=st.binary(min_size=8, max_size=8))
def test_where_they_begin_is_drawn(first: bytes, second: bytes) -> None:
    one, other = (Moments({1_700_000_000_000}, drawn).moment(1_700_000_000_000) for drawn in (first, second))
    assert (one == other) == (int.from_bytes(first, "big") % (3650 * 86_400_000) == int.from_bytes(second, "big") % (3650 * 86_400_000))


def _text(time: datetime, digits: int) -> str:
    fraction = f".{time.microsecond:06d}"[: digits + 1] if digits else ""
    return f"{time.replace(microsecond=0).isoformat()}{fraction}+05:45"
