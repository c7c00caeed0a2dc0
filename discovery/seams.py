"""The seams through which time, randomness and threads reach discovery, so that tests can bring their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Randomness = Callable[[int], bytes]
"""``randomness(n)`` gives n unpredictable bytes."""


class Clock(Protocol):
    """Wall time in milliseconds since 1970 UTC, as this machine believes it."""

    def now(self) -> int: ...


class RunBlocking(Protocol):
    """The one way from trio to calls that wait for another thread. Not abandoned on cancellation."""

    def __call__(self, function: Callable[[*Ts], T], *arguments: *Ts) -> Awaitable[T]: ...
