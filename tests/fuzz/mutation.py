"""Changes to bytes without a structure: what libFuzzer does by itself, for where it isn't there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.chance import Chance

_TELLING = (0, 1, 0x17, 0x18, 0x20, 0x25, 0x2E, 0x2F, 0x40, 0x5F, 0x75, 0x7F, 0x80, 0xC0, 0xFE, 0xFF)
"""Edges of lengths and of major types, and characters with a meaning in paths and escapes."""

_LONGEST_RUN = 64


def mutated_bytes(data: bytes, chance: Chance) -> bytes:
    """``data`` changed as plain bytes."""
    return chance.leaf(data, chance.limit)


def changed_bytes(random: Random) -> Callable[[bytes, int], bytes]:
    """A ``leaf`` without the fuzzer: one to three changes, all decided by ``random``."""

    def change(data: bytes, limit: int) -> bytes:
        for _ in range(random.randint(1, 3)):
            data = random.choice(_CHANGES)(bytearray(data), random)
        return data[:limit]

    return change


def _flip(data: bytearray, random: Random) -> bytes:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def _set(data: bytearray, random: Random) -> bytes:
    if data:
        data[random.randrange(len(data))] = random.choice(_TELLING)
    return bytes(data)


def _insert(data: bytearray, random: Random) -> bytes:
    place = random.randint(0, len(data))
    data[place:place] = bytes(random.choice(_TELLING) for _ in range(random.choice((1, 1, 2, 4, 8))))
    return bytes(data)


def _delete(data: bytearray, random: Random) -> bytes:
    start, end = _span(data, random)
    del data[start:end]
    return bytes(data)


def _copy(data: bytearray, random: Random) -> bytes:
    start, end = _span(data, random)
    place = random.randint(0, len(data))
    data[place:place] = data[start:end]
    return bytes(data)


def _cut(data: bytearray, random: Random) -> bytes:
    return bytes(data[: random.randint(0, len(data))])


def _count(data: bytearray, random: Random) -> bytes:
    """A number of up to four bytes, a little more or less, in either order."""
    start = random.randint(0, len(data))
    width, order = random.choice((1, 2, 4)), random.choice(("big", "little"))
    field = bytes(data[start : start + width])
    number = (int.from_bytes(field, order) + random.randint(-4, 4)) % (1 << 8 * len(field))  # type: ignore[arg-type]  # one of the two
    data[start : start + width] = number.to_bytes(len(field), order)  # type: ignore[arg-type]
    return bytes(data)


def _span(data: Sequence[int], random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.randint(1, _LONGEST_RUN))


_CHANGES: tuple[Callable[[bytearray, Random], bytes], ...] = (_flip, _flip, _set, _set, _insert, _delete, _copy, _cut, _count)
