"""Date and size from the header of a movie."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peer.media.movie import read_movie
from tests.fixtures import pictures

SECONDS_TO_2024 = 3_786_912_000  # from 1904


def test_recorded_at_and_size() -> None:
    header = read_movie(pictures.movie(seconds_since_1904=SECONDS_TO_2024))
    assert header.metadata == {"taken": "2024-01-01T00:00:00+00:00", "width": 1920, "height": 1080}
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
