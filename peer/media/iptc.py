"""IPTC's Information Interchange Model (IIM 4.2): a row of data sets, each a mark, two numbers, a length and bytes. Pure.

Text is UTF-8 when data set 1:90 says so with ``ESC % G``, and otherwise Western: what is written without it comes from programs of single bytes.
A length that lies ends the reading; what came before it counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from peer.media import photoshop, plausible
from peer.media.capture_time import parse_moment
from peer.media.statement import Statement

MAX_BYTES = 1024 * 1024

_MARK = 0x1C
_MAX_SETS = 10_000
_CHARACTER_SET = (1, 90)
_KEYWORD, _CREATED, _CREATED_AT, _DIGITISED, _DIGITISED_AT, _CAPTION = (2, 25), (2, 55), (2, 60), (2, 62), (2, 63), (2, 120)
_UTF_8 = b"\x1b%G"


@dataclass(frozen=True, slots=True, kw_only=True)
class Iptc:
    """A block of data sets, and whether a program that knows nothing of XMP changed it after the two were written alike."""

    block: bytes = field(default=b"", repr=False)
    changed_alone: bool = False


NO_IPTC = Iptc()


def from_resources(block: bytes) -> Iptc:
    """What lies in Photoshop's resources. They hold the MD5 of the IPTC that its XMP agreed with (MWG guidelines 2.0, section 3.3)."""
    found: dict[int, bytes] = {}
    for number, data in photoshop.resources(block):
        found.setdefault(number, data)
    data = found.get(photoshop.IPTC, b"")
    digest = found.get(photoshop.IPTC_DIGEST, b"")
    changed = len(digest) == 16 and any(digest) and digest != hashlib.md5(data, usedforsecurity=False).digest()
    return Iptc(block=data, changed_alone=bool(data) and changed)


def iptc_statement(iptc: Iptc) -> Statement:
    """What the data sets say of a picture."""
    sets: dict[tuple[int, int], list[bytes]] = {}
    for name, value in _data_sets(iptc.block[:MAX_BYTES]):
        sets.setdefault(name, []).append(value)
    encoding = "utf-8" if _UTF_8 in sets.get(_CHARACTER_SET, ()) else "cp1252"

    def texts(name: tuple[int, int]) -> list[str]:
        return [_decoded(value, encoding) for value in sets.get(name, ())]

    def moment(date: tuple[int, int], time: tuple[int, int]) -> str | None:
        return _moment("".join(texts(date)[:1]), "".join(texts(time)[:1]))

    return Statement(
        created=moment(_CREATED, _CREATED_AT),
        digitised=moment(_DIGITISED, _DIGITISED_AT),
        caption=plausible.caption("".join(texts(_CAPTION)[:1])),
        keywords=plausible.keywords(texts(_KEYWORD)),
    )


def _data_sets(block: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    at = 0
    for _ in range(_MAX_SETS):
        if len(block) < at + 5 or block[at] != _MARK:
            return
        size, start = int.from_bytes(block[at + 3 : at + 5], "big"), at + 5
        if size & 0x8000:  # an extended data set: this many bytes hold the length
            octets = size & 0x7FFF
            size, start = int.from_bytes(block[start : start + min(octets, 8)], "big"), start + octets
        if start + size > len(block):
            return
        yield (block[at + 1], block[at + 2]), block[start : start + size]
        at = start + size


def _decoded(value: bytes, encoding: str) -> str:
    try:
        return value.decode(encoding).partition("\x00")[0]
    except UnicodeDecodeError:
        return value.decode("latin-1").partition("\x00")[0]


def _moment(date: str, time: str) -> str | None:
    """From ``20240721`` and ``180311+0200``; the second may be missing, in whole or in part."""
    if len(date) != 8:
        return None
    clock = f" {time[:2]}:{time[2:4]}:{time[4:6]}{time[6:]}" if len(time) >= 6 else ""
    day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return parse_moment(day + clock) or parse_moment(day)
