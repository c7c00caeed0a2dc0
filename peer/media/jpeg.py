"""The markers of a JPEG stream up to its first scan (ISO/IEC 10918-1, annex B). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peer.media.tiff import Buffer

START_OF_IMAGE = b"\xff\xd8"
END_OF_IMAGE = b"\xff\xd9"
START_OF_SCAN = 0xDA
FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
LOSSLESS_OR_HIERARCHICAL = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF})

_APP1 = 0xE1
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_MAX_SEGMENTS = 10_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker and where its contents begin and end; ``end`` may lie beyond the data."""

    marker: int
    start: int
    end: int


def segments(data: Buffer, start: int = 0) -> Iterator[Segment]:
    """The segments of the stream at ``start``, up to and with the first scan header; stops at the first byte that is no marker."""
    if data[start : start + 2] != START_OF_IMAGE:
        return
    at = start + 2
    for _ in range(_MAX_SEGMENTS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        header = data[at : at + 4]
        if len(header) < 4 or header[0] != 0xFF:
            return
        marker = header[1]
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        length = int.from_bytes(header[2:4], "big")
        if length < 2:
            return
        yield Segment(marker, at + 4, at + 2 + length)
        if marker == START_OF_SCAN:
            return
        at += 2 + length


def exif_segment(data: Buffer, start: int = 0) -> bytes:
    """The contents of the first EXIF segment; empty when there is none."""
    for segment in segments(data, start):
        if segment.marker == _APP1 and data[segment.start : segment.start + 6] == b"Exif\x00\x00":
            return bytes(data[segment.start : segment.end])
    return b""


def prefixed_segments(data: Buffer, marker: int, prefix: bytes, start: int = 0, *, limit: int) -> Iterator[bytes]:
    """What follows ``prefix`` in the segments of this marker that begin with it, as far as that isn't more than ``limit`` bytes together."""
    size = 0
    for segment in segments(data, start):
        if segment.marker == marker and data[segment.start : segment.start + len(prefix)] == prefix:
            contents = bytes(data[segment.start + len(prefix) : segment.end])
            size += len(contents)
            if size > limit:
                return
            yield contents


def frame_size(data: Buffer, start: int = 0) -> tuple[int, int] | None:
    """Width and height of the stream at ``start``, of a kind that every decoder draws; ``None`` when there is no such stream."""
    for segment in segments(data, start):
        if segment.marker in FRAMES:
            header = data[segment.start : segment.start + 5]
            height, width = int.from_bytes(header[1:3], "big"), int.from_bytes(header[3:5], "big")
            drawable = segment.marker not in LOSSLESS_OR_HIERARCHICAL and header[:1] == b"\x08"
            return (width, height) if drawable and width and height else None
    return None
