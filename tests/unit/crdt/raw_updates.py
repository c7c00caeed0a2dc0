"""A second, careless encoder of Yjs v1 updates for tests: writes whatever it is told, right or wrong."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field


def varuint(value: int, *, padding: int = 0) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    for _ in range(padding):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def text(value: str | bytes) -> bytes:
    raw = value if isinstance(value, bytes) else value.encode()
    return varuint(len(raw)) + raw


def integer(value: int) -> bytes:
    sign, size = (0x40, -value) if value < 0 else (0, value)
    return b"\x7d" + (bytes([sign | size]) if size < 64 else bytes([0x80 | sign | size & 63]) + varuint(size >> 6))


def float64(value: float) -> bytes:
    return b"\x7b" + struct.pack(">d", value)


def float32(value: float) -> bytes:
    return b"\x7c" + struct.pack(">f", value)


def nested(depth: int) -> bytes:
    """Lists in each other, null inside."""
    return b"\x75\x01" * depth + b"\x7e"


NULL = b"\x7e"


def pair(stamp: bytes, value: bytes = NULL) -> bytes:
    return b"\x75\x02\x74" + text(stamp) + value


@dataclass(frozen=True, kw_only=True)
class RawItem:
    key: str | bytes
    content: bytes
    """Of kind Any: the values behind their count."""
    info: int = 0x28
    origins: bytes = b""
    parent: bytes = b"\x01\x01r"
    count: int = 1

    def encoded(self) -> bytes:
        head = bytes([self.info]) + self.origins
        if self.info & 0xC0:
            return head + varuint(self.count) + self.content
        return head + self.parent + text(self.key) + varuint(self.count) + self.content


@dataclass(frozen=True, kw_only=True)
class RawUpdate:
    """``blocks``: (client, first clock, items); ``deletes``: (client, ranges)."""

    blocks: Sequence[tuple[int, int, Sequence[RawItem]]] = ()
    deletes: Sequence[tuple[int, Sequence[tuple[int, int]]]] = field(default=())

    def encoded(self) -> bytes:
        out = varuint(len(self.blocks))
        for client, clock, items in self.blocks:
            out += varuint(len(items)) + varuint(client) + varuint(clock) + b"".join(item.encoded() for item in items)
        out += varuint(len(self.deletes))
        for client, ranges in self.deletes:
            out += varuint(client) + varuint(len(ranges)) + b"".join(varuint(clock) + varuint(length) for clock, length in ranges)
        return out
