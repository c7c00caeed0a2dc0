"""How a power cut ends, and what it does to the contents of a file (pure)."""

from __future__ import annotations

from enum import Enum
from random import Random


class PowerCutError(BaseException):
    """The machine has no power. No ``Exception``: no error handling of the program may go on after it."""


class Survival(Enum):
    """What becomes of what wasn't synced."""

    STRICT = "none of it is there"
    KIND = "all of it is there"
    MIXED = "some of it is there"


def surviving_contents(synced: bytes, written: bytes, survival: Survival, random: Random) -> bytes:
    """What a file holds. ``synced``: as of its last fsync; ``written``: as the program left it."""
    if survival is Survival.KIND or synced == written:
        return written
    if survival is Survival.STRICT:
        return synced
    choice, cut = random.random(), int(random.random() * (len(written) + 1))
    if choice < 0.3:
        return synced
    if choice < 0.5:
        return written
    if choice < 0.8:
        return written[:cut] + synced[cut:]
    return synced + bytes(max(0, len(written) - len(synced)))
