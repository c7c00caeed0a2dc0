"""What a member does in the background because the members changed.

Packages for who lacks one, and what was applied of removed devices (``peer.library.membership``), at once. And an epoch, when after the
exchange with some node there is none to write under: all members notice that at the same time, so each waits a random while before it begins
one, and finds most often that another has.
"""

from __future__ import annotations

import trio

from peer.engine.progress import Progress
from peer.errors import CalotypeError
from peer.library.epochs import begin_epoch, needs_epoch
from peer.library.library import Library
from peer.library.membership import keep_up
from peer.seams import RunBlocking
from store.errors import NoSpaceError
from store.roster import Roster

LONGEST_WAIT_SECONDS = 30.0
RETRY_SECONDS = 60.0
"""What keeps an entry from being written, a full disk above all, passes."""


class EpochKeeper:
    """Runs beside the monitors of an engine, until it is cancelled."""

    def __init__(self, library: Library, progress: Progress, run_blocking: RunBlocking) -> None:
        self._library = library
        self._progress = progress
        self._run = run_blocking
        self._roster: Roster | None = None

    async def run(self) -> None:
        while True:
            changed = self._progress.changed.next_event()
            try:
                await self._look()
            except (CalotypeError, NoSpaceError):
                await trio.sleep(RETRY_SECONDS)
                continue
            await changed.wait()

    async def _look(self) -> None:
        roster = await self._run(self._library.roster)
        if roster is not self._roster:
            self._roster = roster
            if await self._run(keep_up, self._library):
                self._progress.committed.set()
        if self._synced() and await self._run(needs_epoch, self._library):
            await trio.sleep(self._random_wait())
            if await self._run(self._begin_if_needed):
                self._progress.committed.set()

    def _synced(self) -> bool:
        """Whether this device has what some node has: what was begun elsewhere would be here."""
        return any(state.entries_settled for state in self._progress.nodes.values())

    def _random_wait(self) -> float:
        return LONGEST_WAIT_SECONDS * int.from_bytes(self._library.randomness(2), "big") / 0xFFFF

    def _begin_if_needed(self) -> bool:
        with self._library.database.write():
            if not needs_epoch(self._library):
                return False
            begin_epoch(self._library)
        return True
