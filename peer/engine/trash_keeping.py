"""Emptying the trash: what is due is purged, and the files of what was purged, here or elsewhere, are taken away."""

from __future__ import annotations

from math import inf

import trio

from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.library.checkpoints.superseded import release_superseded
from peer.library.library import Library
from peer.library.purging import purge_due
from peer.library.taking_away import anything_leaves, take_away
from peer.seams import RunBlocking

LOOK_SECONDS = 60 * 60
STAGGER_MS = 60 * 60_000
"""What is due is due on all devices: each waits for another part of an hour, so that most often one of them does it."""


class TrashKeeper:
    """A chore: purges once an hour, and takes files away as soon as there are some."""

    def __init__(self, run_blocking: RunBlocking) -> None:
        self._run = run_blocking

    async def __call__(self, library: Library, work: Work, progress: Progress) -> None:
        look_at = -inf
        while True:
            if trio.current_time() >= look_at:
                look_at = trio.current_time() + LOOK_SECONDS
                if await self._run(empty_trash, library):
                    progress.committed.set()
            if await self._run(anything_leaves, library):
                await self._run(take_away, library)
            await work.rest(max(look_at - trio.current_time(), 0))


def empty_trash(library: Library) -> bool:
    """Purge what is due, and release what was superseded. True: something was written. A device that isn't a member, or that is taking a checkpoint
    in, leaves it to others."""
    if library.is_loading or not library.roster().is_member(library.device):
        return False
    before = library.log.arrival()
    purge_due(library, margin=int.from_bytes(library.device[:4], "big") % STAGGER_MS)
    release_superseded(library)
    return library.log.arrival() != before
