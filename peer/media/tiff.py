"""A reader for TIFF directories, the form of EXIF blocks and of most RAW files (TIFF 6.0, section 2). Pure.

Written for hostile bytes: nothing is read outside the buffer, nothing is followed twice, a value is decoded only when it is asked for,
and every question has an answer: what is broken reads as absent.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Buffer = bytes | mmap.mmap
"""Something that can be sliced without reading all of it."""

ByteOrder = Literal["<", ">"]

MAX_ENTRIES = 2_000
MAX_TEXT_BYTES = 1_024
MAX_NUMBERS = 65_536

_HEADERS: dict[bytes, ByteOrder] = {
    b"II*\x00": "<",
    b"MM\x00*": ">",
    b"IIRO": "<",  # Olympus
    b"IIRS": "<",
    b"MMOR": ">",
    b"IIU\x00": "<",  # Panasonic
}
_MARKS: dict[bytes, ByteOrder] = {b"II": "<", b"MM": ">"}
_ASCII, _RATIONAL, _SRATIONAL = 2, 5, 10
_FORMATS: dict[int, str] = {1: "B", 3: "H", 4: "I", 5: "II", 6: "b", 7: "B", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I"}
_SIZES: dict[int, int] = {_ASCII: 1, **{kind: struct.calcsize("<" + form) for kind, form in _FORMATS.items()}}


@dataclass(frozen=True, slots=True)
class _Field:
    """Where a value lies: type code, number of elements, offset of the first byte."""

    kind: int
    count: int
    offset: int


class Directory:
    """One directory's values by tag."""

    def __init__(self, data: Buffer, order: ByteOrder, fields: dict[int, _Field], following: int) -> None:
        self._data = data
        self._order: ByteOrder = order
        self._fields = fields
        self.following = following
        """Offset of the next directory in the chain, 0 for none."""

    @property
    def order(self) -> ByteOrder:
        """The order of bytes in numbers, as ``struct`` writes it."""
        return self._order

    @property
    def end(self) -> int:
        """Where the last of the values ends; may lie beyond the buffer."""
        return max((field.offset + field.count * _SIZES[field.kind] for field in self._fields.values()), default=0)

    def __contains__(self, tag: int) -> bool:
        return tag in self._fields

    def raw(self, tag: int, *, limit: int) -> bytes:
        """The value's bytes; empty when it is absent, longer than ``limit``, or not wholly inside the buffer."""
        field = self._fields.get(tag)
        if field is None:
            return b""
        size = field.count * _SIZES[field.kind]
        value = self._data[field.offset : field.offset + size] if size <= limit else b""
        return value if len(value) == size else b""

    def extent(self, tag: int) -> tuple[int, int] | None:
        """Where the value's bytes lie: offset and length. Neither is checked against the buffer."""
        field = self._fields.get(tag)
        return None if field is None else (field.offset, field.count * _SIZES[field.kind])

    def text(self, tag: int, *, limit: int = MAX_TEXT_BYTES) -> str:
        """Text up to the first NUL; empty when there is none. Bytes that are no UTF-8 are read as Latin-1."""
        value = self.raw(tag, limit=limit).partition(b"\x00")[0]
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("latin-1")

    def numbers(self, tag: int) -> tuple[float, ...]:
        """The value's numbers, whole ones as ``int``; a rational with a zero denominator is NaN."""
        field = self._fields.get(tag)
        if field is None or field.kind == _ASCII or field.count > MAX_NUMBERS:
            return ()
        value = self.raw(tag, limit=MAX_NUMBERS * 8)
        elements = struct.iter_unpack(self._order + _FORMATS[field.kind], value)
        if field.kind in (_RATIONAL, _SRATIONAL):
            return tuple(above / below if below else math.nan for above, below in elements)
        return tuple(element[0] for element in elements)

    def number(self, tag: int) -> float | None:
        """The first number when it is finite."""
        numbers = self.numbers(tag)
        return numbers[0] if numbers and math.isfinite(numbers[0]) else None

    def offsets(self, tag: int) -> tuple[int, ...]:
        """The numbers of a tag that holds positions or lengths."""
        return tuple(number for number in self.numbers(tag) if isinstance(number, int))


class TiffFile:
    """The directories of one buffer."""

    def __init__(self, data: Buffer, order: ByteOrder) -> None:
        self._data = data
        self._order: ByteOrder = order

    @classmethod
    def parse(cls, data: Buffer) -> TiffFile | None:
        """``None`` when ``data`` has no TIFF header."""
        order = _HEADERS.get(bytes(data[:4]))
        return None if order is None else cls(data, order)

    @classmethod
    def with_order(cls, data: Buffer, mark: bytes) -> TiffFile | None:
        """Directories without a header, whose order of bytes ``mark`` tells; ``None`` when it is neither ``II`` nor ``MM``."""
        order = _MARKS.get(mark)
        return None if order is None else cls(data, order)

    def first(self) -> Directory | None:
        """The first directory of the chain."""
        head = self._data[4:8]
        return self.directory(self._unsigned(head)) if len(head) == 4 else None

    def chain(self) -> Iterator[Directory]:
        """The directories in the order of the chain, each once."""
        seen: set[int] = set()
        at = self._unsigned(self._data[4:8])
        while at and at not in seen and len(seen) < MAX_ENTRIES:
            seen.add(at)
            directory = self.directory(at)
            if directory is None:
                return
            yield directory
            at = directory.following

    def directory(self, offset: int) -> Directory | None:
        """The directory at ``offset``; ``None`` when it isn't wholly inside the buffer."""
        head = self._data[offset : offset + 2]
        if offset < 8 or len(head) < 2:
            return None
        count = self._unsigned(head)
        start = offset + 2
        entries = self._data[start : start + 12 * count]
        if not count or len(entries) < 12 * count:
            return None
        fields: dict[int, _Field] = {}
        for index, (tag, kind, number) in enumerate(struct.iter_unpack(self._order + "HHI4x", entries[: 12 * MAX_ENTRIES])):
            size = _SIZES.get(kind, 0) * number
            if size:
                place = start + 12 * index + 8
                at = place if size <= 4 else self._unsigned(self._data[place : place + 4])
                fields.setdefault(tag, _Field(kind, number, at))
        end = start + 12 * count
        return Directory(self._data, self._order, fields, self._unsigned(self._data[end : end + 4]))

    def _unsigned(self, value: bytes) -> int:
        return int.from_bytes(value, "little" if self._order == "<" else "big")
