"""The directory reader against bytes that mean harm."""

from __future__ import annotations

import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from peer.media.tiff import MAX_NUMBERS, TiffFile


def tiff(*entries: tuple[int, int, int, bytes], tail: bytes = b"", following: int = 0) -> bytes:
    """A little-endian file of one directory; an entry's value is its four bytes."""
    packed = b"".join(struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\x00") for tag, kind, count, value in entries)
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + packed + struct.pack("<I", following) + tail


def first(data: bytes) -> object:
    file = TiffFile.parse(data)
    assert file is not None
    return file.first()


def test_values_inside_the_entry_and_outside_of_it() -> None:
    tail_at = 8 + 2 + 3 * 12 + 4
    data = tiff(
        (0x0112, 3, 1, b"\x06\x00"),
        (0x010F, 2, 6, struct.pack("<I", tail_at)),
        (0x829A, 5, 1, struct.pack("<I", tail_at + 6)),
        tail=b"Canon\x00" + struct.pack("<II", 1, 250),
    )
    file = TiffFile.parse(data)
    directory = file.first() if file else None
    assert directory is not None
    assert directory.number(0x0112) == 6
    assert directory.text(0x010F) == "Canon"
    assert directory.number(0x829A) == 1 / 250


def test_a_zero_denominator_is_no_number() -> None:
    data = tiff((0x829A, 5, 1, struct.pack("<I", 26)), tail=struct.pack("<II", 1, 0))
    file = TiffFile.parse(data)
    directory = file.first() if file else None
    assert directory is not None
    assert directory.number(0x829A) is None
    assert math.isnan(directory.numbers(0x829A)[0])


def test_offsets_and_counts_beyond_the_end_read_as_absent() -> None:
    data = tiff((0x010F, 2, 100, b"\xff\xff\xff\xff"), (0x829A, 5, 0xFFFFFFFF, b"\x08\x00"), (0x0112, 99, 1, b"\x06\x00"))
    file = TiffFile.parse(data)
    directory = file.first() if file else None
    assert directory is not None
    assert directory.text(0x010F) == ""
    assert directory.numbers(0x829A) == ()
    assert 0x0112 not in directory


def test_large_values_are_left_alone() -> None:
    count = MAX_NUMBERS + 1
    data = tiff((0x0111, 4, count, struct.pack("<I", 26)), tail=bytes(4 * count))
    file = TiffFile.parse(data)
    directory = file.first() if file else None
    assert directory is not None
    assert directory.numbers(0x0111) == ()
    assert directory.raw(0x0111, limit=1000) == b""


def test_a_chain_that_bites_its_tail_ends() -> None:
    file = TiffFile.parse(tiff((0x0112, 3, 1, b"\x01"), following=8))
    assert file is not None
    assert len(list(file.chain())) == 1


def test_a_directory_cut_short_is_none() -> None:
    assert first(tiff((0x0112, 3, 1, b"\x01"))[:15]) is None
    assert first(b"II*\x00") is None
    assert TiffFile.parse(b"") is None


@given(st.sampled_from([b"II*\x00", b"MM\x00*", b"IIU\x00"]), st.integers(0, 80), st.binary(max_size=400), st.integers(0, 0xFFFF))
def test_any_bytes_can_be_asked_anything(header: bytes, start: int, rest: bytes, tag: int) -> None:
    file = TiffFile.parse(header + struct.pack("<I" if header[:1] == b"I" else ">I", start) + rest)
    assert file is not None
    for directory in file.chain():
        directory.text(tag)
        directory.offsets(tag)
        number = directory.number(tag)
        assert number is None or math.isfinite(number)
