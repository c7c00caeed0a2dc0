"""Hybrid logical clock (PROTOCOL.md section 5; Kulkarni et al., "Logical Physical Clocks", 2014). Pure.

A stamp is the time at which an entry was made, as well as its device knew it, and larger than every stamp that this device
had made or accepted before. So a device's stamps grow even while its clock runs backwards, and of two concurrent values the
one made later wins in real time. Nothing else rests on stamps: what happened after what is known from the log.

- The counter carries into the milliseconds when it overflows; the order of the bytes is the order of the stamps.
- A received stamp that lies more than five minutes ahead is accepted for what it stamps, but never moves this clock.
- A device whose own clock is far ahead is flagged everywhere (``is_ahead``); once its clock is right again, it goes on from there.
"""

from __future__ import annotations

from typing import Self

AHEAD_LIMIT_MS = 5 * 60 * 1000
"""A stamp this far beyond the physical clock, in milliseconds, is flagged and doesn't move the local clock."""

_COUNTER_BITS = 16
_MAX_MILLIS = (1 << 48) - 1
_MAX_STAMP = (1 << 64) - 1


class Stamp(bytes):
    """8 bytes, big-endian: 48 bits of milliseconds since 1970 UTC, then 16 bits of counter. Orders like its bytes."""

    __slots__ = ()

    SIZE = 8

    def __new__(cls, value: bytes) -> Self:
        if len(value) != cls.SIZE:
            raise ValueError(f"a stamp has {cls.SIZE} bytes, not {len(value)}")
        return super().__new__(cls, value)

    @classmethod
    def of(cls, millis: int, counter: int = 0) -> Self:
        """The stamp with these parts; ``ValueError`` outside 48 and 16 bits."""
        if not 0 <= millis <= _MAX_MILLIS or not 0 <= counter < 1 << _COUNTER_BITS:
            raise ValueError("a stamp has 48 bits of milliseconds and 16 bits of counter")
        return cls((millis << _COUNTER_BITS | counter).to_bytes(cls.SIZE, "big"))

    @property
    def millis(self) -> int:
        """Milliseconds since 1970 UTC."""
        return int.from_bytes(self[:6], "big")

    @property
    def counter(self) -> int:
        """Orders stamps of one millisecond."""
        return int.from_bytes(self[6:], "big")

    def __repr__(self) -> str:
        return f"Stamp({self.millis}+{self.counter})"


FIRST_STAMP = Stamp(bytes(Stamp.SIZE))
"""What a device that has neither made nor accepted any stamp begins from."""


def next_stamp(last: Stamp, physical_ms: int) -> Stamp:
    """The stamp of an entry made now: larger than ``last``, and the physical time where that is larger.

    ``OverflowError`` when no larger stamp exists (the clock stood at its end, in the year 10889).
    """
    physical = min(max(physical_ms, 0), _MAX_MILLIS)
    if physical > last.millis:
        return Stamp.of(physical)
    following = int.from_bytes(last, "big") + 1
    if following > _MAX_STAMP:
        raise OverflowError("the clock has no larger stamp")
    return Stamp(following.to_bytes(Stamp.SIZE, "big"))


def observe(last: Stamp, received: Stamp, physical_ms: int) -> Stamp:
    """What ``last`` becomes when ``received`` was applied at ``physical_ms``; a stamp that is ahead doesn't move it."""
    if is_ahead(received, physical_ms):
        return last
    return max(last, received)


def is_ahead(stamp: Stamp, physical_ms: int) -> bool:
    """Whether ``stamp`` lies more than five minutes beyond ``physical_ms``: its device is flagged."""
    return stamp.millis > physical_ms + AHEAD_LIMIT_MS
