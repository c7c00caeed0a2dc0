"""Boxes of ISO base media files: HEIC, AVIF, CR3, MP4, MOV, JPEG XL, JPEG 2000 (ISO/IEC 14496-12, 4.2). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peer.media.tiff import Buffer

MAX_BOXES = 100_000


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four-letter kind, and where its contents begin and end. ``end`` may lie beyond what encloses it."""

    kind: bytes
    start: int
    end: int


def boxes(data: Buffer, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes from ``start`` up to ``end``. Stops behind the first that is malformed or reaches beyond ``end``."""
    limit = len(data) if end is None else end
    at = start
    for _ in range(MAX_BOXES):
        header = data[at : min(at + 16, limit)]
        if len(header) < 8:
            return
        size, header_size = int.from_bytes(header[:4], "big"), 8
        if size == 1:
            size, header_size = int.from_bytes(header[8:16], "big"), 16
        elif size == 0:
            size = limit - at
        if size < header_size:
            return
        yield Box(bytes(header[4:8]), at + header_size, at + size)
        at += size


def find(data: Buffer, *path: bytes, start: int = 0, end: int | None = None) -> Box | None:
    """The first box that the kinds in ``path`` lead to, each inside the one before; only a box that is wholly there."""
    limit = len(data) if end is None else end
    for box in boxes(data, start, limit):
        if box.kind == path[0] and box.end <= limit:
            return box if len(path) == 1 else find(data, *path[1:], start=box.start, end=box.end)
    return None
