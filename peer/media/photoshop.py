"""Photoshop's image resources, in which IPTC lies (Adobe Photoshop File Formats, "Image Resource Blocks"). Pure."""

from __future__ import annotations

from collections.abc import Iterator

IPTC = 0x0404
IPTC_DIGEST = 0x0425

_MARK = b"8BIM"
_MAX_RESOURCES = 1_000


def resources(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Each resource's number and bytes; ends at the first that is malformed or longer than the block."""
    at = 0
    for _ in range(_MAX_RESOURCES):
        if block[at : at + 4] != _MARK or at + 12 > len(block):
            return
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        name_length = block[at + 6]
        size_at = at + 6 + _even(1 + name_length)
        start = size_at + 4
        size = int.from_bytes(block[size_at:start], "big")
        if start > len(block) or start + size > len(block):
            return
        yield number, block[start : start + size]
        at = start + _even(size)


def _even(size: int) -> int:
    return size + size % 2
