"""Films: how long, how large, and the picture that stands for one."""

from __future__ import annotations

import builtins
import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from peer.media.examination import examine
from peer.media.films import NEEDS_EXTRA, UNREADABLE
from peer.media.findings import Examination, Picture, Verdict
from peer.media.limits import DecodeLimits
from peer.media.types import HEAD_BYTES, TYPES, MediaType, identify
from tests.fixtures import pictures
from tests.fixtures.films import film, with_keys, with_user_data

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
FORMS = ["mp4", "mov", "mkv", "webm", "avi", "mts", "mpg", "wmv"]


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Examination]:
    def examined(data: bytes, name: str = "a.mp4", *, want_preview: bool = False, limits: DecodeLimits | None = None) -> Examination:
        path = tmp_path / name
        path.write_bytes(data)
        media = identify(data[:HEAD_BYTES], name)
        assert isinstance(media, MediaType), media
        return examine(path, media, want_preview=want_preview, limits=limits or DecodeLimits())

    return examined


def opened(picture: Picture | None) -> Image.Image:
    assert picture is not None
    image = Image.open(io.BytesIO(picture.data)).convert("RGB")
    assert image.size == (picture.width, picture.height)
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    width, height = image.size
    places = [(width // 4, height // 4), (3 * width // 4, height // 4), (width // 4, 3 * height // 4), (3 * width // 4, 3 * height // 4)]
    colours = [image.getpixel(place) for place in places]
    return [tuple(255 if channel > 128 else 0 for channel in colour) for colour in colours if isinstance(colour, tuple)]


@pytest.mark.parametrize("form", FORMS)
def test_every_container_has_a_poster_a_size_and_a_length(look: Callable[..., Examination], form: str) -> None:
    found = look(film(form), f"a.{form}", want_preview=True)
    assert (found.verdict, found.problem, found.notes) == (Verdict.DRAWN, None, ())
    assert (found.width, found.height, found.exif["width"]) == (320, 240, 320)
    assert found.exif["duration"] == (0.8 if form == "mpg" else 2)
    assert corners(opened(found.thumbnail)) == [RED, GREEN, BLUE, WHITE]
    assert found.thumbhash
    assert opened(found.preview).size == (320, 240)  # browsers can't show what stands behind it


def test_a_film_in_fragments_has_a_length_too(look: Callable[..., Examination]) -> None:
    found = look(film(fragmented=True))
    assert (found.verdict, found.exif) == (Verdict.DRAWN, {"duration": 2, "width": 320, "height": 240})


def test_a_large_film_has_a_small_thumbnail_and_a_preview_of_2048(look: Callable[..., Examination]) -> None:
    data = film(size=(2560, 1440), seconds=0.1)
    assert opened(look(data, want_preview=True).preview).size == (2048, 1152)
    without = look(data)
    assert (without.preview, opened(without.thumbnail).size) == (None, (360, 202))


@pytest.mark.parametrize(
    ("turned", "expected"), [(90, [BLUE, RED, WHITE, GREEN]), (180, [WHITE, BLUE, GREEN, RED]), (270, [GREEN, WHITE, RED, BLUE])]
)
def test_a_film_that_was_held_otherwise_is_shown_upright(look: Callable[..., Examination], turned: int, expected: list[Any]) -> None:
    found = look(film(turned=turned), want_preview=True)
    size = (320, 240) if turned == 180 else (240, 320)
    assert (found.width, found.height) == (found.exif["width"], found.exif["height"]) == size
    assert opened(found.preview).size == size
    assert corners(opened(found.thumbnail)) == expected


def test_pixels_that_are_no_squares(look: Callable[..., Examination]) -> None:
    found = look(film("mkv", size=(360, 288), aspect=Fraction(16, 15)), "a.mkv", want_preview=True)
    assert (found.width, found.height) == opened(found.preview).size == (384, 288)


class TestPoster:
    """The first frame that isn't nearly black."""

    def frames(self, *parts: tuple[Any, int]) -> list[Image.Image]:
        return [Image.new("RGB", (64, 48), colour) for colour, count in parts for _ in range(count)]

    def test_a_film_that_begins_black_is_shown_by_a_later_key_frame(self, look: Callable[..., Examination]) -> None:
        found = look(film(frames=self.frames((BLACK, 15), (RED, 1)), seconds=4))
        assert corners(opened(found.thumbnail)) == [RED] * 4

    def test_a_short_film_without_another_key_frame_too(self, look: Callable[..., Examination]) -> None:
        found = look(film(frames=self.frames((BLACK, 15), (RED, 1)), seconds=2, key_every=1000))
        assert corners(opened(found.thumbnail)) == [RED] * 4

    def test_a_film_that_is_black_all_through_is_shown_black(self, look: Callable[..., Examination]) -> None:
        found = look(film(frames=self.frames((BLACK, 1)), seconds=3))
        assert corners(opened(found.thumbnail)) == [BLACK] * 4

    def test_what_comes_after_the_first_seconds_is_not_looked_at(self, look: Callable[..., Examination]) -> None:
        found = look(film(frames=self.frames((BLACK, 150), (RED, 1)), seconds=16))
        assert corners(opened(found.thumbnail)) == [BLACK] * 4


KEYS = {
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.model": "iPhone 15",
    "com.apple.quicktime.software": "17.5",
    "com.apple.quicktime.creationdate": "2024-07-21T18:03:11+0200",
    "com.apple.quicktime.location.ISO6709": "+48.8584+002.2945+035.120/",
    "com.apple.quicktime.content.identifier": "0A1B2C3D-4E5F-6789-ABCD-EF0123456789",
}


class TestWhatItSays:
    """Metadata of phones."""

    @pytest.mark.parametrize("quicktime", [True, False])
    def test_apples_keys(self, look: Callable[..., Examination], quicktime: bool) -> None:
        found = look(with_keys(film("mov", seconds=1), KEYS, quicktime=quicktime), "a.mov")
        assert found.verdict is Verdict.DRAWN
        assert found.exif == {
            "taken": "2024-07-21T18:03:11+02:00",
            "make": "Apple",
            "model": "iPhone 15",
            "gps": [48.8584, 2.2945, 35.12],
            "content": "0A1B2C3D-4E5F-6789-ABCD-EF0123456789",
            "duration": 1,
            "width": 320,
            "height": 240,
        }

    def test_the_time_in_a_container_that_only_the_decoder_reads(self, look: Callable[..., Examination]) -> None:
        found = look(film("mkv", seconds=1, taken="2024-07-21T16:03:11.5Z"), "a.mkv")
        assert found.exif["taken"] == "2024-07-21T16:03:11.500+00:00"

    def test_androids_place(self, look: Callable[..., Examination]) -> None:
        found = look(with_user_data(film(seconds=1), {b"\xa9xyz": "-33.8568+151.2153/", b"\xa9day": "2024"}))
        assert found.exif["gps"] == [-33.8568, 151.2153]
        assert "taken" not in found.exif


class TestWithoutPicture:
    """The asset is whole; only its picture is missing."""

    def test_without_the_extra_everything_else_is_there(self, look: Callable[..., Examination], monkeypatch: pytest.MonkeyPatch) -> None:
        _hide(monkeypatch, "av")
        found = look(with_keys(film(turned=90), {"com.apple.quicktime.make": "Apple"}))
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, NEEDS_EXTRA)
        assert (found.width, found.height, found.thumbnail) == (240, 320, None)
        assert found.exif == {"duration": 2, "width": 240, "height": 320, "make": "Apple"}
        assert "pip install 'calotype[video]'" in NEEDS_EXTRA

    def test_a_film_of_nothing_has_its_date_and_length(self, look: Callable[..., Examination]) -> None:
        found = look(pictures.movie())
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, "this video has no moving pictures")
        assert (found.exif["taken"], found.exif["duration"], found.width) == ("2023-12-31T00:00:00+00:00", 5, 1920)

    def test_frames_that_are_noise(self, look: Callable[..., Examination]) -> None:
        data = bytearray(film())
        at = data.index(b"mdat") + 4
        data[at : at + 1200] = bytes(1200)
        found = look(bytes(data))
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, UNREADABLE)
        assert found.exif["duration"] == 2

    def test_frames_with_too_many_pixels_are_not_decoded(self, look: Callable[..., Examination]) -> None:
        found = look(film(), limits=DecodeLimits(pixels=320 * 240 - 1))
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, "too many pixels: 320 × 240")

    @pytest.mark.parametrize("form", ["mp4", "mkv", "avi"])
    def test_a_film_that_is_cut_off_is_broken(self, look: Callable[..., Examination], form: str) -> None:
        assert look(pictures.truncated(film(form), 0.8), f"a.{form}").verdict is Verdict.BROKEN

    def test_a_playlist_that_calls_itself_a_film_opens_nothing(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.mp4"
        secret.write_bytes(film())
        for text in (f"#EXTM3U\n#EXTINF:1,\n{secret}\n", f"ffconcat version 1.0\nfile {secret}\n"):
            trap = tmp_path / "a.mp4"
            trap.write_text(text)
            for name in ("AVI", "MKV", "MPEG", "MTS", "WMV"):  # whatever it was taken for
                assert examine(trap, TYPES[name]).thumbnail is None


def _hide(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    """As if a library weren't installed."""
    real = builtins.__import__

    def importing(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == hidden:
            raise ModuleNotFoundError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", importing)


SMALL = {form: film(form, size=(64, 48), seconds=0.5) for form in ("mp4", "mkv", "avi", "mts")}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(form=st.sampled_from(sorted(SMALL)), data=st.data())
def test_films_with_flipped_bytes_have_a_verdict(tmp_path: Path, form: str, data: st.DataObject) -> None:
    hostile = bytearray(SMALL[form])
    for _ in range(data.draw(st.integers(1, 12))):
        hostile[data.draw(st.integers(12, len(hostile) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "hostile"
    path.write_bytes(hostile)
    media = {"mp4": "MP4", "mkv": "MKV", "avi": "AVI", "mts": "MTS"}[form]
    found = examine(path, TYPES[media], limits=DecodeLimits(pixels=1_000_000))
    assert (found.problem is None) == (found.verdict is Verdict.DRAWN)
