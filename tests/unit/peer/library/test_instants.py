from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.library.instants import iso_utc, iso_utc_or_none


def test_a_time_has_milliseconds_and_says_that_it_is_utc() -> None:
    assert iso_utc(1_721_577_791_042) == "2024-07-21T16:03:11.042Z"
    assert iso_utc(0) == "1970-01-01T00:00:00.000Z"
    assert iso_utc_or_none(None) is None


@pytest.mark.parametrize(
    ("millis", "text"), [(1 << 48, "9999-12-31T23:59:59.999Z"), (1 << 70, "9999-12-31T23:59:59.999Z"), (-1, "1970-01-01T00:00:00.000Z")]
)
def test_clocks_that_are_wrong_by_millennia_show_as_the_end_of_time(millis: int, text: str) -> None:
    assert iso_utc(millis) == text


@given(st.integers(0, 253402300799999))
def test_reads_back_as_the_same_millisecond(millis: int) -> None:
    instant = datetime.fromisoformat(iso_utc(millis))
    assert (instant - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() == pytest.approx(millis / 1000, abs=0.0001)
