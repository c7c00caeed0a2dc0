"""Entries are pulled from one node at a time, so that two that have the same don't both send it.

Nobody waits for a node that is slow: a turn is worth nothing once it has brought nothing for ``PATIENCE`` seconds, and nobody waits for one longer than
``LONGEST`` seconds in all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from peer.engine.scheduler import Broadcast

PATIENCE = 1.0
LONGEST = 10.0


class Turn:
    """The right to pull, while it is made use of."""

    def __init__(self) -> None:
        self.used = trio.current_time()

    def use(self) -> None:
        """Something was brought."""
        self.used = trio.current_time()


class Turns:
    """One for an engine."""

    def __init__(self) -> None:
        self._current: Turn | None = None
        self._ended = Broadcast()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Turn]:
        """The turn, as soon as nobody else makes use of it."""
        deadline = trio.current_time() + LONGEST
        while (other := self._current) is not None and (until := min(other.used + PATIENCE, deadline)) > trio.current_time():
            with trio.move_on_at(until):
                await self._ended.next()
        mine = self._current = Turn()
        try:
            yield mine
        finally:
            if self._current is mine:
                self._current = None
                self._ended.notify()
