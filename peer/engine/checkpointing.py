"""Checkpoints at their times: carried between this device and its nodes, compared, written, settled, and used to give entries up.

With each node one *carrier* fetches what is to be compared, compares it, and brings this device's word. Beside them some tasks look whenever
something changed: whoever finds that a checkpoint is due, or may be settled, waits a random while first, since all devices find that at the same
time; after it one has most often done it. What keeps this from being done (a full disk, a damaged record) is shown, and keeps nothing else from being done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio

from peer.engine.bootstrapping import fetch_blob
from peer.engine.node_work import NodeWork
from peer.engine.progress import Progress
from peer.errors import CalotypeError
from peer.library.checkpoints.acknowledging import acknowledge_best, wanted_blobs
from peer.library.checkpoints.contents import missing_blobs
from peer.library.checkpoints.loading import checkpoint_to_load, load
from peer.library.checkpoints.pruning import prunable, prune, tidy
from peer.library.checkpoints.rules import RULES, Rules
from peer.library.checkpoints.settling import ready, settle
from peer.library.checkpoints.table import acknowledged, note_problem
from peer.library.checkpoints.writing import is_due, write_checkpoint
from peer.library.library import Library
from peer.seams import RunBlocking
from relay.errors import NetworkFaultError, SyncError, UnavailableError
from store.encoding import TooLongError
from store.errors import NoSpaceError, StoreError
from store.ids import BlobId

LOOK_SECONDS = 5.0
"""Nobody waits for a checkpoint: however much happens, they are looked at no more often than that."""

CARRIER_SECONDS = 60.0
RETRY_SECONDS = 600.0
REPORT_SECONDS = 120.0


class CheckpointCarrier:
    """Works with one node, for as long as the connection lasts."""

    def __init__(self, work: NodeWork) -> None:
        self._library = work.library
        self._node = work.node
        self._api = work.connection.api
        self._progress = work.progress
        self._state = work.state
        self._run = work.run_blocking
        self._wake = work.wakes.checkpoints

    async def run(self) -> None:
        while True:
            reason = ""
            try:
                await self._carry()
            except (CalotypeError, StoreError, OSError) as error:
                reason = str(error)
            await self._run(note_problem, self._library, "comparing", reason)
            self._state.checkpoints_settled = not self._wake.pending
            self._progress.changed.notify()
            await self._wake.wait_at_most(CARRIER_SECONDS)

    async def _carry(self) -> None:
        for blob in await self._run(wanted_blobs, self._library):
            if blob not in self._progress.checkpoint_blobs and not await self._fetch(blob):
                break
        async with self._progress.checkpoints:
            if await self._run(acknowledge_best, self._library):
                self._progress.committed.set()
        await self._tell()

    async def _fetch(self, blob: BlobId) -> bool:
        """False: this node doesn't have it (yet)."""
        self._progress.checkpoint_blobs.add(blob)
        try:
            self._progress.counts.bytes_down += await fetch_blob(self._library, self._api, blob, self._run)
        except (NetworkFaultError, UnavailableError):
            raise
        except SyncError:
            return False
        finally:
            self._progress.checkpoint_blobs.discard(blob)
        self._progress.counts.blobs_down += 1
        return True

    async def _tell(self) -> None:
        """A report goes out when entries came; that a checkpoint was compared is said by itself."""
        key = f"acknowledged:{self._node.number}"
        name = await self._run(acknowledged, self._library)
        if name is None or await self._run(self._library.meta.get, key) == name:
            return
        report = await self._run(self._library.report_seen)
        if report is not None:
            with trio.fail_after(REPORT_SECONDS):
                await self._api.seen([report.raw])
            await self._run(self._library.meta.put, key, name)


class Checkpointing:
    """Runs beside the monitors of an engine, until it is cancelled."""

    def __init__(self, library: Library, progress: Progress, run_blocking: RunBlocking, *, rules: Rules = RULES) -> None:
        self._library = library
        self._progress = progress
        self._run = run_blocking
        self._rules = rules

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_doing, "loading", self._finish_loading)
            nursery.start_soon(self._keep_doing, "writing", self._write)
            nursery.start_soon(self._keep_doing, "settling", self._settle)
            nursery.start_soon(self._keep_doing, "pruning", self._prune)

    async def _keep_doing(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            changed = self._progress.changed.next_event()
            reason = ""
            try:
                await work()
            except (CalotypeError, StoreError, OSError, TooLongError) as error:
                reason = str(error)
            with suppress(NoSpaceError):  # as the reason itself may be
                await self._run(note_problem, self._library, name, reason)
            await trio.sleep(RETRY_SECONDS if reason else LOOK_SECONDS)
            with trio.move_on_after(self._rules.prune_seconds):
                await changed.wait()

    async def _finish_loading(self) -> None:
        """One that was killed; where blobs are missing, the next session fetches them."""
        async with self._progress.checkpoints:
            if not self._library.is_loading:
                return
            checkpoint = await self._run(checkpoint_to_load, self._library)
            if checkpoint is not None and not await self._run(missing_blobs, self._library, checkpoint.blobs):
                await self._run(load, self._library, checkpoint)
                self._progress.committed.set()

    async def _write(self) -> None:
        if not await self._run(is_due, self._library, self._rules):
            return
        await trio.sleep(self._random_wait())
        if await self._run(is_due, self._library, self._rules):
            await self._run(write_checkpoint, self._library)
            self._progress.committed.set()

    async def _settle(self) -> None:
        if await self._run(ready, self._library, self._rules) is None:
            return
        await trio.sleep(self._random_wait())
        if await self._run(settle, self._library, self._rules) is not None:
            self._progress.committed.set()

    async def _prune(self) -> None:
        checkpoint = await self._run(prunable, self._library, self._rules)
        if checkpoint is None:
            return
        while (await self._run(prune, self._library, checkpoint)).more:
            pass
        await self._run(tidy, self._library, self._rules)

    def _random_wait(self) -> float:
        return self._rules.longest_delay * int.from_bytes(self._library.randomness(2), "big") / 0xFFFF
