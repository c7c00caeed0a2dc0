"""Where EXIF, XMP and IPTC stand in each kind of file, examined as a whole file."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from peer.media.blocks import jpeg_blocks, raw_blocks, tiff_blocks
from peer.media.examination import examine
from peer.media.metadata import Metadata, read_metadata
from peer.media.types import HEAD_BYTES, MediaType, identify
from peer.media.xmp import MAX_PACKET_BYTES
from tests.fixtures import blocks, pictures

PACKET = blocks.packet(blocks.array("dc:subject", "tree") + blocks.description("A tree."), 'xmp:Rating="4"')
FROM_XMP = {"keywords": ["tree"], "caption": "A tree.", "rating": 4}
PRESS = blocks.data_set(1, 90, b"\x1b%G") + blocks.data_set(2, 25, "Bäume".encode())


@pytest.fixture
def look(tmp_path: Path) -> Callable[[bytes], Metadata]:
    """The metadata of a whole file, but for its size."""

    def examined(data: bytes) -> Metadata:
        path = tmp_path / "file.bin"
        path.write_bytes(data)
        media = identify(data[:HEAD_BYTES], path.name)
        assert isinstance(media, MediaType)
        exif = examine(path, media).exif
        return {name: value for name, value in exif.items() if name not in ("width", "height")}

    return examined


def encoded(form: str, **options: Any) -> bytes:
    return pictures.encoded(pictures.scene(32, 24), form, **options)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_xmp_in_every_format_that_has_it(look: Callable[[bytes], Metadata], form: str) -> None:
    if form == "PNG":
        from PIL.PngImagePlugin import PngInfo

        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", PACKET.decode())
        data = encoded(form, pnginfo=text)
    else:
        data = encoded(form, xmp=PACKET)
    assert look(data) == FROM_XMP


def tiff(**tags: bytes) -> bytes:
    numbers = {"xmp": 700, "iptc": 33_723, "photoshop": 34_377}
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for name, value in tags.items():
        directory.tagtype[numbers[name]] = 1
        directory[numbers[name]] = value
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "TIFF", tiffinfo=directory)
    return stream.getvalue()


def test_xmp_and_iptc_in_tiff(look: Callable[[bytes], Metadata]) -> None:
    assert look(tiff(xmp=PACKET)) == FROM_XMP
    assert look(tiff(iptc=PRESS)) == {"keywords": ["Bäume"]}
    assert look(tiff(photoshop=blocks.resource(0x0404, PRESS))) == {"keywords": ["Bäume"]}


def test_iptc_in_tiff_as_numbers_in_the_other_order() -> None:
    padded = PRESS.ljust(-(-len(PRESS) // 4) * 4, b"\x00")
    swapped = struct.pack(f"<{len(padded) // 4}I", *struct.unpack(f">{len(padded) // 4}I", padded))
    found = tiff_blocks(tiff(iptc=swapped))
    assert read_metadata(found.exif, found.xmp, found.iptc) == {"keywords": ["Bäume"]}


class TestJpeg:
    """Segments, and what doesn't fit into one of them."""

    def test_iptc(self, look: Callable[[bytes], Metadata]) -> None:
        resources = blocks.PHOTOSHOP_SEGMENT + blocks.resource(0x03ED, bytes(16)) + blocks.resource(0x0404, PRESS)
        assert look(blocks.with_segments(encoded("JPEG"), blocks.segment(0xED, resources))) == {"keywords": ["Bäume"]}

    def test_resources_go_on_in_the_next_segment(self) -> None:
        press = PRESS + blocks.data_set(2, 120, b"x" * 30_000) + blocks.data_set(2, 122, b"y" * 30_000) + blocks.data_set(2, 25, b"behind")
        resources = blocks.resource(0x0404, press)
        halves = (resources[:40_000], resources[40_000:])
        data = blocks.with_segments(encoded("JPEG"), *(blocks.segment(0xED, blocks.PHOTOSHOP_SEGMENT + half) for half in halves))
        found = jpeg_blocks(data)
        assert read_metadata(found.exif, found.xmp, found.iptc)["keywords"] == ["Bäume", "behind"]

    def test_extended_xmp(self) -> None:
        guid = b"0123456789ABCDEF0123456789ABCDEF"
        main = blocks.packet(attributes=f'xmpNote:HasExtendedXMP="{guid.decode()}" xmp:Rating="4"')
        extension = blocks.packet(blocks.array("dc:subject", *(f"word {number}" for number in range(300))), 'xmp:Rating="1"')

        def piece(start: int, end: int, name: bytes = guid) -> bytes:
            numbers = struct.pack(">II", len(extension), start)
            return blocks.segment(0xE1, blocks.EXTENDED_XMP_SEGMENT + name + numbers + extension[start:end])

        data = blocks.with_segments(
            encoded("JPEG"),
            blocks.segment(0xE1, blocks.XMP_SEGMENT + main),
            piece(0, 9, name=guid[::-1]),
            piece(4000, len(extension)),
            piece(0, 4000),
        )
        found = jpeg_blocks(data)
        assert (found.xmp["xmp:Rating"], found.xmp["dc:subject"]) == ("4", [f"word {number}" for number in range(300)])

    def test_a_picture_that_no_decoder_draws_keeps_its_metadata(self, look: Callable[[bytes], Metadata]) -> None:
        data = blocks.with_segments(encoded("JPEG"), blocks.segment(0xE1, blocks.XMP_SEGMENT + PACKET)).replace(b"\xff\xc0", b"\xff\xc3", 1)
        assert look(data) == FROM_XMP

    def test_a_hundred_packets_cost_one(self, look: Callable[[bytes], Metadata]) -> None:
        segments = [blocks.segment(0xED, blocks.PHOTOSHOP_SEGMENT + bytes(65_000)) for _ in range(2 * MAX_PACKET_BYTES // 65_000)]
        assert look(blocks.with_segments(encoded("JPEG"), *segments, blocks.segment(0xE1, blocks.XMP_SEGMENT + PACKET))) == FROM_XMP


def test_raw_files_that_are_tiff() -> None:
    assert raw_blocks(tiff(xmp=PACKET), "DNG").xmp["xmp:Rating"] == "4"


def test_canons_boxes() -> None:
    box = pictures.box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), PACKET)
    assert raw_blocks(pictures.box(b"ftyp", b"crx ", bytes(4)) + pictures.box(b"moov") + box, "CR3").xmp["xmp:Rating"] == "4"


def test_fujis_jpeg() -> None:
    jpeg = blocks.with_segments(encoded("JPEG"), blocks.segment(0xE1, blocks.XMP_SEGMENT + PACKET))
    raf = b"FUJIFILMCCD-RAW ".ljust(84, b"\x00") + struct.pack(">I", 100) + bytes(12) + jpeg
    assert raw_blocks(raf, "RAF").xmp["xmp:Rating"] == "4"


@given(st.binary(max_size=200), st.sampled_from(["CR3", "RAF", "NEF", "DNG"]))
def test_any_bytes_are_blocks(data: bytes, name: str) -> None:
    raw_blocks(data, name)
    tiff_blocks(b"II*\x00\x08\x00\x00\x00" + data)
    jpeg_blocks(b"\xff\xd8" + data)
