"""EXIF as cameras write it, and as nobody should."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from peer.media.exif import ExifDirectories, parse_block, parse_raw
from peer.media.iptc import Iptc
from peer.media.metadata import Metadata, orientation_of, read_metadata
from peer.media.xmp import read_packet
from tests.fixtures import blocks, pictures
from tests.fixtures.pictures import Shot

NO_NUMBER = IFDRational(0, 0)
NO_XMP: Mapping[str, str] = {}

FULL = Shot(
    make="Apple",
    model="iPhone 15",
    lens="iPhone 15 back camera",
    taken="2024:07:21 18:03:11",
    offset="+02:00",
    fraction="348",
    orientation=6,
    iso=125,
    aperture=1.8,
    exposure=1 / 250,
    focal=6.86,
    position=(48.8584, 2.2945, 35.5),
)


def read(shot: Shot, xmp: Mapping[str, str] = NO_XMP) -> Metadata:
    return read_metadata(parse_block(shot.exif()), xmp)


def block(
    main: Mapping[int, Any] | None = None, exposure: Mapping[int, Any] | None = None, gps: Mapping[int, Any] | None = None
) -> ExifDirectories:
    exif = Image.Exif()
    for directory, values in ((exif, main), (exif.get_ifd(0x8769), exposure), (exif.get_ifd(0x8825), gps)):
        for tag, value in (values or {}).items():
            directory[tag] = value
    return parse_block(exif.tobytes())


def test_everything_that_a_camera_writes() -> None:
    assert read(FULL) == {
        "taken": "2024-07-21T18:03:11.348+02:00",
        "orientation": 6,
        "make": "Apple",
        "model": "iPhone 15",
        "lens": "iPhone 15 back camera",
        "iso": 125,
        "f": 1.8,
        "exposure": 0.004,
        "focal": 6.86,
        "gps": [48.8584, 2.2945, 35.5],
    }


def test_south_west_and_below_the_sea() -> None:
    assert read(Shot(position=(-33.8568, -151.2153, -430.0)))["gps"] == [-33.8568, -151.2153, -430]


def test_what_is_missing_is_absent() -> None:
    assert read(Shot(make=None, model=None, taken=None)) == {}
    assert read_metadata(ExifDirectories(), {}) == {}


def test_numbers_without_a_fraction_are_integers() -> None:
    found = read(Shot(aperture=8.0, focal=50.0))
    assert (type(found["f"]), type(found["focal"])) == (int, int)


ALL_EXIF: tuple[dict[int, Any], ...] = (
    {0x0132: "2020:06:06 06:00:00", 0x9010: "+01:00"},
    {0x9003: "2020:01:01 01:00:00", 0x9004: "2020:02:02 02:00:00"},
    {7: (9.0, 0.0, 0.0), 29: "2020:09:09"},
)
XMP = {"exif:DateTimeOriginal": "2020-03-03T03:00:00", "photoshop:DateCreated": "2020-04-04", "xmp:CreateDate": "2020-05-05T05:00:00Z"}


class TestTaken:
    """Which date counts."""

    def test_in_order(self) -> None:
        main, exposure, gps = ALL_EXIF
        assert read_metadata(block(main, exposure, gps), XMP)["taken"] == "2020-01-01T01:00:00"
        assert read_metadata(block(main, {0x9004: exposure[0x9004]}, gps), XMP)["taken"] == "2020-02-02T02:00:00"
        assert read_metadata(block(main, {}, gps), XMP)["taken"] == "2020-03-03T03:00:00"
        assert read_metadata(block(main, {}, gps), {"photoshop:DateCreated": "2020-04-04"})["taken"] == "2020-04-04T00:00:00"
        assert read_metadata(block(main, {}, gps), {"xmp:CreateDate": "2020-05-05T05:00:00Z"})["taken"] == "2020-05-05T05:00:00+00:00"
        assert read_metadata(block(main, {}, gps), {})["taken"] == "2020-06-06T06:00:00"
        assert read_metadata(block({}, {}, gps), {})["taken"] == "2020-09-09T09:00:00+00:00"

    def test_an_absurd_date_gives_way_to_the_next(self) -> None:
        found = read_metadata(block({0x0132: "2020:06:06 06:00:00"}, {0x9003: "0000:00:00 00:00:00", 0x9004: "9999:99:99 99:99:99"}), {})
        assert found["taken"] == "2020-06-06T06:00:00"


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_orientations_that_do_not_exist_are_absent(orientation: int) -> None:
    found = read(Shot(orientation=orientation))
    assert "orientation" not in found
    assert orientation_of(found) == 1


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (NO_NUMBER, NO_NUMBER, NO_NUMBER), 3: "E", 4: (1.0, 0.0, 0.0)},
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
        {1: "N", 2: (1.0, 0.0, 0.0), 3: "E", 4: (181.0, 0.0, 0.0)},
        {1: "X", 2: (1.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
        {2: (1.0, 0.0, 0.0), 4: (1.0, 0.0, 0.0)},
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (1.0, 0.0, 0.0)},
    ],
)
def test_places_that_do_not_exist_are_absent(gps: dict[int, Any]) -> None:
    assert "gps" not in read_metadata(block(gps=gps), {})


def test_a_position_without_a_sane_height_keeps_latitude_and_longitude() -> None:
    gps = {1: "N", 2: (1.0, 30.0, 0.0), 3: "W", 4: (2.0, 0.0, 36.0), 6: 4e9}
    assert read_metadata(block(gps=gps), {})["gps"] == [1.5, -2.01]


def test_absurd_exposures_are_absent() -> None:
    found = read(Shot(iso=0, aperture=0.0, exposure=0.0, focal=0.0))
    assert not {"iso", "f", "exposure", "focal"} & set(found)


def test_a_sensitivity_too_high_for_its_tag_stands_in_another() -> None:
    assert read_metadata(block(exposure={0x8827: 65_535, 0x8832: 102_400}), {})["iso"] == 102_400


def test_text_is_one_short_line() -> None:
    found = read(replace(FULL, make="  Ca\nnon\x07  ", model="x" * 500, lens=" \t "))
    assert found["make"] == "Ca non"
    assert len(str(found["model"])) == 120
    assert "lens" not in found


def test_the_lens_from_xmp_when_exif_has_none() -> None:
    assert read(Shot(), {"aux:Lens": "EF 50mm"})["lens"] == "EF 50mm"


def test_maker_notes_of_any_size_are_not_looked_at() -> None:
    found = read_metadata(block({0x010F: "Canon"}, {0x927C: bytes(2_000_000), 0x829D: 2.8}), {})
    assert found == {"make": "Canon", "f": 2.8}


@given(st.binary(max_size=300))
def test_any_block_is_metadata(data: bytes) -> None:
    assert isinstance(read_metadata(parse_block(b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + data), {}), dict)


@given(st.data())
def test_a_block_with_flipped_bytes_is_plain_finite_metadata(data: st.DataObject) -> None:
    hostile = bytearray(FULL.exif())
    for _ in range(data.draw(st.integers(1, 8))):
        hostile[data.draw(st.integers(14, len(hostile) - 1))] = data.draw(st.integers(0, 255))
    for value in read_metadata(parse_block(bytes(hostile)), {}).values():
        numbers = [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, float)]
        assert all(math.isfinite(number) for number in numbers)


def wide(text: str) -> bytes:
    return text.encode("utf-16-le") + bytes(2)


NOTHING = ExifDirectories()
PRESS = blocks.data_set(2, 25, b"iptc") + blocks.data_set(2, 120, b"from IPTC") + blocks.data_set(2, 55, b"20200808")
LAST_WORDS = {0x010E: "from EXIF", 0x9C9C: wide("from Windows"), 0x9C9E: wide("one;two"), 0x4746: 2}


class TestCaption:
    """XMP before IPTC before EXIF, and people before cameras."""

    def test_in_order(self) -> None:
        exif = parse_block(blocks.exif(LAST_WORDS, {0x9286: b"ASCII\x00\x00\x00from a comment"}))
        xmp = read_packet(blocks.packet(blocks.description("from XMP")))
        assert read_metadata(exif, xmp, Iptc(block=PRESS))["caption"] == "from XMP"
        assert read_metadata(exif, {}, Iptc(block=PRESS))["caption"] == "from IPTC"
        assert read_metadata(exif, {}, Iptc(block=PRESS, changed_alone=True))["caption"] == "from IPTC"
        assert read_metadata(exif, xmp, Iptc(block=PRESS, changed_alone=True))["caption"] == "from IPTC"
        assert read_metadata(exif)["caption"] == "from EXIF"

    @pytest.mark.parametrize(
        ("comment", "caption"),
        [
            (b"ASCII\x00\x00\x00plain\x00\x00", "plain"),
            (b"UNICODE\x00" + "weit".encode("utf-16-le"), "weit"),
            (b"UNICODE\x00\xfe\xff" + "weit".encode("utf-16-be"), "weit"),
            (bytes(8) + "zéro".encode(), "zéro"),
            (b"UNICODE\x00" + "weit".encode("utf-16-be"), "weit"),
            (b"UNICODE\x00" + b"\xd8\x01", "\ufffd"),
            (b"ASCII\x00\x00\x00" + b" " * 100, None),
            (b"WHATEVER", None),
            (b"short", None),
        ],
    )
    def test_comments_in_their_codes(self, comment: bytes, caption: str | None) -> None:
        assert read_metadata(parse_block(blocks.exif(exposure={0x9286: comment}))).get("caption") == caption

    def test_what_windows_writes_comes_before_a_comment(self) -> None:
        exif = parse_block(blocks.exif({0x9C9C: wide("from Windows")}, {0x9286: b"ASCII\x00\x00\x00comment"}))
        assert read_metadata(exif)["caption"] == "from Windows"

    @pytest.mark.parametrize(
        "words",
        [
            "OLYMPUS DIGITAL CAMERA         ",
            "SONY DSC",
            "KONICA MINOLTA DIGITAL CAMERA",
            "DCIM",
            "<Digimax S500 / Kenox S500>",
            "binary comment",
            "  \x00",
        ],
    )
    def test_what_cameras_write_is_no_caption(self, words: str) -> None:
        assert "caption" not in read_metadata(parse_block(blocks.exif({0x010E: words})))
        assert (
            read_metadata(parse_block(blocks.exif({0x010E: words})), read_packet(blocks.packet(blocks.description("mine"))))["caption"]
            == "mine"
        )

    def test_what_sounds_like_it_is_one(self) -> None:
        assert read_metadata(parse_block(blocks.exif({0x010E: "My new digital camera"})))["caption"] == "My new digital camera"

    def test_long_ones_are_cut_between_letters(self) -> None:
        caption = read_metadata(NOTHING, {"dc:description": ["é" * 20_000]})["caption"]
        assert caption == "é" * 4096

    def test_lines_stay_lines(self) -> None:
        assert read_metadata(NOTHING, {"dc:description": "one  two\r\n\r\n three\x07"})["caption"] == "one two\n\nthree"

    def test_longer_than_a_text_of_a_camera(self) -> None:
        assert read_metadata(parse_block(blocks.exif({0x010E: "word " * 400})))["caption"] == ("word " * 400).strip()


class TestKeywords:
    """The first block that has any."""

    def test_in_order(self) -> None:
        exif = parse_block(blocks.exif(LAST_WORDS))
        xmp = read_packet(blocks.packet(blocks.array("dc:subject", "xmp") + blocks.array("lr:hierarchicalSubject", "a|path")))
        leaves = read_packet(blocks.packet(blocks.array("lr:hierarchicalSubject", "animals|birds|falcon", "alone")))
        assert read_metadata(exif, xmp, Iptc(block=PRESS))["keywords"] == ["xmp"]
        assert read_metadata(exif, xmp, Iptc(block=PRESS, changed_alone=True))["keywords"] == ["iptc"]
        assert read_metadata(exif, leaves, Iptc(block=PRESS))["keywords"] == ["falcon", "alone"]
        assert read_metadata(exif, {}, Iptc(block=PRESS))["keywords"] == ["iptc"]
        assert read_metadata(exif)["keywords"] == ["one", "two"]

    def test_each_once_in_nfc_and_short_enough_to_be_one(self) -> None:
        words: list[Any] = ["e\u0301t\u00e9", "\u00e9t\u00e9", " a  b ", "", " ", "x" * 256, "y" * 255, "\U0001f600" * 255, "50%/half"]
        assert read_metadata(NOTHING, {"dc:subject": words})["keywords"] == [
            "\u00e9t\u00e9",
            "a b",
            "y" * 255,
            "\U0001f600" * 255,
            "50%/half",
        ]

    def test_no_more_than_a_record_keeps(self) -> None:
        found = read_metadata(NOTHING, {"dc:subject": [f"{number}" for number in range(10_000)]})["keywords"]
        assert found == [f"{number}" for number in range(500)]


@pytest.mark.parametrize(("text", "stars"), [("0", 0), ("5", 5), ("3.0", 3), ("-1", None), ("6", None), ("2.5", None), ("many", None)])
def test_ratings(text: str, stars: int | None) -> None:
    assert read_metadata(NOTHING, {"xmp:Rating": text}).get("rating") == stars


def test_the_rating_of_exif_counts_when_xmp_has_none() -> None:
    assert read_metadata(parse_block(blocks.exif(LAST_WORDS)))["rating"] == 2
    assert read_metadata(parse_block(blocks.exif(LAST_WORDS)), {"xmp:Rating": "4"})["rating"] == 4


class TestXmp:
    """What XMP says where EXIF says nothing."""

    CAMERA: ClassVar = {
        "tiff:Make": "Canon",
        "tiff:Model": "EOS",
        "exif:FNumber": "28/10",
        "exif:ExposureTime": "1/1250",
        "exif:FocalLength": "6000/1000",
    }
    PLACE: ClassVar = {
        "exif:GPSLatitude": "40,14.0786450N",
        "exif:GPSLongitude": "76,17,13.7094W",
        "exif:GPSAltitude": "1234/10",
        "exif:GPSAltitudeRef": "1",
    }

    def test_camera_and_place(self) -> None:
        found = read_metadata(NOTHING, {**self.CAMERA, **self.PLACE, "exif:ISOSpeedRatings": ["160"]})
        assert found == {
            "make": "Canon",
            "model": "EOS",
            "iso": 160,
            "f": 2.8,
            "exposure": 0.0008,
            "focal": 6,
            "gps": [40.2346441, -76.2871415, -123.4],
        }

    def test_exif_comes_first_member_by_member(self) -> None:
        found = read_metadata(parse_block(Shot(make="SONY", model=None, taken=None).exif()), {**self.CAMERA})
        assert (found["make"], found["model"]) == ("SONY", "EOS")

    def test_only_exif_turns_the_picture(self) -> None:
        assert "orientation" not in read_metadata(NOTHING, {"tiff:Orientation": "6"})

    @pytest.mark.parametrize("latitude", ["91,0N", "40", "N", "40,14.07E", "4e1,0N", "-40,0N", "40,61.0.0N", "1/0N"])
    def test_absurd_places_are_absent(self, latitude: str) -> None:
        assert "gps" not in read_metadata(NOTHING, {**self.PLACE, "exif:GPSLatitude": latitude})

    @pytest.mark.parametrize("absurd", ["0", "1/0", "-1", "nan", "9e99", ""])
    def test_absurd_exposures_are_absent(self, absurd: str) -> None:
        names = ("exif:FNumber", "exif:ExposureTime", "exif:FocalLength", "exif:ISOSpeedRatings")
        assert read_metadata(NOTHING, dict.fromkeys(names, absurd)) == {}


class TestZoneOfCreation:
    """XMP and IPTC spell one date; a zone that one of them has counts for both."""

    @staticmethod
    def created(time: bytes, xmp: str) -> object:
        press = Iptc(block=blocks.data_set(2, 55, b"20220110") + blocks.data_set(2, 60, time))
        return read_metadata(NOTHING, {"photoshop:DateCreated": xmp}, press)["taken"]

    def test_the_same_second(self) -> None:
        assert self.created(b"151544-0400", "2022-01-10T15:15:44.31") == "2022-01-10T15:15:44.310-04:00"

    def test_another_second(self) -> None:
        assert self.created(b"151545-0400", "2022-01-10T15:15:44") == "2022-01-10T15:15:44"

    def test_zero_is_what_programs_write_that_do_not_know(self) -> None:
        assert self.created(b"151544+0000", "2022-01-10T15:15:44") == "2022-01-10T15:15:44"

    def test_a_zone_of_its_own(self) -> None:
        assert self.created(b"151544-0400", "2022-01-10T15:15:44+01:00") == "2022-01-10T15:15:44+01:00"


class TestApple:
    """What a Live Photo's parts and the photos of a burst have in common."""

    def test_both_names(self) -> None:
        note = blocks.apple_note(content="1F2E3D4C-0000-4000-8000-000000000001", burst="B0000000-0000-4000-8000-000000000002")
        found = read_metadata(parse_block(blocks.exif(exposure={0x927C: note})))
        assert found == {"content": "1F2E3D4C-0000-4000-8000-000000000001", "burst": "B0000000-0000-4000-8000-000000000002"}

    def test_the_burst_of_a_google_camera(self) -> None:
        assert read_metadata(NOTHING, {"GCamera:BurstID": "some-burst"}) == {"burst": "some-burst"}

    @given(st.binary(max_size=120))
    def test_any_note_is_two_names_or_none(self, data: bytes) -> None:
        assert set(read_metadata(parse_block(blocks.exif(exposure={0x927C: b"Apple iOS\x00\x00\x01MM" + data})))) <= {"content", "burst"}


class TestRaw:
    """RAW files are read where their makers put EXIF."""

    TIFF = FULL.exif()[6:]

    def test_files_that_are_tiff(self) -> None:
        assert read_metadata(parse_raw(self.TIFF, "NEF"), {})["model"] == "iPhone 15"

    def test_files_with_a_header_of_their_own(self) -> None:
        assert read_metadata(parse_raw(b"MMOR" + self.TIFF[4:], "ORF"), {})["model"] == "iPhone 15"

    def test_fuji_begins_with_a_jpeg(self) -> None:
        raf = b"FUJIFILMCCD-RAW ".ljust(84, b"\x00") + struct.pack(">I", 100) + bytes(12) + pictures.jpeg(16, 16, shot=FULL)
        assert read_metadata(parse_raw(raf, "RAF"), {})["taken"] == "2024-07-21T18:03:11.348+02:00"

    def test_canon_keeps_one_tiff_for_each_directory(self) -> None:
        def only(tags: Mapping[int, Any]) -> bytes:
            exif = Image.Exif()
            exif.update(tags)
            return exif.tobytes()[6:]

        uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
        boxes = [pictures.box(b"CMT1", only({0x0110: "EOS R5"})), pictures.box(b"CMT2", only({0x9003: "2024:07:21 18:03:11"}))]
        cr3 = pictures.box(b"ftyp", b"crx ", bytes(4)) + pictures.box(b"moov", pictures.box(b"uuid", uuid, *boxes))
        assert read_metadata(parse_raw(cr3, "CR3"), {}) == {"taken": "2024-07-21T18:03:11", "model": "EOS R5"}

    @given(st.binary(max_size=200), st.sampled_from(["CR3", "RAF", "NEF", "RW2"]))
    def test_any_bytes_are_metadata(self, data: bytes, name: str) -> None:
        assert isinstance(read_metadata(parse_raw(data, name), {}), dict)
