"""Which writes there were at a time. Pure.

Two clocks can be asked. By **made**, a write is of the time in its stamp: as the device that wrote it knew the time. By **arrived**, it is of the time
when this device got it. Either clock can be wrong, and a state is only one that ever was when it is causally closed: so a write counts from when
everything that it builds on does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class By(StrEnum):
    """Which clock is asked."""

    MADE = "made"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted(Generic[T]):
    """Writes in their order, parted at a time. Nothing in ``before`` builds on anything in ``after``."""

    before: tuple[T, ...]
    after: tuple[T, ...]


def parted_at(writes: Iterable[T], time: int, *, moment: Callable[[T], int], builds_on: Callable[[T, T], bool]) -> Parted[T]:
    """``writes`` in a causal order; those at ``time`` itself count as before it."""
    before: list[T] = []
    after: list[T] = []
    for write in writes:
        is_late = moment(write) > time or any(builds_on(write, late) for late in after)
        (after if is_late else before).append(write)
    return Parted(before=tuple(before), after=tuple(after))
