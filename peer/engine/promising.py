"""Asking one node for promises, and comparing its proofs (``peer.library.promises``).

Before it is asked, the node has to store every entry that counts here: nothing is given up before its holder also has the entries that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import trio

from peer.engine.node_work import NodeWork
from peer.library.coverage import stores_all_of_ours
from peer.library.damage import set_aside_if_damaged
from peer.library.promises import Promise
from peer.library.proving import is_proven, ways_to_prove
from peer.library.queues import Upload
from peer.library.segments import SegmentError
from relay.errors import NetworkFaultError, SyncError, UnavailableError
from relay.messages.limits import MAX_HOLD_IDS, NONCE_BYTES
from store.ids import FileHash

HOLD_BYTES = 128 * 1024 * 1024
"""Of blobs that one question asks a node to read; a few seconds' work for both."""

ANSWER_SECONDS = 120.0
LONGEST_PROMISE_MS = 7 * 24 * 3_600_000


class PromiseSeeker:
    """Takes questions for one node, for as long as the connection lasts. Network errors end it."""

    def __init__(self, work: NodeWork) -> None:
        self._work = work

    async def run(self) -> None:
        with self._work.progress.holders.questions(self._work.node.number) as questions:
            async for question in questions:
                try:
                    question.promises = await _Asking(self._work).promises(question.files)
                finally:
                    question.answered.set()


class _Asking:
    """One question, to one node."""

    def __init__(self, work: NodeWork) -> None:
        self._work = work
        self._library = work.library
        self._run = work.run_blocking
        self._until: dict[Upload, int] = {}
        self._is_damaged = False
        """Something is to be fetched back."""

    async def promises(self, files: Sequence[FileHash]) -> list[Promise] | None:
        try:
            return await self._promises(files)
        except (NetworkFaultError, UnavailableError):
            raise
        except SyncError:
            return None

    async def _promises(self, files: Sequence[FileHash]) -> list[Promise] | None:
        with trio.fail_after(ANSWER_SECONDS):
            heads = (await self._work.connection.api.heads()).heads
        if not await self._run(stores_all_of_ours, self._library, heads):
            return None
        ways = {file: await self._run(ways_to_prove, self._library, file) for file in files}
        await self._ask([each[0] for records in ways.values() for each in records if each])
        left = [each[1:] for records in ways.values() for each in records if len(each) > 1 and not self._is_kept(each[0])]
        for each in left:  # another epoch, or another way: rare
            await self._ask(each)
        promises = []
        for file, records in ways.items():
            kept = [next((way for way in each if self._is_kept(way)), None) for each in records]
            proven = [way for way in kept if way is not None]
            if proven and len(proven) == len(kept):
                promises.append(self._promise(file, min(self._until[upload] for way in proven for upload in way)))
        await self._run(self._library.promises.put, promises)
        return promises

    def _is_kept(self, way: Sequence[Upload]) -> bool:
        return all(upload in self._until for upload in way)

    def _promise(self, file: FileHash, until: int) -> Promise:
        now = self._library.clock.now()
        until = min(until - self._work.connection.clock_offset, now + LONGEST_PROMISE_MS)
        return Promise(file=file, node=self._work.node.number, store=self._work.connection.store, verified=now, until=until)

    async def _ask(self, ways: Sequence[tuple[Upload, ...]]) -> None:
        for batch in _batches([upload for way in ways for upload in way if upload not in self._until]):
            nonce = self._library.randomness(NONCE_BYTES)
            with trio.fail_after(ANSWER_SECONDS):
                answer = await self._work.connection.api.hold([upload.blob for upload in batch], nonce)
            for upload, proof in zip(batch, answer.proofs, strict=True):
                is_kept = await self._run(self._is_proven, upload, nonce, proof)
                if is_kept:
                    self._until[upload] = answer.until
        if self._is_damaged:
            self._work.progress.committed.set()

    def _is_proven(self, upload: Upload, nonce: bytes, proof: bytes) -> bool:
        """What doesn't seal to its name any more has rotted here, or was changed by hand: in the first case it is fetched back."""
        try:
            return bool(proof) and is_proven(self._library, upload, nonce, proof)
        except SegmentError:
            with suppress(OSError):  # it can't be moved aside: it stays, and isn't given up
                self._is_damaged |= set_aside_if_damaged(self._library, upload.file) is not None
            return False


def _batches(uploads: Sequence[Upload]) -> Iterator[list[Upload]]:
    """As many at once as one question may name, and as a node reads in a moment."""
    batch: list[Upload] = []
    size = 0
    for upload in uploads:
        if batch and (len(batch) == MAX_HOLD_IDS or size + upload.size > HOLD_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(upload)
        size += upload.size
    if batch:
        yield batch
