"""Pictures of RAW files: the camera's own, LibRaw's, or none."""

from __future__ import annotations

import builtins
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from peer.media.embedded import embedded_pictures, sensor_size
from peer.media.examination import examine
from peer.media.findings import Examination, Picture, Verdict
from peer.media.limits import DecodeLimits
from peer.media.raws import NEEDS_EXTRA, UNREADABLE
from peer.media.types import HEAD_BYTES, TYPES, MediaType, identify
from tests.fixtures import pictures, raws
from tests.fixtures.pictures import Shot

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
UPRIGHT = [RED, GREEN, BLUE, WHITE]
TURNED = [BLUE, RED, WHITE, GREEN]

LARGE, SMALL = raws.camera_jpeg(1600, 1200), raws.camera_jpeg(160, 120)

SHELLS: dict[str, bytes] = {
    "nef": raws.nef(LARGE, SMALL),
    "cr2": raws.cr2(LARGE),
    "rw2": raws.rw2(LARGE),
    "raf": raws.raf(LARGE),
    "cr3": raws.cr3(LARGE),
    "dng": raws.dng(preview=LARGE),
    "arw": raws.nef(LARGE, SMALL),
}


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Examination]:
    def examined(data: bytes, name: str = "a.dng", *, want_preview: bool = False, limits: DecodeLimits | None = None) -> Examination:
        path = tmp_path / name
        path.write_bytes(data)
        media = identify(data[:HEAD_BYTES], name)
        assert isinstance(media, MediaType), media
        return examine(path, media, want_preview=want_preview, limits=limits or DecodeLimits())

    return examined


@pytest.fixture
def without_libraw(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra weren't installed."""
    real = builtins.__import__

    def importing(name: str, *rest: Any, **named: Any) -> Any:
        if name == "rawpy":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", importing)


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


class TestEmbedded:
    """The camera's own picture needs no extra."""

    @pytest.mark.parametrize("form", SHELLS)
    @pytest.mark.usefixtures("without_libraw")
    def test_the_largest_one_is_taken(self, look: Callable[..., Examination], form: str) -> None:
        found = look(SHELLS[form], f"a.{form}", want_preview=True)
        assert (found.verdict, found.problem) == (Verdict.DRAWN, None)
        assert corners(opened(found.thumbnail)) == UPRIGHT
        assert opened(found.preview).size == (1600, 1200)
        assert (found.width, found.height) == ((640, 480) if form == "dng" else (1600, 1200))
        assert found.thumbhash
        assert look(SHELLS[form], f"a.{form}").preview is None

    def test_it_is_turned_as_the_file_says(self, look: Callable[..., Examination]) -> None:
        for form, data in (("nef", raws.nef(LARGE, SMALL, orientation=6)), ("dng", raws.dng(preview=LARGE, orientation=6))):
            found = look(data, f"a.{form}", want_preview=True)
            assert corners(opened(found.thumbnail)) == corners(opened(found.preview)) == TURNED
            assert opened(found.preview).size == (1200, 1600)
            assert found.width is not None
            assert found.height is not None
            assert found.width < found.height
            assert found.exif["orientation"] == 6

    def test_or_as_it_says_itself(self, look: Callable[..., Examination]) -> None:
        jpeg = raws.camera_jpeg(1600, 1200, shot=Shot(orientation=6))
        assert corners(opened(look(raws.raf(jpeg), "a.raf").thumbnail)) == TURNED
        # Turned by the camera already, and so it says: not once more.
        ready = raws.camera_jpeg(1200, 1600, shot=Shot(orientation=1))
        assert corners(opened(look(raws.nef(ready, SMALL, orientation=6), "a.nef").thumbnail)) == UPRIGHT

    def test_a_damaged_one_is_passed_over(self, look: Callable[..., Examination]) -> None:
        cut = LARGE[: len(LARGE) // 2]
        smaller = raws.camera_jpeg(1100, 800)
        found = look(raws.nef(cut, smaller), "a.nef", want_preview=True)
        assert opened(found.preview).size == (1100, 800)

    def test_lossless_ones_are_the_sensors_data(self) -> None:
        lossless = LARGE.replace(b"\xff\xc0", b"\xff\xc3", 1)
        assert embedded_pictures(raws.cr2(lossless), "CR2") == []

    def test_places_outside_of_the_file_are_not_believed(self) -> None:
        whole = raws.raf(LARGE)
        (picture,) = embedded_pictures(whole, "RAF")
        assert embedded_pictures(whole[: picture.offset + picture.length - 1], "RAF") == []
        assert embedded_pictures(whole[:84] + b"\xff" * 8 + whole[92:], "RAF") == []

    def test_directories_that_lead_in_circles(self) -> None:
        writer = raws.TiffWriter()
        at = 8 + 2 + 2 * 12 + 4
        jpeg_at = at + 4
        writer.directory({0x014A: (raws.LONG, [8, 8, at]), 0x0201: (raws.LONG, [jpeg_at])}, following=8)
        assert embedded_pictures(writer.finish(8), "NEF") == []

    @settings(max_examples=150, deadline=None)
    @given(form=st.sampled_from(sorted(SHELLS)), data=st.data())
    def test_whatever_directories_say_the_place_is_in_the_file(self, form: str, data: st.DataObject) -> None:
        tiny = raws.camera_jpeg(16, 16)
        maker = {"cr2": raws.cr2, "rw2": raws.rw2, "raf": raws.raf, "cr3": raws.cr3}.get(form)
        hostile = bytearray(maker(tiny) if maker else raws.nef(tiny, tiny))
        for _ in range(data.draw(st.integers(1, 8))):
            hostile[data.draw(st.integers(4, len(hostile) - 1))] = data.draw(st.integers(0, 255))
        name = form.upper()
        for picture in embedded_pictures(bytes(hostile), name):
            assert 0 <= picture.offset < picture.offset + picture.length <= len(hostile)
        sensor_size(bytes(hostile), name)


class TestDeveloped:
    """What LibRaw makes of the sensor's data."""

    def test_without_a_picture_inside_the_data_is_developed(self, look: Callable[..., Examination]) -> None:
        found = look(raws.dng(2400, 1600), want_preview=True)
        assert (found.verdict, found.problem) == (Verdict.DRAWN, None)
        assert (found.width, found.height) == (2400, 1600)
        assert corners(opened(found.thumbnail)) == UPRIGHT
        assert opened(found.preview).size == (1200, 800)  # half the size is a quarter of the work
        assert (found.exif["model"], found.exif["taken"]) == ("Test Camera", "2024-07-21T18:03:11")

    def test_it_stands_upright(self, look: Callable[..., Examination]) -> None:
        for orientation, expected in ((6, TURNED), (3, UPRIGHT[::-1]), (8, [GREEN, WHITE, RED, BLUE])):
            found = look(raws.dng(orientation=orientation))
            assert corners(opened(found.thumbnail)) == expected
            assert (found.width, found.height) == ((640, 480) if orientation == 3 else (480, 640))

    def test_a_sensor_without_colours(self, look: Callable[..., Examination]) -> None:
        thumbnail = opened(look(raws.dng(colours=False)).thumbnail)
        red, white = thumbnail.getpixel((90, 60)), thumbnail.getpixel((270, 200))
        assert isinstance(red, tuple)
        assert max(red) - min(red) < 3
        assert white == (255, 255, 255)

    def test_a_picture_like_a_stamp_is_not_enough(self, look: Callable[..., Examination]) -> None:
        found = look(raws.dng(1200, 800, preview=SMALL), want_preview=True)
        assert opened(found.preview).size == (600, 400)

    @pytest.mark.usefixtures("without_libraw")
    def test_but_better_than_none(self, look: Callable[..., Examination]) -> None:
        found = look(raws.dng(preview=SMALL), want_preview=True)
        assert opened(found.preview).size == (160, 120)

    def test_also_where_libraw_fails(self, look: Callable[..., Examination]) -> None:
        found = look(raws.dng(preview=SMALL, sensor=False), want_preview=True)
        assert opened(found.preview).size == (160, 120)


class TestWithoutPicture:
    """The asset is whole; only its picture is missing."""

    @pytest.mark.usefixtures("without_libraw")
    def test_without_the_extra_it_says_so(self, look: Callable[..., Examination]) -> None:
        found = look(raws.dng(orientation=6))
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, NEEDS_EXTRA)
        assert "pip install 'calotype[raw]'" in NEEDS_EXTRA
        assert (found.width, found.height, found.exif["model"]) == (480, 640, "Test Camera")

    def test_what_libraw_refuses_is_kept(self, look: Callable[..., Examination]) -> None:
        found = look(raws.dng(sensor=False))
        assert (found.verdict, found.problem, found.exif["model"]) == (Verdict.UNDRAWABLE, UNREADABLE, "Test Camera")

    def test_sensors_with_too_many_pixels_are_not_developed(self, look: Callable[..., Examination]) -> None:
        found = look(raws.dng(), limits=DecodeLimits(pixels=640 * 480 - 1))
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, "too many pixels: 640 × 480")

    def test_neither_are_pictures_with_too_many(self, look: Callable[..., Examination]) -> None:
        found = look(raws.raf(LARGE), "a.raf", limits=DecodeLimits(pixels=1_000_000))
        assert found.verdict is Verdict.UNDRAWABLE

    def test_a_truncated_one_is_broken(self, look: Callable[..., Examination]) -> None:
        assert look(pictures.truncated(raws.cr3(LARGE), 0.7), "a.cr3").verdict is Verdict.BROKEN


DNG = raws.dng(64, 48, preview=raws.camera_jpeg(32, 24))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.data())
def test_raws_with_flipped_bytes_have_a_verdict(tmp_path: Path, data: st.DataObject) -> None:
    hostile = bytearray(DNG)
    for _ in range(data.draw(st.integers(1, 12))):
        hostile[data.draw(st.integers(8, len(hostile) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "hostile"
    path.write_bytes(hostile)
    found = examine(path, TYPES["DNG"], limits=DecodeLimits(pixels=1_000_000))
    assert (found.problem is None) == (found.verdict is Verdict.DRAWN)
