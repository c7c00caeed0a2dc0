"""Work that a running peer does in the background, beside the nodes: making pictures, watching folders, emptying the trash, giving up originals.

Each chore is a task of its own that runs until it is cancelled. It is woken when the library changed, and says when nothing is left to do for now,
so that ``sync`` knows when to end. What keeps one from its work (a full disk, a decoder that is missing) keeps nothing else from being done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

import trio

from peer.engine.progress import Progress
from peer.engine.scheduler import Wake
from peer.errors import CalotypeError
from peer.library.library import Library
from store.errors import NoSpaceError

RETRY_SECONDS = 60.0


@dataclass(kw_only=True)
class Work:
    """A chore's side of the engine. ``wake`` is set when the library changed; ``settled``: nothing is left to do for now."""

    wake: Wake = field(default_factory=Wake)
    settled: bool = False
    changed: Callable[[], None] = lambda: None

    async def rest(self, seconds: float = inf) -> None:
        """All that was there to do is done: until something changes, at most ``seconds``."""
        self.settled = not self.wake.pending
        self.changed()
        await self.wake.wait_at_most(seconds)

    def look(self) -> None:
        """The library changed: there may be something to do."""
        self.settled = False
        self.wake.set()


class Chore(Protocol):
    """One kind of work. Raises ``CalotypeError``, ``NoSpaceError`` or ``OSError`` when it can't go on now: it is called again later."""

    async def __call__(self, library: Library, work: Work, progress: Progress) -> None: ...


class Chores:
    """All chores of an engine."""

    def __init__(self, chores: tuple[Chore, ...], library: Library, progress: Progress) -> None:
        self._library = library
        self._progress = progress
        self._works = [(chore, Work(changed=progress.changed.notify)) for chore in chores]

    @property
    def settled(self) -> bool:
        return all(work.settled for _, work in self._works)

    def look(self) -> None:
        """The library changed."""
        for _, work in self._works:
            work.look()

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            for chore, work in self._works:
                nursery.start_soon(self._keep_at, chore, work)

    async def _keep_at(self, chore: Chore, work: Work) -> None:
        while True:
            try:
                await chore(self._library, work, self._progress)
            except* (CalotypeError, NoSpaceError, OSError):
                work.settled = True
                self._progress.changed.notify()
            await trio.sleep(RETRY_SECONDS)
