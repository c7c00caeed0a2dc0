"""What one file may cost: pixels, memory, time. And how a process confines itself to that."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """Pixels of a picture before it is decoded; bytes of memory of a decoder; seconds for one file."""

    pixels: int = 250_000_000  # the largest sensors have 200 million
    memory: int = 2 * 1024 * 1024 * 1024
    seconds: float = 30.0


def confine_memory(limits: DecodeLimits) -> None:
    """Lets this process allocate no more than ``limits.memory``, and leave no core file, where the system has such limits.

    The limit is on private memory, so that a large video can still be mapped. macOS accepts it without effect, Windows has none: there the
    budget of pixels is what bounds memory.
    """
    if sys.platform == "win32":
        return
    import resource

    for limit, value in ((resource.RLIMIT_DATA, limits.memory), (resource.RLIMIT_CORE, 0)):
        _, most = resource.getrlimit(limit)
        allowed = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (allowed, allowed))


def end_after(seconds: float) -> None:
    """Ends this process by a signal unless it is called again in time; 0: never. Reaches decoders that no exception reaches."""
    if sys.platform == "win32":
        return
    import signal

    signal.setitimer(signal.ITIMER_REAL, seconds)
