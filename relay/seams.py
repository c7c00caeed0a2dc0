"""The seams through which time, randomness and threads reach the relay, so that tests can bring their own."""

from __future__ import annotations

import os
import time
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
    """The one way from trio to blocking work: SQLite, files, hashing of large data."""

    def __call__(self, function: Callable[[*Ts], T], *arguments: *Ts) -> Awaitable[T]: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


async def run_in_thread(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """``RunBlocking`` by trio's worker threads. Not abandoned on cancellation: a transaction always ends before its caller does."""
    import trio  # here, so that who only looks into a relay's folder starts without it

    return await trio.to_thread.run_sync(function, *arguments)


def system_randomness(count: int) -> bytes:
    """``Randomness`` of the operating system."""
    return os.urandom(count)
