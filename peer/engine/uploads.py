"""Blobs from here to a node: thumbnails first, then previews, originals last.

Segments are sealed on the way out; sealing is deterministic, so a blob must come out under the name that its entry gave it. What the node
has already (another device brought it, or an acknowledgement was lost in a crash) is found by ``stat`` and not sent. A blob leaves the queue only
when the node acknowledged it, which it does only when the blob is durable there.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio

from peer.engine.node_work import NodeWork
from peer.engine.scheduler import backoff
from peer.keys.blobs import SealedBlob
from peer.library.queues import Priority, Upload
from peer.library.segments import SegmentError, seal_held_segment
from relay.errors import NetworkFaultError, NodeFullError, QuotaError, SyncError, UnavailableError
from relay.messages import BlobState

LOOK_AHEAD = 256
AT_ONCE = 4
ORIGINALS_AHEAD = 16
BLOB_SECONDS = 300.0
FULL_NODE_RETRY_MS = 60_000


class Uploader:
    """Empties the upload queue of one node."""

    def __init__(self, work: NodeWork) -> None:
        self._library = work.library
        self._node = work.node
        self._api = work.connection.api
        self._progress = work.progress
        self._state = work.state
        self._run = work.run_blocking
        self._work = work.wakes.uploads
        self._room = trio.CapacityLimiter(AT_ONCE)

    async def run(self) -> None:
        """For as long as the connection lasts. Network errors end it; what concerns one blob doesn't."""
        while True:
            due = await self._run(self._library.uploads.due, self._node.number, self._library.clock.now(), LOOK_AHEAD)
            if due:
                self._state.uploads_settled = False
                # Originals a few at a time: a thumbnail that comes meanwhile doesn't wait for gigabytes.
                several = due if due[0].priority is not Priority.ORIGINAL else due[:ORIGINALS_AHEAD]
                await self._send(await self._absent(several))
                continue
            self._state.uploads_settled = not self._work.pending
            self._progress.changed.notify()
            next_try = await self._run(self._library.uploads.next_try, self._node.number)
            if next_try is None:
                await self._work.wait()
            else:
                await self._work.wait_at_most(max(next_try - self._library.clock.now(), 50) / 1000)

    async def _absent(self, due: Sequence[Upload]) -> list[Upload]:
        """Those that the node lacks; the others leave the queue. What it has, but was released, isn't safe there: it is claimed, because this device
        has it from a record that needs it; what can't be claimed any more is sent."""
        with trio.fail_after(BLOB_SECONDS):
            states = list(await self._api.stat([upload.blob for upload in due]))
            released = [n for n, state in enumerate(states) if state is BlobState.RELEASED]
            if released:
                claimed = await self._api.stat([due[n].blob for n in released], claim=True)
                for n, state in zip(released, claimed, strict=True):
                    states[n] = state
        held = [upload.blob for upload, state in zip(due, states, strict=True) if state is BlobState.HELD]
        if held:
            await self._run(self._library.uploads.done, self._node.number, held)
        return [upload for upload, state in zip(due, states, strict=True) if state is not BlobState.HELD]

    async def _send(self, uploads: Sequence[Upload]) -> None:
        async with trio.open_nursery() as nursery:
            for upload in uploads:
                await self._room.acquire_on_behalf_of(upload)
                nursery.start_soon(self._send_one, upload)

    async def _send_one(self, upload: Upload) -> None:
        try:
            sealed = await self._run(seal_held_segment, self._library, upload)
            with trio.fail_after(BLOB_SECONDS):
                await self._api.put_blob(sealed.id, sealed.sealed)
            await self._run(self._library.uploads.done, self._node.number, [upload.blob])
            self._count(sealed)
        except SegmentError as error:
            await self._failed(upload, str(error))
        except (NodeFullError, QuotaError) as error:
            self._state.reason = error.message
            await self._failed(upload, error.message, delay=FULL_NODE_RETRY_MS)
        except (NetworkFaultError, UnavailableError):
            raise
        except SyncError as error:
            await self._failed(upload, error.message)
        finally:
            self._room.release_on_behalf_of(upload)

    def _count(self, sealed: SealedBlob) -> None:
        self._state.useful = True
        self._progress.counts.blobs_up += 1
        self._progress.counts.bytes_up += len(sealed.sealed)
        self._progress.changed.notify()

    async def _failed(self, upload: Upload, reason: str, *, delay: int = 0) -> None:
        wait = delay or backoff(upload.tries + 1, self._library.randomness)
        await self._run(self._library.uploads.failed, self._node.number, upload.blob, reason, self._library.clock.now() + wait)
