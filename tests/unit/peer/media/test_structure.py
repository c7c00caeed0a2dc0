"""Each container says where it ends; what ends before that is truncated, wherever it was cut."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.structure import fault_of
from peer.media.types import TYPES
from tests.fixtures import pictures

AVI = b"RIFF" + struct.pack("<I", 1004) + b"AVI " + bytes(1000)
MKV = b"\x1a\x45\xdf\xa3\x84abcd" + b"\x18\x53\x80\x67\x41\x00" + bytes(256)

WHOLE: dict[str, bytes] = {
    "JPEG": pictures.jpeg(64, 48),
    "PNG": pictures.png(64, 48),
    "GIF": pictures.gif(64, 48),
    "WebP": pictures.webp(64, 48),
    "HEIC": pictures.heic(64, 48),
    "AVIF": pictures.avif(64, 48),
    "TIFF": pictures.tiff(64, 48, compression="tiff_lzw"),
    "MP4": pictures.movie(),
    "AVI": AVI,
    "MKV": MKV,
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_have_no_fault(name: str) -> None:
    assert fault_of(WHOLE[name], name) is None


@pytest.mark.parametrize("name", WHOLE)
def test_truncated_files_are_broken_wherever_they_are_cut(name: str) -> None:
    data = WHOLE[name]
    least = 16
    for length in {*range(least, len(data), max(1, len(data) // 60)), len(data) - 1, len(data) - 2}:
        fault = fault_of(data[:length], name)
        assert fault is not None, f"{name} cut to {length} of {len(data)} bytes"
        assert fault.broken


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "HEIC", "MP4"])
def test_what_programs_append_is_no_fault(name: str) -> None:
    assert fault_of(WHOLE[name] + b"SEFT" * 10 + bytes(100), name) is None


def test_a_progressive_jpeg_is_whole_too() -> None:
    assert fault_of(pictures.jpeg(64, 48, progressive=True), "JPEG") is None


def test_a_jpeg_whose_preview_is_whole_but_whose_picture_is_cut_is_broken() -> None:
    preview = pictures.jpeg(16, 16)
    with_preview = pictures.jpeg(256, 256, exif=b"Exif\x00\x00" + preview)
    assert fault_of(with_preview, "JPEG") is None
    assert fault_of(pictures.truncated(with_preview, 0.8), "JPEG") is not None


def test_a_file_that_a_full_disk_left_as_zeros_is_broken() -> None:
    data = WHOLE["JPEG"]
    assert fault_of(data[: len(data) // 2] + bytes(len(data) // 2), "JPEG") is not None


@pytest.mark.parametrize("marker", [0xC3, 0xC7])
def test_a_lossless_jpeg_is_whole_but_not_drawn(marker: int) -> None:
    data = WHOLE["JPEG"].replace(b"\xff\xc0", bytes([0xFF, marker]), 1)
    fault = fault_of(data, "JPEG")
    assert fault is not None
    assert not fault.broken


def test_a_movie_without_its_index_is_broken() -> None:
    fault = fault_of(pictures.box(b"ftyp", b"mp42", bytes(4)) + pictures.box(b"mdat", bytes(100)), "MP4")
    assert fault is not None
    assert "no index" in fault.reason


def test_live_recordings_without_a_length_are_no_fault() -> None:
    assert fault_of(MKV[:13] + b"\x01\xff\xff\xff\xff\xff\xff\xff" + bytes(50), "MKV") is None
    assert fault_of(b"RIFF" + bytes(4) + AVI[8:], "AVI") is None


@pytest.mark.parametrize("tag", [0x0111, 0x0144])
def test_tiff_samples_beyond_the_end_are_missing(tag: int) -> None:
    entries = struct.pack("<HHII", tag, 4, 1, 40) + struct.pack("<HHII", 0x0117 if tag == 0x0111 else 0x0145, 4, 1, 100)
    data = b"II*\x00" + struct.pack("<IH", 8, 2) + entries + bytes(4)
    assert fault_of(data + bytes(200), "NEF") is None
    assert fault_of(data + bytes(20), "NEF") is not None


@given(st.sampled_from(sorted(TYPES)), st.integers(0, 64), st.binary(max_size=300))
def test_any_bytes_are_judged(name: str, kept: int, rest: bytes) -> None:
    fault_of(WHOLE.get(name, b"")[:kept] + rest, name)


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_files_with_flipped_bytes_are_judged(name: str, data: st.DataObject) -> None:
    hostile = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 10))):
        hostile[data.draw(st.integers(0, min(400, len(hostile) - 1)))] = data.draw(st.integers(0, 255))
    fault_of(bytes(hostile), name)
