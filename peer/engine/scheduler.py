"""When something is tried again. Pure, but for ``Wake``, which is a coalescing trio event."""

from __future__ import annotations

import trio

from peer.seams import Randomness

FIRST_DELAY_MS = 500
LONGEST_DELAY_MS = 5 * 60_000
JITTER = 0.25


def backoff(tries: int, randomness: Randomness) -> int:
    """Milliseconds to wait after ``tries`` failures (1 or more): doubling, bounded, spread by a quarter either way so that
    devices that lost the same relay don't come back in step."""
    delay = min(FIRST_DELAY_MS * 2 ** min(tries - 1, 20), LONGEST_DELAY_MS)
    spread = int.from_bytes(randomness(2), "big") / 0xFFFF * 2 - 1
    return int(delay * (1 + JITTER * spread))


class Wake:
    """Something happened: any number of ``set`` before a ``wait`` are one."""

    def __init__(self) -> None:
        self._event = trio.Event()

    def set(self) -> None:
        self._event.set()

    @property
    def pending(self) -> bool:
        """Something happened that nobody has looked at yet: whoever says that nothing is left to do asks this at the same moment."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Returns at once when something happened since the last ``wait`` returned."""
        await self._event.wait()
        self._event = trio.Event()

    async def wait_at_most(self, seconds: float) -> bool:
        """Whether something happened within ``seconds``."""
        with trio.move_on_after(seconds) as scope:
            await self.wait()
        return not scope.cancelled_caught


class Broadcast:
    """Tells any number of waiters that something changed. Who checks a condition and then waits, without an await in between, misses nothing."""

    def __init__(self) -> None:
        self._event = trio.Event()

    def notify(self) -> None:
        self._event.set()
        self._event = trio.Event()

    async def next(self) -> None:
        """Returns at the next ``notify``."""
        await self._event.wait()

    def next_event(self) -> trio.Event:
        """Set by the next ``notify``: taken before a condition is looked up with awaits, it misses nothing either."""
        return self._event


class Wakes:
    """What wakes the tasks that work with one node."""

    def __init__(self) -> None:
        self.entries = Wake()
        self.uploads = Wake()
        self.retry = Wake()
        self.checkpoints = Wake()

    def local_change(self) -> None:
        """Something was committed on this device, by this process or another."""
        for wake in (self.entries, self.uploads, self.checkpoints):
            wake.set()
