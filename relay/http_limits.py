"""What keeps an HTTP node's memory and time bounded, whoever asks: budgets of bytes, and rates for each address.

Memory: the bodies that are in flight at once, not the number of connections, are what could fill it. Bodies of strangers
(registration, session, mail) have a small budget of their own, so that they can't keep members waiting; uploads and downloads
of members wait for room, first come, first served.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

MAX_ADDRESSES = 10_000
IPV6_SITE_BITS = 64
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``burst`` calls at once, then ``per_second``."""

    burst: int
    per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Bytes, calls and seconds.

    A body must come at ``bytes_per_second`` at least, after ``patience`` seconds for free. One that is going to be thrown away
    may pause for ``discard_patience`` seconds.
    """

    requests: int = 4096
    stranger_bytes: int = 32 * MIB
    upload_bytes: int = 192 * MIB
    download_bytes: int = 256 * MIB
    patience: float = 15
    discard_patience: float = 2
    bytes_per_second: int = 16 * 1024
    registrations: Rate = Rate(burst=20, per_second=0.2)
    sessions: Rate = Rate(burst=100, per_second=5)
    mail: Rate = Rate(burst=100, per_second=5)


class ByteBudget:
    """Bytes that may be in use at once; who finds no room waits in line."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = size
        self._line = trio.Lock()
        self._given_back = trio.Event()

    @asynccontextmanager
    async def reserved(self, count: int) -> AsyncGenerator[None]:
        """``count`` bytes, or the whole budget where that is less, belong to the block."""
        count = min(count, self._size)
        async with self._line:
            while self._free < count:
                self._given_back = trio.Event()
                await self._given_back.wait()
            self._free -= count
        try:
            yield
        finally:
            self._free += count
            self._given_back.set()


class RateLimiter:
    """A token bucket for each address. The longest unused are forgotten first, so that its size is bounded."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, *, now: float) -> float:
        """0 when the call may go on, else the seconds after which one may. ``now`` by any clock that doesn't go back."""
        key = _site(address)
        tokens, since = self._buckets.pop(key, (float(self._rate.burst), now))
        tokens = min(self._rate.burst, tokens + (now - since) * self._rate.per_second)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate.per_second
        self._buckets[key] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return wait


def _site(address: str) -> str:
    """An IPv6 address counts by its network: whoever has one address there has all of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((int(parsed) >> IPV6_SITE_BITS << IPV6_SITE_BITS, 128 - IPV6_SITE_BITS)))
