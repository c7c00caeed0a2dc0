"""Blinded tags: by these, devices that share a key know each other, and nobody else learns anything (PROTOCOL.md section 7.2). Pure.

    tag = first 8 bytes of HMAC-SHA256(key, "calotype tag" | u32 day | instance name)

The name of the instance is random in each run and part of what is hashed. So two devices of one library show different tags, one device
shows others tomorrow and after its next start, and who hasn't the key can't tell any of them from random bytes. A tag that is copied
under another name fits nothing. Clocks differ: a tag of yesterday or tomorrow is good too.

How many keys there are would tell that a device was removed or an invitation opened. Therefore tags come in multiples of four, filled up
with those of throw-away keys, and sorted.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from discovery.seams import Randomness
from store.ids import Id

KEY_BYTES = 32
MAX_TAGS = 16
DAY_MS = 86_400_000
_LAST_DAY = 2**32 - 1
_TAGS_STEP = 4
_INSTANCE_BYTES = 8
_INSTANCE = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DiscoveryKey:
    """32 secret bytes that an epoch or an invitation yields. They are in no text."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a discovery key has {KEY_BYTES} bytes")


class Tag(Id):
    """What one key gives for one instance on one day."""

    SIZE = 8


class InstanceName(str):
    """16 small hexadecimal digits, random in each run: what a device is called on the network. ``ValueError`` for anything else."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _INSTANCE.fullmatch(text):
            raise ValueError("an instance is named by 16 small hexadecimal digits")
        return super().__new__(cls, text)

    @classmethod
    def draw(cls, randomness: Randomness) -> Self:
        return cls(randomness(_INSTANCE_BYTES).hex())


def day_of(now: int) -> int:
    """The day since 1970 UTC of a time in milliseconds; a clock before 1970 shows day 0."""
    return min(max(now // DAY_MS, 0), _LAST_DAY)


def tag(key: DiscoveryKey, instance: InstanceName, day: int) -> Tag:
    """The tag of ``key`` on that day."""
    message = b"calotype tag" + day.to_bytes(4, "big") + instance.encode("utf-8")
    return Tag(hmac.new(key.secret, message, hashlib.sha256).digest()[: Tag.SIZE])


def recognise(keys: Iterable[DiscoveryKey], instance: InstanceName, tags: Collection[Tag], day: int) -> tuple[DiscoveryKey, ...]:
    """Those of ``keys`` that made any of ``tags`` for that instance, the day before, on that day or the day after."""
    shown = set(tags)
    days = range(max(day - 1, 0), min(day + 1, _LAST_DAY) + 1)
    return tuple(key for key in keys if any(tag(key, instance, each) in shown for each in days))


class Blinding:
    """Makes the tags of one run. The throw-away keys stay the same as long, so that a comparison over time doesn't find them either."""

    def __init__(self, instance: InstanceName, randomness: Randomness) -> None:
        self._instance = instance
        self._decoys = [DiscoveryKey(randomness(KEY_BYTES)) for _ in range(_TAGS_STEP - 1)]

    def tags(self, keys: Sequence[DiscoveryKey], day: int) -> tuple[Tag, ...]:
        """What is announced on that day: the tags of the first 16 of ``keys``, filled up; none for no keys."""
        announced = keys[:MAX_TAGS]
        filled = [*announced, *self._decoys[: -len(announced) % _TAGS_STEP]]
        return tuple(sorted(tag(key, self._instance, day) for key in filled))
