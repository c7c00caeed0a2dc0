"""Changes to CBOR that stay CBOR: what is inside is reached although the encoding around it admits one spelling only.

Byte strings that are CBOR arrays or maps themselves (a header in an entry, a certificate in a body) are gone into. A ``Door`` does the same for
what lies behind a checksum, a signature, a compression or a seal: it is opened, changed inside and closed again, so that the change
isn't lost at the door.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cbor2

from store.encoding import MalformedError, decode, encode
from tests.fuzz.chance import Chance
from tests.fuzz.mutation import mutated_bytes
from tests.fuzz.target import Mutator

_LIMIT = 1 << 22
_NUMBERS = (0, 1, 2, 9, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -1, -(2**63))
_OTHERS: tuple[Any, ...] = (None, True, False, 0, 1, b"", bytes(16), bytes(32), "", "x", [], {}, 0.5, [[]], {"a": 1})
_LENGTHS = (0, 1, 8, 16, 17, 31, 32, 33, 64, 1216)


@dataclass(frozen=True, slots=True)
class Door:
    """``open`` gives what is inside, ``None`` when it doesn't open; ``close`` makes a whole input of it again."""

    open: Callable[[bytes], bytes | None]
    close: Callable[[bytes], bytes]


def behind(door: Door, inside: Mutator) -> Mutator:
    """Changes what is behind ``door``; now and then the door itself."""

    def mutate(data: bytes, chance: Chance) -> bytes:
        content = None if chance.once_in(8) else door.open(data)
        return mutated_bytes(data, chance) if content is None else door.close(inside(content, chance))

    return mutate


def mutated_cbor(data: bytes, chance: Chance) -> bytes:
    """``data`` with one to three places of its structure changed; plain bytes when it has none."""
    value = _container(data)
    if value is None or chance.once_in(20):
        return mutated_bytes(data, chance)
    if chance.once_in(20):
        return _misspelled(data)
    for _ in range(chance.pick((1, 1, 1, 2, 3))):
        value = changed(value, chance)
    try:
        return encode(value)
    except (cbor2.CBORError, TypeError, ValueError, OverflowError):
        return mutated_bytes(data, chance)


def _misspelled(data: bytes) -> bytes:
    """The same value with the length of the outermost array or map in two bytes, where one is enough."""
    return bytes((data[0] & 0xE0 | 24, data[0] & 0x1F)) + data[1:] if data[0] & 0x1F < 24 else data


def selected(inside: Mutator) -> Mutator:
    """For inputs whose first byte says how the rest is read: mostly the rest is changed."""

    def mutate(data: bytes, chance: Chance) -> bytes:
        if not data or chance.once_in(20):
            return mutated_bytes(data, chance)
        return data[:1] + inside(data[1:], chance)

    return mutate


def _container(data: bytes) -> Any:
    """The array or map that ``data`` encodes."""
    if not data or data[0] & 0xC0 != 0x80:
        return None
    try:
        return decode(data, limit=_LIMIT, depth=64)
    except MalformedError:
        return None


def changed(value: Any, chance: Chance) -> Any:
    """``value`` with one place in it changed."""
    go_inside = not chance.once_in(4)
    match value:
        case list() if value and go_inside:
            place = _place(value, chance)
            return [*value[:place], changed(value[place], chance), *value[place + 1 :]]
        case dict() if value and go_inside:
            key = chance.pick(list(value))
            return {**value, key: changed(value[key], chance)}
        case bytes() if go_inside and _is_container(value):
            return mutated_cbor(value, chance)
        case _:
            return _altered(value, chance)


def _place(value: list[Any], chance: Chance) -> int:
    """Mostly one that has an inside itself: deep places are many, and few ways lead there."""
    deep = [place for place, each in enumerate(value) if (isinstance(each, list | dict) and each) or _is_container(each)]
    return chance.pick(deep) if deep and not chance.once_in(3) else chance.random.randrange(len(value))


def _is_container(value: Any) -> bool:
    return isinstance(value, bytes) and _container(value) is not None


def _altered(value: Any, chance: Chance) -> Any:
    if chance.once_in(8):
        return chance.pick(_OTHERS)
    match value:
        case list():
            return _altered_list(value, chance)
        case dict():
            return _altered_map(value, chance)
        case bytes():
            return _altered_bytes(value, chance)
        case str():
            return chance.leaf(value.encode(), chance.limit).decode("utf-8", "replace")
        case bool() | None:
            return chance.pick(_OTHERS)
        case int():
            return chance.pick((value + chance.random.randint(-2, 2), chance.pick(_NUMBERS)))
        case _:
            return chance.pick(_OTHERS)


def _altered_list(value: list[Any], chance: Chance) -> list[Any]:
    copy = list(value)
    place = chance.random.randint(0, len(copy))
    other = chance.random.randint(0, len(copy))
    match chance.random.randrange(5):
        case 0:
            del copy[place:other]
        case 1:
            copy[place:place] = copy[other : other + chance.random.randint(1, 4)]
        case 2:
            copy.insert(place, chance.pick(_OTHERS))
        case 3:
            copy.reverse()
        case _:
            chance.random.shuffle(copy)
    return copy


def _altered_map(value: dict[Any, Any], chance: Chance) -> dict[Any, Any]:
    copy = dict(value)
    if copy and chance.once_in(2):
        taken = copy.pop(chance.pick(list(copy)))
        if chance.once_in(2):
            copy["another"] = taken
    else:
        copy[chance.pick(("another", "control", 1, b"key"))] = chance.pick(_OTHERS)
    return copy


def _altered_bytes(value: bytes, chance: Chance) -> bytes:
    match chance.random.randrange(4):
        case 0:
            return chance.leaf(value, chance.limit)
        case 1:
            return chance.random.randbytes(chance.pick(_LENGTHS))
        case 2:
            return bytes(each ^ (chance.random.randrange(256) if chance.once_in(8) else 0) for each in value)
        case _:
            return value[: chance.random.randint(0, len(value))]
