"""Content decides what a file is; the extension only helps."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.types import HEAD_BYTES, TYPES, Kind, MediaType, Reject, identify
from tests.fixtures import pictures


def ftyp(*brands: bytes) -> bytes:
    return pictures.box(b"ftyp", brands[0], bytes(4), *brands[1:]) + bytes(64)


def tiff_head(*tags: int) -> bytes:
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 0) for tag in tags)
    return b"II*\x00" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


HEADS: dict[str, tuple[bytes, str]] = {
    "JPEG": (b"\xff\xd8\xff\xe1", "a.jpg"),
    "PNG": (b"\x89PNG\r\n\x1a\n", "a.png"),
    "GIF": (b"GIF89a", "a.gif"),
    "WebP": (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "a.webp"),
    "HEIC": (ftyp(b"heic", b"mif1"), "a.heic"),
    "HEIF": (ftyp(b"mif1", b"miaf"), "a.heif"),
    "AVIF": (ftyp(b"avif", b"mif1"), "a.avif"),
    "TIFF": (tiff_head(256), "a.tif"),
    "CR2": (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "a.cr2"),
    "CR3": (ftyp(b"crx ", b"isom"), "a.cr3"),
    "NEF": (tiff_head(256), "a.NEF"),
    "ARW": (tiff_head(256), "a.arw"),
    "PEF": (b"MM\x00*" + bytes(4), "a.pef"),
    "SRW": (tiff_head(256), "a.srw"),
    "DNG": (tiff_head(256, 0xC612), "a.tif"),
    "RAF": (b"FUJIFILMCCD-RAW 0201", "a.raf"),
    "ORF": (b"IIRO\x08\x00\x00\x00", "a.orf"),
    "RW2": (b"IIU\x00\x18\x00\x00\x00", "a.rw2"),
    "MP4": (ftyp(b"mp42", b"isom", b"qt  "), "a.mp4"),
    "MOV": (ftyp(b"qt  "), "a.mov"),
    "M4V": (ftyp(b"M4V ", b"mp42"), "a.m4v"),
    "3GP": (ftyp(b"3gp5", b"isom"), "a.3gp"),
    "AVI": (b"RIFF\x00\x00\x00\x00AVI LIST", "a.avi"),
    "MKV": (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "a.mkv"),
    "WebM": (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "a.webm"),
    "MTS": ((b"\x47" + bytes(187)) * 5, "a.mts"),
    "PSD": (b"8BPS\x00\x01", "a.psd"),
    "BMP": (b"BM" + bytes(12) + b"\x28\x00\x00\x00", "a.bmp"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "a.svg"),
    "JPEG XL": (b"\xff\x0a\x00", "a.jxl"),
    "JPEG 2000": (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "a.jp2"),
}


@pytest.mark.parametrize("name", HEADS)
def test_each_type_is_known_by_its_content(name: str) -> None:
    head, file_name = HEADS[name]
    assert identify(head, file_name) == TYPES[name]


def test_transport_streams_with_time_codes_are_known() -> None:
    assert identify((bytes(4) + b"\x47" + bytes(187)) * 5, "00001.MTS") == TYPES["MTS"]


@pytest.mark.parametrize("name", [name for name in HEADS if name not in ("NEF", "ARW", "PEF", "SRW", "MTS")])
def test_the_extension_does_not_overrule_the_content(name: str) -> None:
    assert identify(HEADS[name][0], "photo.jpg") == TYPES[name]


def test_what_begins_with_comments_is_judged_at_once() -> None:
    """Comments could be taken for parts of each other in 2^39 ways here; none of them makes it an SVG."""
    assert isinstance(identify(b"<!---->" * 40 + b"x", "a.svg"), Reject)
    assert identify(b"<!-- a --><!-- <svg> -->\n<svg>", "a.svg") == TYPES["SVG"]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (pictures.png, "PNG"),
        (pictures.webp, "WebP"),
        (pictures.gif, "GIF"),
        (pictures.tiff, "TIFF"),
        (pictures.avif, "AVIF"),
        (pictures.heic, "HEIC"),
    ],
)
def test_real_files_named_jpg_are_what_they_are(make: Callable[[], bytes], name: str) -> None:
    found = identify(make()[:HEAD_BYTES], "IMG_0001.JPG")
    assert isinstance(found, MediaType)
    assert (found.name, found.kind) == (name, Kind.PHOTO)


@pytest.mark.parametrize(
    ("head", "name", "reason"),
    [
        (b"", "a.jpg", "empty"),
        (b"Dear diary,\n", "a.jpg", "named .jpg, but what it contains isn't JPEG: it looks like text"),
        ("Liebes Tagebuch – ä".encode(), "a.jpg", "text"),
        (bytes(4096), "a.heic", "nothing but zeros"),
        (b"%PDF-1.7", "scan.tif", "a PDF document"),
        (b"PK\x03\x04", "photos.zip", "not a photo or video"),
        (ftyp(b"M4A ", b"mp42"), "song.mp4", "sound"),
        (b"\x47" + bytes(500), "module.ts", "named .ts"),
        (b"<html><svg>", "page.svg", "named .svg"),
        (b"BMW is a car", "a.bmp", "text"),
        (b"\x00\x00\x00\x08wideabcd", "a.bin", "unknown data"),
    ],
)
def test_what_is_no_picture_is_rejected_with_its_reason(head: bytes, name: str, reason: str) -> None:
    found = identify(head, name)
    assert isinstance(found, Reject)
    assert reason in found.reason
    assert not found.expected


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "Thumbs.db", "THUMBS.DB", "desktop.ini", "._IMG_0001.JPG", "Icon\r", ".hidden.jpg", "IMG_0001.xmp", "IMG_0001.AAE"],
)
def test_system_files_and_sidecars_are_expected_to_be_left_behind(name: str) -> None:
    found = identify(pictures.jpeg(8, 8), name)
    assert isinstance(found, Reject)
    assert found.expected


def test_names_kinds_and_extensions_agree() -> None:
    for name, known in TYPES.items():
        assert known.name == name
        assert known.extensions
        assert all(extension == extension.lower() for extension in known.extensions)


prefixes = st.sampled_from(
    [head for head, _ in HEADS.values()] + [b"", b"RIFF", b"\x00\x00\x00\xffftyp", b"II*\x00\xff\xff\xff\xff", b"<?xml"]
)


@given(prefixes, st.binary(max_size=600), st.text(max_size=40))
def test_no_content_and_no_name_makes_it_fail(prefix: bytes, rest: bytes, name: str) -> None:
    found = identify(prefix + rest, name)
    assert isinstance(found, MediaType | Reject)


@given(prefixes, st.integers(0, 600), st.sampled_from(["a.jpg", "a.mts", "a.nef", "a", "a.mov"]))
def test_short_heads_are_no_problem(head: bytes, length: int, name: str) -> None:
    assert isinstance(identify(head[:length], name), MediaType | Reject)
