"""The EXIF block of an original for a picture that was made from it. Pure.

The block is changed in place (TIFF 6.0, section 2), so that everything else stays as it was, byte for byte, also what only its maker can read and what
counts on its place. What doesn't hold of the new picture is taken away or corrected: orientation, dimensions, colour space, and the thumbnail, of
which no byte is left: it may show what was cropped away.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = b"Exif\x00\x00"

_ORIENTATION, _WIDTH, _HEIGHT, _EXIF_POINTER = 0x0112, 0x0100, 0x0101, 0x8769
_PIXEL_WIDTH, _PIXEL_HEIGHT, _COLOUR_SPACE = 0xA002, 0xA003, 0xA001
_SRGB = 1
_THUMBNAIL, _THUMBNAIL_LENGTH, _STRIPS, _STRIP_LENGTHS = 0x0201, 0x0202, 0x0111, 0x0117
_SHORT, _LONG = 3, 4
_MAX_ENTRIES = 2_000
_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A tag and where its entry of twelve bytes lies."""

    tag: int
    kind: int
    count: int
    at: int


def exif_copy(block: bytes, size: tuple[int, int]) -> bytes:
    """``block`` (with or without its ``Exif`` prefix) for an upright picture of ``size``, with the prefix; empty when it is none."""
    content = bytearray(block.removeprefix(PREFIX))
    order = _ORDERS.get(bytes(content[:4]))
    if order is None or len(content) < 8:
        return b""
    editor = _Block(content, order)
    editor.correct(size)
    return PREFIX + bytes(editor.content)


class _Block:
    """A TIFF structure that is changed where it lies. Nothing is read or written outside of it; what is broken stays as it is."""

    def __init__(self, content: bytearray, order: str) -> None:
        self.content = content
        self._order = order

    def correct(self, size: tuple[int, int]) -> None:
        first = self._number(4, _LONG)
        self._drop_following(first)
        for entry in self._entries(first):
            if entry.tag == _ORIENTATION:
                self._set(entry, 1)
            elif entry.tag in (_WIDTH, _HEIGHT):
                self._set(entry, size[entry.tag == _HEIGHT])
            elif entry.tag == _EXIF_POINTER:
                self._correct_pixels(self._value(entry), size)

    def _correct_pixels(self, directory: int, size: tuple[int, int]) -> None:
        for entry in self._entries(directory):
            if entry.tag in (_PIXEL_WIDTH, _PIXEL_HEIGHT):
                self._set(entry, size[entry.tag == _PIXEL_HEIGHT])
            elif entry.tag == _COLOUR_SPACE:
                self._set(entry, _SRGB)

    def _drop_following(self, directory: int) -> None:
        """The second directory describes the thumbnail: both go."""
        link = self._link_of(directory)
        if link is None:
            return
        thumbnail = {entry.tag: self._value(entry) for entry in self._entries(self._number(link, _LONG))}
        for start, length in ((_THUMBNAIL, _THUMBNAIL_LENGTH), (_STRIPS, _STRIP_LENGTHS)):
            if start in thumbnail and length in thumbnail:
                self._blank(thumbnail[start], thumbnail[length])
        self.content[link : link + 4] = bytes(4)

    def _blank(self, start: int, length: int) -> None:
        """No bytes are left there; at the end of the block nor is their place."""
        end = min(start + length, len(self.content))
        if not 8 < start < end:
            return
        if end == len(self.content):
            del self.content[start:]
        else:
            self.content[start:end] = bytes(end - start)

    def _entries(self, directory: int) -> Iterator[_Entry]:
        for index in range(min(self._number(directory, _SHORT), _MAX_ENTRIES)):
            at = directory + 2 + 12 * index
            if at + 12 > len(self.content):
                return
            tag, kind, count = struct.unpack_from(self._order + "HHI", self.content, at)
            yield _Entry(tag, kind, count, at)

    def _link_of(self, directory: int) -> int | None:
        """Where a directory says which one follows it."""
        link = directory + 2 + 12 * self._number(directory, _SHORT)
        return link if directory >= 8 and link + 4 <= len(self.content) else None

    def _number(self, at: int, kind: int) -> int:
        width = 2 if kind == _SHORT else 4
        return int.from_bytes(self.content[at : at + width], "little" if self._order == "<" else "big")

    def _value(self, entry: _Entry) -> int:
        return self._number(entry.at + 8, entry.kind)

    def _set(self, entry: _Entry, value: int) -> None:
        if entry.count == 1 and entry.kind in (_SHORT, _LONG):
            value = min(value, 0xFFFF) if entry.kind == _SHORT else value
            struct.pack_into(self._order + ("H" if entry.kind == _SHORT else "I"), self.content, entry.at + 8, value)
