"""Date, place, size and length from the header of a movie."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.movie import read_movie
from peer.media.quicktime import parse_place
from tests.fixtures import pictures
from tests.fixtures.films import with_keys

SECONDS_TO_2024 = 3_786_912_000  # from 1904


def test_recorded_at_and_size() -> None:
    header = read_movie(pictures.movie(seconds_since_1904=SECONDS_TO_2024))
    assert header.metadata == {"taken": "2024-01-01T00:00:00+00:00", "width": 1920, "height": 1080, "duration": 5}
    assert header.size == (1920, 1080)


def test_a_movie_that_was_held_upright() -> None:
    assert read_movie(pictures.movie(turned=True)).size == (1080, 1920)


def test_a_recorder_without_a_clock_gives_no_date() -> None:
    assert "taken" not in read_movie(pictures.movie(seconds_since_1904=0)).metadata


def test_sound_tracks_have_no_size() -> None:
    assert read_movie(pictures.movie(size=(0, 0))).size is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 200), st.binary(max_size=64))
def test_any_header_is_read(seconds: int, at: int, noise: bytes) -> None:
    data = pictures.movie(seconds_since_1904=seconds)
    read_movie(data[:at] + noise + data[at + len(noise) :])


def header_of(contents: bytes, *more: bytes) -> bytes:
    return pictures.box(b"ftyp", b"mp42", bytes(4)) + pictures.box(b"moov", pictures.box(b"mvhd", contents), *more)


@pytest.mark.parametrize(
    ("scale", "units", "expected"),
    [
        (1000, 5000, 5),
        (90_000, 123_456, 1.372),
        (1, 1, 1),
        (600, 0, None),
        (0, 5000, None),
        (1000, 1, 0.001),
        (10**6, 1, 0.001),
        (1000, 2**32 - 1, None),
        (1, 2**32 - 2, None),
    ],
)
def test_how_long_it_is(scale: int, units: int, expected: float | None) -> None:
    assert read_movie(header_of(struct.pack(">4x8xII", scale, units))).metadata.get("duration") == expected


def test_how_long_it_is_with_times_of_64_bits() -> None:
    long = struct.pack(">B3xQQIQ", 1, SECONDS_TO_2024, 0, 1000, 2**33)
    found = read_movie(header_of(long)).metadata
    assert found == {"taken": "2024-01-01T00:00:00+00:00", "duration": 2**33 / 1000}


def test_how_long_it_is_in_fragments() -> None:
    fragments = pictures.box(b"mvex", pictures.box(b"mehd", struct.pack(">4xI", 7000)))
    assert read_movie(header_of(struct.pack(">4x8xII", 1000, 0), fragments)).metadata["duration"] == 7


def test_local_time_with_its_zone_comes_before_that_of_the_header() -> None:
    whole = header_of(struct.pack(">4xI4xII", SECONDS_TO_2024, 1000, 1000))
    assert read_movie(whole).metadata["taken"] == "2024-01-01T00:00:00+00:00"
    local = with_keys(whole, {"com.apple.quicktime.creationdate": "2024-01-01T05:30:00+0530"})
    assert read_movie(local).metadata["taken"] == "2024-01-01T05:30:00+05:30"
    unreadable = with_keys(whole, {"com.apple.quicktime.creationdate": "yesterday"})
    assert read_movie(unreadable).metadata["taken"] == "2024-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+48.8584+002.2945+035.120/", [48.8584, 2.2945, 35.12]),
        ("-33.8568+151.2153/", [-33.8568, 151.2153]),
        ("+31.5+035.5-430/", [31.5, 35.5, -430]),
        ("+48.8584+002.2945+035CRSWGS_84/", [48.8584, 2.2945, 35]),
        ("+48+002", [48, 2]),
        ("+00.0000+000.0000/", None),
        ("+91.0+002.0/", None),
        ("+48.0+181.0/", None),
        ("+4851.5+00217.7/", None),
        ("48.8 2.2", None),
        ("", None),
    ],
)
def test_places(text: str, expected: list[float] | None) -> None:
    assert parse_place(text) == expected


@given(st.text(alphabet="+-.0123456789/CRS", max_size=40))
def test_any_place_is_on_earth(text: str) -> None:
    place = parse_place(text)
    assert place is None or (abs(place[0]) <= 90 and abs(place[1]) <= 180 and all(math.isfinite(number) for number in place))


def test_a_value_that_is_no_text_is_left_out() -> None:
    number = with_keys(header_of(bytes(100)), {"com.apple.quicktime.make": "Apple"}).replace(
        struct.pack(">II", 1, 0) + b"Apple", struct.pack(">II", 21, 0) + b"Apple"
    )
    assert "make" not in read_movie(number).metadata
