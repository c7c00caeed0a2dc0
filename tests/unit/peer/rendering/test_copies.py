"""Descriptions of an original for a picture made from it: in place, hostile bytes included."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from peer.rendering.exif_copies import PREFIX, exif_copy
from peer.rendering.xmp_copies import MAX_PACKET_BYTES, xmp_copy

THUMBNAIL = b"\xff\xd8what was cropped away\xff\xd9"


def block(order: str, *, trailer: bytes = b"") -> bytes:
    """Orientation 6, 4000 × 3000, a maker's note, and a thumbnail."""

    def directory(entries: list[tuple[int, int, int, int]], following: int) -> bytes:
        body = b"".join(
            struct.pack(order + "HHI", tag, kind, count) + struct.pack(order + ("H2x" if kind == 3 else "I"), value)
            for tag, kind, count, value in entries
        )
        return struct.pack(order + "H", len(entries)) + body + struct.pack(order + "I", following)

    exposure_at, thumbnail_at, data_at = 8 + 2 + 24 + 4, 100, 200
    main = directory([(0x0112, 3, 1, 6), (0x8769, 4, 1, exposure_at)], thumbnail_at)
    exposure = directory([(0xA002, 4, 1, 4000), (0xA003, 3, 1, 3000), (0xA001, 3, 1, 0xFFFF)], 0)
    link = directory([(0x0201, 4, 1, data_at), (0x0202, 4, 1, len(THUMBNAIL))], 0)
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(order + "I", 8)
    content = (head + main + exposure).ljust(thumbnail_at, b"n") + link
    return PREFIX + content.ljust(data_at, b"m") + THUMBNAIL + trailer


def test_orientation_and_dimensions_are_corrected_and_the_rest_stays() -> None:
    for order in "<>":
        copied = exif_copy(block(order, trailer=b"maker"), (500, 700))
        assert len(copied) == len(block(order, trailer=b"maker"))
        assert struct.unpack_from(order + "H", copied, 6 + 8 + 2 + 8) == (1,)
        assert struct.unpack_from(order + "I", copied, 6 + 38 + 2 + 8) == (500,)
        assert struct.unpack_from(order + "H", copied, 6 + 38 + 2 + 12 + 8) == (700,)
        assert struct.unpack_from(order + "H", copied, 6 + 38 + 2 + 24 + 8) == (1,), "the colour space"
        assert copied.endswith(b"maker")


def test_no_byte_of_the_thumbnail_is_left() -> None:
    for trailer in (b"", b"maker"):
        copied = exif_copy(block("<", trailer=trailer), (500, 700))
        assert b"cropped" not in copied
        assert struct.unpack_from("<I", copied, 6 + 8 + 2 + 24) == (0,)


@given(st.binary(max_size=200), st.sampled_from([b"II*\x00", b"MM\x00*", b""]))
def test_whatever_the_bytes_are_it_ends(data: bytes, head: bytes) -> None:
    copied = exif_copy(head + data, (10, 20))
    assert len(copied) <= len(PREFIX) + len(head) + len(data)


@given(st.binary(max_size=300))
def test_whatever_a_packet_is_it_ends(data: bytes) -> None:
    assert len(xmp_copy(data, (10, 20))) <= MAX_PACKET_BYTES
    xmp_copy(b"<xmp:Thumbnails>" * 50 + data, (10, 20))
