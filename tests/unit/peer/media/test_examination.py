"""Whole files, one by one: what is drawn, what is kept without a picture, what is broken."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from peer.media.examination import examine
from peer.media.findings import Examination, Picture, Verdict
from peer.media.limits import DecodeLimits
from peer.media.types import HEAD_BYTES, TYPES, MediaType, identify
from tests.fixtures import pictures
from tests.fixtures.pictures import Shot

PHOTOS = Path(__file__).parents[4] / ".." / "shared" / "photos"

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Examination]:
    """Identifies and examines the bytes of a file."""

    def examined(data: bytes, name: str = "a.jpg", *, want_preview: bool = False, limits: DecodeLimits | None = None) -> Examination:
        path = tmp_path / name
        path.write_bytes(data)
        media = identify(data[:HEAD_BYTES], name)
        assert isinstance(media, MediaType), media
        return examine(path, media, want_preview=want_preview, limits=limits or DecodeLimits())

    return examined


def opened(picture: Picture | None) -> Image.Image:
    assert picture is not None
    image = Image.open(io.BytesIO(picture.data))
    image.load()
    assert image.size == (picture.width, picture.height)
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The four quadrants' colours, rounded to pure ones."""
    width, height = image.size
    places = [(width // 4, height // 4), (3 * width // 4, height // 4), (width // 4, 3 * height // 4), (3 * width // 4, 3 * height // 4)]
    colours = [image.convert("RGB").getpixel(place) for place in places]
    return [tuple(255 if channel > 128 else 0 for channel in colour) for colour in colours if isinstance(colour, tuple)]


MAKERS: dict[str, Callable[..., bytes]] = {
    "JPEG": pictures.jpeg,
    "PNG": pictures.png,
    "WebP": pictures.webp,
    "HEIC": pictures.heic,
    "AVIF": pictures.avif,
    "TIFF": pictures.tiff,
    "GIF": pictures.gif,
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_format_is_drawn(look: Callable[..., Examination], name: str) -> None:
    found = look(MAKERS[name](500, 300), "a.bin")
    assert (found.verdict, found.problem) == (Verdict.DRAWN, None)
    assert (found.width, found.height) == (500, 300)
    assert found.exif["width"] == 500
    thumbnail = opened(found.thumbnail)
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (360, 216))
    assert found.thumbhash
    assert found.preview is None


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "GIF"])
def test_metadata_travels_in_every_format(look: Callable[..., Examination], name: str) -> None:
    shot = Shot(make="Canon", model="EOS R5", taken="2024:07:21 18:03:11", offset="+02:00", aperture=2.8, position=(48.5, 2.25, 35.0))
    found = look(MAKERS[name](64, 48, shot=shot), "a.bin")
    assert found.exif["taken"] == "2024-07-21T18:03:11+02:00"
    assert found.exif["model"] == "EOS R5"
    assert found.exif["gps"] == [48.5, 2.25, 35]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnails_stand_upright(look: Callable[..., Examination], form: str, orientation: int) -> None:
    """What is stored turned, and says so, comes out as it was seen."""
    turned = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    seen = pictures.quadrants(640, 400)
    stored = seen if turned is None else seen.transpose(Image.Transpose(turned))
    found = look(pictures.encoded(stored, form, shot=Shot(orientation=orientation)), "a.bin")
    assert (found.width, found.height) == (640, 400)
    assert corners(opened(found.thumbnail)) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (2049, 100), (2600, 2600)])
def test_previews_of_what_is_larger(look: Callable[..., Examination], size: tuple[int, int]) -> None:
    found = look(pictures.encoded(pictures.quadrants(*size), "JPEG", shot=Shot(orientation=6)), want_preview=True)
    preview = opened(found.preview)
    assert (found.width, found.height) == size[::-1]
    assert preview.format == "JPEG"
    assert 1536 <= max(preview.size) <= 2048
    assert preview.width / preview.height == pytest.approx(size[1] / size[0], rel=0.01)
    assert corners(preview) == [BLUE, RED, WHITE, GREEN]
    assert max(opened(found.thumbnail).size) == 360


def test_no_preview_of_what_is_small_or_when_nobody_wants_it(look: Callable[..., Examination]) -> None:
    assert look(pictures.jpeg(2048, 64), want_preview=True).preview is None
    assert look(pictures.jpeg(3000, 64), want_preview=False).preview is None


@pytest.mark.parametrize("name", MAKERS)
def test_what_browsers_do_not_show_has_a_preview_however_small(look: Callable[..., Examination], name: str) -> None:
    preview = look(MAKERS[name](200, 100), "a.bin", want_preview=True).preview
    if name in ("HEIC", "TIFF"):
        assert opened(preview).size == (200, 100)
    else:
        assert preview is None


def test_renditions_carry_nothing_of_the_metadata(look: Callable[..., Examination]) -> None:
    shot = Shot(make="SECRETMAKE", position=(48.5, 2.25, 35.0))
    found = look(pictures.jpeg(3000, 2000, shot=shot, comment=b"SECRETCOMMENT", xmp=b"<SECRETXMP/>"), want_preview=True)
    for picture in (found.thumbnail, found.preview):
        assert picture is not None
        assert b"SECRET" not in picture.data
        assert not opened(picture).getexif()


class TestColour:
    """Every mode comes out as sRGB."""

    @pytest.mark.parametrize(
        ("form", "mode"),
        [
            ("JPEG", "L"),
            ("JPEG", "CMYK"),
            ("PNG", "1"),
            ("PNG", "L"),
            ("PNG", "LA"),
            ("PNG", "P"),
            ("PNG", "RGBA"),
            ("PNG", "I;16"),
            ("TIFF", "CMYK"),
            ("TIFF", "I;16"),
            ("TIFF", "F"),
            ("TIFF", "I"),
            ("WEBP", "RGBA"),
        ],
    )
    def test_modes(self, look: Callable[..., Examination], form: str, mode: str) -> None:
        image = pictures.quadrants(400, 300)
        grey = image.convert("L")
        converted = (
            grey.convert("I").point(lambda value: value * 257).convert("I;16")
            if mode == "I;16"
            else grey.convert(mode)
            if mode in "FI"
            else image.convert(mode)
        )
        quality: dict[str, Any] = {"quality": 95} if form == "JPEG" else {}
        found = look(pictures.encoded(converted, form, **quality), "a.bin")
        assert found.problem is None
        thumbnail = opened(found.thumbnail).convert("L")
        assert abs(_grey(thumbnail, 300, 200) - 255) < 12
        assert abs(_grey(thumbnail, 60, 200) - (0 if mode == "1" else 29)) < 45

    def test_what_shows_through_stays_so(self, look: Callable[..., Examination]) -> None:
        image = pictures.quadrants(3000, 300).convert("RGBA")
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        found = look(pictures.encoded(image, "PNG"), want_preview=True)
        assert opened(found.thumbnail).mode == "RGBA"
        assert opened(found.preview).format == "WEBP"

    def test_a_transparent_colour_in_a_palette(self, look: Callable[..., Examination]) -> None:
        found = look(pictures.encoded(pictures.quadrants().quantize(4), "PNG", transparency=0))
        assert opened(found.thumbnail).mode == "RGBA"

    def test_a_profile_that_is_of_no_use_changes_nothing(self, look: Callable[..., Examination]) -> None:
        image = pictures.quadrants(400, 300)
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        for profile in (srgb, srgb[:200], b"not a profile", b""):
            found = look(pictures.encoded(image, "PNG", icc_profile=profile))
            assert corners(opened(found.thumbnail)) == [RED, GREEN, BLUE, WHITE]

    @pytest.mark.skipif(not PHOTOS.is_dir(), reason="no folder ../shared/photos")
    def test_a_phones_wide_colours_become_srgb(self, look: Callable[..., Examination]) -> None:
        pillow_heif.register_heif_opener()
        with Image.open(PHOTOS / "formats/heic/IMG_2682.heic") as photo:
            display_p3 = photo.info["icc_profile"]
        green = Image.new("RGB", (64, 64), (40, 200, 60))
        for form in ("PNG", "JPEG", "WEBP"):
            found = look(pictures.encoded(green, form, icc_profile=display_p3, quality=95), "a.bin")
            colour = opened(found.thumbnail).getpixel((32, 32))
            assert isinstance(colour, tuple)
            assert colour == pytest.approx((0, 204, 12), abs=10)


def _grey(image: Image.Image, x: int, y: int) -> float:
    value = image.getpixel((x * image.width // 400, y * image.height // 300))
    assert isinstance(value, int | float)
    return value


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 5000)])
def test_the_smallest_and_the_longest(look: Callable[..., Examination], size: tuple[int, int]) -> None:
    for form in ("JPEG", "PNG"):
        found = look(pictures.encoded(Image.new("RGB", size, "red"), form), want_preview=True)
        assert found.verdict is Verdict.DRAWN
        assert min(opened(found.thumbnail).size) >= 1


def test_an_animation_is_drawn_by_its_first_frame(look: Callable[..., Examination]) -> None:
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "blue")]
    for form in ("GIF", "PNG", "WEBP"):
        found = look(pictures.encoded(frames[0], form, save_all=True, append_images=frames[1:]), "a.bin")
        assert corners(opened(found.thumbnail)) == [RED] * 4


def test_the_varied_set_of_the_demo_is_drawn(look: Callable[..., Examination]) -> None:
    for name, contents in pictures.varied_photos(8).items():
        found = look(contents, name)
        assert found.problem is None, name
        assert str(found.exif["taken"]).startswith("20")


class TestBadInput:
    """What people's disks are full of."""

    @pytest.mark.parametrize("name", MAKERS)
    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
    def test_truncated_pictures_are_broken(self, look: Callable[..., Examination], name: str, share: float) -> None:
        found = look(pictures.truncated(MAKERS[name](300, 200), share), "a.bin")
        assert found.verdict is Verdict.BROKEN
        assert found.problem
        assert found.thumbnail is None

    def test_an_empty_file_is_broken(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jpg"
        path.touch()
        assert examine(path, TYPES["JPEG"]).problem == "the file is empty"

    def test_a_file_that_is_gone_is_not_readable(self, tmp_path: Path) -> None:
        found = examine(tmp_path / "a.jpg", TYPES["JPEG"])
        assert (found.verdict, found.problem) == (Verdict.BROKEN, "the file can't be read: No such file or directory")

    @pytest.mark.parametrize("head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\x00", b"RIFF\x04\x00\x00\x00WEBP"])
    def test_a_signature_with_nonsense_behind_it_is_broken(self, look: Callable[..., Examination], head: bytes) -> None:
        assert look(head + b"nonsense" * 500).verdict is Verdict.BROKEN

    def test_a_few_kilobytes_that_unpack_to_400_megapixels_are_never_unpacked(self, look: Callable[..., Examination]) -> None:
        bomb = pictures.huge_png()
        assert len(bomb) < 100_000
        found = look(bomb, "bomb.png")
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, "too many pixels: 20000 × 20000")
        assert (found.width, found.height, found.thumbnail) == (20_000, 20_000, None)

    def test_the_budget_of_pixels_holds_for_every_format(self, look: Callable[..., Examination]) -> None:
        for name, make in MAKERS.items():
            assert look(make(200, 100), "a.bin", limits=DecodeLimits(pixels=19_999)).verdict is Verdict.UNDRAWABLE, name

    def test_long_texts_in_a_png_do_not_hide_the_picture(self, look: Callable[..., Examination]) -> None:
        from PIL.PngImagePlugin import PngInfo

        texts = PngInfo()
        texts.add_text("workflow", "x" * 3_000_000, zip=True)
        assert look(pictures.encoded(pictures.quadrants(), "PNG", pnginfo=texts)).verdict is Verdict.DRAWN

    def test_a_lossless_jpeg_keeps_its_metadata(self, look: Callable[..., Examination]) -> None:
        found = look(pictures.jpeg(64, 48, shot=Shot(model="X")).replace(b"\xff\xc0", b"\xff\xc3", 1))
        assert found.verdict is Verdict.UNDRAWABLE
        assert found.exif["model"] == "X"

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
    @given(name=st.sampled_from(["JPEG", "PNG", "WebP", "GIF", "TIFF"]), data=st.data())
    def test_pictures_with_flipped_bytes_have_a_verdict(self, tmp_path: Path, name: str, data: st.DataObject) -> None:
        hostile = bytearray(SMALL[name])
        for _ in range(data.draw(st.integers(1, 12))):
            hostile[data.draw(st.integers(12, len(hostile) - 1))] = data.draw(st.integers(0, 255))
        path = tmp_path / "hostile"
        path.write_bytes(hostile)
        found = examine(path, TYPES[name], limits=DecodeLimits(pixels=1_000_000))
        assert (found.problem is None) == (found.verdict is Verdict.DRAWN)


SMALL = {name: MAKERS[name](40, 30) for name in ("JPEG", "PNG", "WebP", "GIF", "TIFF")}


class TestWithoutPictures:
    """Assets all the same."""

    def test_a_raw_has_its_date(self, look: Callable[..., Examination]) -> None:
        found = look(pictures.tiff(64, 48, shot=Shot(model="Z 8")), "a.nef")
        assert found.verdict is Verdict.UNDRAWABLE
        assert found.problem == "LibRaw can't decode this RAW file"
        assert (found.exif["model"], found.exif["taken"]) == ("Z 8", "2024-07-21T18:03:11")

    def test_a_truncated_raw_is_broken(self, look: Callable[..., Examination]) -> None:
        assert look(pictures.truncated(pictures.tiff(64, 48, compression="raw"), 0.7), "a.nef").verdict is Verdict.BROKEN

    def test_a_video_has_its_date_and_size(self, look: Callable[..., Examination]) -> None:
        found = look(pictures.movie(), "a.mp4")
        assert (found.problem, found.width, found.height) == ("this video has no moving pictures", 1920, 1080)
        assert found.exif["taken"] == "2023-12-31T00:00:00+00:00"

    def test_a_truncated_video_is_broken(self, look: Callable[..., Examination]) -> None:
        assert look(pictures.truncated(pictures.movie(), 0.9), "a.mp4").verdict is Verdict.BROKEN

    def test_other_types_are_kept_as_they_are(self, look: Callable[..., Examination]) -> None:
        found = look(pictures.encoded(pictures.quadrants(), "BMP"), "a.bmp")
        assert (found.verdict, found.exif) == (Verdict.UNDRAWABLE, {})


EXPECTED: dict[str, dict[str, object]] = {
    "formats/heic/IMG_2682.heic": {
        "taken": "2019-03-21T11:04:22.348",
        "make": "Apple",
        "model": "iPhone 7",
        "lens": "iPhone 7 back camera 3.99mm f/1.8",
        "width": 4032,
        "height": 3024,
        "gps": [41.2203, -96.071625, 351.27],
    },
    "formats/webp/denali.webp": {"taken": "2010-08-13T21:00:01.850", "model": "Canon EOS 7D", "width": 600, "height": 315},
    "formats/avif/8bit-sRGB.avif": {"width": 1617, "height": 1080},
    "formats/png/density_plot.png": {"width": 800, "height": 800},
    "formats/jpg/el_torcal_rocks.jpg": {"taken": "2012-08-05T11:39:59", "lens": "18-250mm F3.5-6.3", "exposure": 0.00625},
    "metadata/faces/portrait-orientation-6.jpg": {"orientation": 6, "width": 840, "height": 700},
    "metadata/gps-position/empty_gps.jpg": {"taken": "2025-06-01T16:59:26.023", "width": 4640},
    "metadata/gps-position/thompson-springs.jpg": {"taken": "2022-01-10T15:15:44.310-04:00", "gps": [39.115, -108.4009683, 1483.9]},
    "metadata/dates/gps-datetime.jpg": {"taken": "2023-11-15T12:30:00+00:00"},
    "metadata/dates/date-priority-test.jpg": {"taken": "2023-02-02T02:00:00"},
}


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no folder ../shared/photos")
class TestRealPhotos:
    """Files of real cameras and programs."""

    @pytest.mark.parametrize("name", EXPECTED)
    def test_what_is_known_of_them(self, name: str) -> None:
        found = examine(PHOTOS / name, _identified(PHOTOS / name))
        assert found.verdict is Verdict.DRAWN
        assert {member: found.exif.get(member) for member in EXPECTED[name]} == EXPECTED[name]

    def test_no_place_where_the_receiver_had_none(self) -> None:
        path = PHOTOS / "metadata/gps-position/empty_gps.jpg"
        assert "gps" not in examine(path, _identified(path)).exif

    def test_all_of_them_are_drawn(self) -> None:
        photos = [path for path in PHOTOS.rglob("*") if path.suffix in (".jpg", ".png", ".webp", ".avif")]
        assert photos
        for path in photos:
            assert examine(path, _identified(path)).problem is None, path


def _identified(path: Path) -> MediaType:
    media = identify(path.read_bytes()[:HEAD_BYTES], path.name)
    assert isinstance(media, MediaType)
    return media
