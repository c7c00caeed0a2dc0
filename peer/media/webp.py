"""The size that a WebP file says to have (RFC 9649, sections 2.5 to 2.7). Pure.

Its decoder makes room for the whole picture before it tells anything, and doesn't say why when it can't.
"""

from __future__ import annotations

from peer.media.tiff import Buffer

_FIRST_CHUNK = 12


def canvas_size(data: Buffer) -> tuple[int, int] | None:
    """Width and height by the first chunk; ``None`` when it isn't one that a WebP file begins with."""
    kind, contents = bytes(data[_FIRST_CHUNK : _FIRST_CHUNK + 4]), data[_FIRST_CHUNK + 8 : _FIRST_CHUNK + 18]
    if len(contents) < 10:
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(contents[4:7], "little"), 1 + int.from_bytes(contents[7:10], "little")
    if kind == b"VP8L" and contents[0] == 0x2F:
        edges = int.from_bytes(contents[1:5], "little")
        return 1 + (edges & 0x3FFF), 1 + (edges >> 14 & 0x3FFF)
    if kind == b"VP8 " and contents[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(contents[6:8], "little") & 0x3FFF, int.from_bytes(contents[8:10], "little") & 0x3FFF
    return None
