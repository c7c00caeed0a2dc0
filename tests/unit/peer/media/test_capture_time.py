"""Dates as cameras and programs write them, and what only looks like one."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.capture_time import parse_gps_moment, parse_moment


@pytest.mark.parametrize(
    ("text", "offset", "fraction", "moment"),
    [
        ("2024:07:21 18:03:11", "", "", "2024-07-21T18:03:11"),
        ("2024:07:21 18:03:11", "+02:00", "348", "2024-07-21T18:03:11.348+02:00"),
        ("2024:07:21 18:03:11", "+02:00", "5", "2024-07-21T18:03:11.500+02:00"),
        ("2024:07:21 18:03:11", "-0330", "123456", "2024-07-21T18:03:11.123-03:30"),
        ("2024:07:21 18:03:11", "Z", "000", "2024-07-21T18:03:11+00:00"),
        ("2024:07:21 18:03:11", "+99:00", "x", "2024-07-21T18:03:11"),
        ("2024:07:21 18:03:11", "+14:30", "", "2024-07-21T18:03:11"),
        ("2024-07-21T18:03:11+02:00", "", "", "2024-07-21T18:03:11+02:00"),
        ("2024-07-21T18:03:11.25", "", "", "2024-07-21T18:03:11.250"),
        ("2024-07-21T18:03", "", "", "2024-07-21T18:03:00"),
        ("2024-07-21", "", "", "2024-07-21T00:00:00"),
        ("1839:08:19 12:00:00", "", "", "1839-08-19T12:00:00"),
        (" 2024:7:1 8:03:11 ", "", "", "2024-07-01T08:03:11"),
    ],
)
def test_dates_are_read_as_they_were_meant(text: str, offset: str, fraction: str, moment: str) -> None:
    assert parse_moment(text, offset=offset, fraction=fraction) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "2024:13:01 00:00:00",
        "2024:02:30 00:00:00",
        "2024:07:21 24:00:00",
        "2024:07:21 18:61:00",
        "1066:10:14 09:00:00",
        "9999:12:31 23:59:59",
        "2024",
        "yesterday",
        "２０２４:07:21 18:03:11",
        "2024:07:21 18:03:11 or so",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_moment(text) is None


def test_satellite_time_is_utc() -> None:
    assert parse_gps_moment("2019:03:21", (16.0, 4.0, 21.01)) == "2019-03-21T16:04:21+00:00"


@pytest.mark.parametrize(
    "time", [(), (1.0, 2.0), (math.nan, 0.0, 0.0), (25.0, 0.0, 0.0), (1.0, 60.0, 0.0), (-1.0, 0.0, 0.0), (math.inf, 0.0, 0.0)]
)
def test_absurd_satellite_time_is_none(time: tuple[float, ...]) -> None:
    assert parse_gps_moment("2019:03:21", time) is None


@given(st.text(max_size=40), st.text(max_size=10), st.text(max_size=10))
def test_any_text_is_a_moment_or_none(text: str, offset: str, fraction: str) -> None:
    moment = parse_moment(text, offset=offset, fraction=fraction)
    assert moment is None or datetime.fromisoformat(moment)


@given(st.datetimes(min_value=datetime(1826, 1, 1), max_value=datetime(2100, 12, 31)))  # noqa: DTZ001  (local times)
def test_what_was_written_reads_the_same(moment: datetime) -> None:
    written = parse_moment(moment.strftime("%Y:%m:%d %H:%M:%S"), fraction=f"{moment.microsecond:06}")
    assert written is not None
    assert parse_moment(written) == written
    assert datetime.fromisoformat(written) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
