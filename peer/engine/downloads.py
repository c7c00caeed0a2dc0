"""Files from a node to here: thumbnails and previews many to a request, originals segment by segment, several at once.

Every connected node works on the same boards (``peer.engine.board``), so files, and the segments of a large one, come from several nodes side by side,
and from those on the local network before any other. A blob is verified by its name when it arrives, opened, and written where its segment
belongs; each verified segment is recorded, so that a kill costs at most the blobs in flight. A file counts as held only when the whole has the
SHA-256 that its record gives.

What goes wrong is the node's (it lacks the file, or answers with an error: others are asked), the connection's (it ends, and others go on), or
the file's own (what came doesn't open, this disk doesn't take it: no other node would help).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import trio

from crdt.facts import Source, Way
from peer.engine.board import Board, Piece
from peer.engine.fetching import Job
from peer.engine.node_work import NodeWork
from peer.engine.progress import Fault
from peer.engine.scheduler import backoff
from peer.errors import NoSpaceLeftError
from peer.keys.blobs import SEGMENT_BYTES, open_blob
from peer.keys.errors import UnsealError
from peer.library.index_files import keep_downloaded_index
from peer.library.nodes import NodeKind
from peer.library.patched_files import patch_here, put_together
from peer.library.placing import keep_original, keep_renditions, partial_path
from peer.library.segments import SegmentError, blob_ids_in, write_at
from peer.library.sources import WAITS_FOR_BASE, hurry_patched, needs_base
from peer.library.upload_planning import pass_on
from peer.originals.errors import CopyFailedError, NameTakenError
from relay.errors import NetworkFaultError, NotFoundError, SyncError, UnavailableError
from relay.messages import BlobState
from store.errors import NoSpaceError
from store.ids import BlobId, FileHash

SMALL_AT_ONCE = 128
SMALL_BYTES = 8 * 1024 * 1024
ORIGINALS_AT_ONCE = 4
SURVEY_FROM = 8
SURVEY_AT_ONCE = 256
BLOB_SECONDS = 300.0
NO_SPACE_RETRY_MS = 60_000


class Downloader:
    """Takes from one node what the boards give it."""

    def __init__(self, work: NodeWork) -> None:
        self._library = work.library
        self._node = work.node
        self._api = work.connection.api
        self._progress = work.progress
        self._state = work.state
        self._run = work.run_blocking
        self._fetching = work.fetching
        self._served = work.served
        self._report_at_once = work.reports_at_once
        self._failures: dict[FileHash, int] = {}
        self._surveyed: set[FileHash] = set()

    async def run(self) -> None:
        """For as long as the connection lasts. Network errors end it; what concerns one file doesn't."""
        with self._fetching.holding(self._node.number, near=self._node.kind is NodeKind.PEER):
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._take_small)
                    for _ in range(ORIGINALS_AT_ONCE):
                        nursery.start_soon(self._take_originals)
                    nursery.start_soon(self._survey)
            finally:
                self._fetching.news.notify()

    async def _wait(self, news: trio.Event) -> None:
        with trio.move_on_at(self._fetching.look_at):
            await news.wait()

    # Thumbnails and previews

    async def _take_small(self) -> None:
        while True:
            news = self._fetching.news.next_event()
            await self._fetching.refill()
            if pieces := self._some_small():
                await self._fetch_several(pieces)
            else:
                await self._wait(news)

    def _some_small(self) -> list[Piece]:
        """As many as one answer holds."""
        board = self._fetching.small
        pieces: list[Piece] = []
        room = SMALL_BYTES
        while len(pieces) < SMALL_AT_ONCE and room > 0 and (piece := self._fetching.take(self._node.number, board)) is not None:
            pieces.append(piece)
            room -= self._fetching.job(piece.file).download.size
        return pieces

    async def _fetch_several(self, pieces: Sequence[Piece]) -> None:
        jobs = {piece: self._fetching.job(piece.file) for piece in pieces}
        left = dict(jobs)
        try:
            while left:
                answered = await self._ask_for(left)
                if not answered:
                    for piece in left:
                        self._fetching.small.lacking(self._node.number, piece.file)
                    break
                left = {piece: job for piece, job in left.items() if piece not in answered}
        except (NetworkFaultError, UnavailableError):
            raise
        except SyncError as error:
            for piece in left:
                self._failed(self._fetching.small, piece.file, error.message)
        finally:
            for piece in pieces:
                self._fetching.small.put_back(self._node.number, piece)
            self._fetching.news.notify()
        await self._fetching.abandon([piece.file for piece in pieces])

    async def _ask_for(self, wanted: dict[Piece, Job]) -> set[Piece]:
        by_blob = {job.source.blobs[0]: (piece, job) for piece, job in wanted.items()}
        contents: list[tuple[Job, bytes]] = []
        answered: set[Piece] = set()
        with trio.fail_after(BLOB_SECONDS):
            async with self._api.many(list(by_blob)) as blobs:
                async for item in blobs:
                    if item.blob not in by_blob:
                        continue
                    piece, job = by_blob[item.blob]
                    answered.add(piece)
                    if self._fetching.brought(self._node.number, self._fetching.small, piece):
                        plain = await self._open_small(job, item.sealed)
                        if plain is not None:
                            contents.append((job, plain))
        await self._keep_small(contents)
        return answered

    async def _open_small(self, job: Job, sealed: bytes) -> bytes | None:
        file = job.download.file
        try:
            plain = await self._run(open_blob, self._library.keyring(), sealed)
        except UnsealError as error:
            await self._fetching.fail(file, error.message)
            return None
        if hashlib.sha256(plain).digest() != file:
            await self._fetching.fail(file, "the bytes that a node has for it are not the ones that its record names")
            return None
        self._count(len(sealed))
        return plain

    async def _keep_small(self, contents: Sequence[tuple[Job, bytes]]) -> None:
        kept = {job.download.file: (job.download.priority, plain) for job, plain in contents}
        blobs = {job.download.file: job.source.blobs[0] for job, _ in contents}
        try:
            await self._run(keep_renditions, self._library, kept, blobs)
            for job, _ in contents:
                await self._is_here(job)
        except (NoSpaceError, NoSpaceLeftError):
            for file in kept:
                await self._no_room(file)
        except OSError as error:
            for file in kept:
                await self._fetching.fail(file, f"it can't be kept on this device's disk: {error.strerror}")

    # Originals

    async def _take_originals(self) -> None:
        board = self._fetching.originals
        while True:
            news = self._fetching.news.next_event()
            await self._fetching.refill()
            piece = self._fetching.take(self._node.number, board)
            if piece is None:
                await self._wait(news)
                continue
            with self._fetching.under_way(self._node.number, board, piece):
                await self._fetch(piece, self._fetching.job(piece.file))
            await self._fetching.abandon([piece.file])

    async def _fetch(self, piece: Piece, job: Job) -> None:
        board, file = self._fetching.originals, piece.file
        try:
            if job.source.way is Way.PATCH:
                await self._apply_patch(piece, job)
            elif job.blobs is None:
                await self._read_index(job)
            else:
                await self._bring(piece, job, job.blobs[piece.number])
        except NotFoundError:
            board.lacking(self._node.number, file)
        except (SegmentError, UnsealError, CopyFailedError, NameTakenError) as error:
            await self._fetching.fail(file, str(error))
        except (NoSpaceError, NoSpaceLeftError):
            await self._no_room(file)
        except OSError as error:
            await self._fetching.fail(file, f"it can't be kept on this device's disk: {error.strerror}")
        except (NetworkFaultError, UnavailableError):
            raise
        except SyncError as error:
            self._failed(board, file, error.message)

    async def _apply_patch(self, piece: Piece, job: Job) -> None:
        """Only the patch travels: its base is here. One that is here too, but makes something else, is fetched."""
        source = job.source
        if await self._run(needs_base, self._library, source):
            raise SegmentError(WAITS_FOR_BASE)
        patch = await self._run(patch_here, self._library, source) if job.download.tries == 0 else None
        if patch is None:
            patch = await self._plain(source)
        if self._fetching.brought(self._node.number, self._fetching.originals, piece):
            async with self._fetching.patching:
                await self._run(put_together, self._library, job.download, source, patch)
            await self._is_here(job)

    async def _plain(self, source: Source) -> bytes:
        """What the blobs of an index or of a patch hold together."""
        return b"".join([await self._run(open_blob, self._library.keyring(), await self._blob(blob)) for blob in source.blobs])

    async def _read_index(self, job: Job) -> None:
        index = await self._plain(job.source)
        blobs = blob_ids_in(index)
        await self._run(keep_downloaded_index, self._library, job.download.file, index, job.source.blobs)
        left = await self._run(self._fetching.pieces_left, job, blobs)
        if job.blobs is None and job.download.file in self._fetching.originals:  # no other node was faster
            job.blobs = blobs
            self._fetching.originals.split(job.download.file, left)

    async def _bring(self, piece: Piece, job: Job, blob: BlobId) -> None:
        sealed = await self._blob(blob)
        if not self._fetching.brought(self._node.number, self._fetching.originals, piece):
            return
        self._failures.pop(piece.file, None)
        plain = await self._run(open_blob, self._library.keyring(), sealed)
        path = partial_path(self._library, piece.file)
        await self._run(write_at, path, piece.number * SEGMENT_BYTES, plain)
        if job.blobs is not None and len(job.blobs) > 1:
            await self._run(self._library.downloads.part_done, piece.file, piece.number)
        if self._fetching.originals.written(piece):
            await self._run(keep_original, self._library, job.download, path)
            await self._is_here(job)

    async def _blob(self, blob: BlobId) -> bytes:
        with trio.fail_after(BLOB_SECONDS):
            sealed = await self._api.get_blob(blob)
        self._count(len(sealed))
        return sealed

    async def _survey(self) -> None:
        """Asks once about many files, instead of being told of each that this node lacks it."""
        board = self._fetching.originals
        while True:
            news = self._fetching.news.next_event()
            self._surveyed &= set(board.files)
            files = [file for file in board.files if file not in self._surveyed][:SURVEY_AT_ONCE]
            if len(files) < SURVEY_FROM:
                await self._wait(news)
                continue
            self._surveyed.update(files)
            with trio.fail_after(BLOB_SECONDS):
                states = await self._api.stat([self._fetching.job(file).source.blobs[0] for file in files])
            absent = [file for file, state in zip(files, states, strict=True) if state is BlobState.ABSENT]
            for file in absent:
                board.lacking(self._node.number, file)
            await self._fetching.abandon(absent)

    # What became of it

    async def _is_here(self, job: Job) -> None:
        if not job.is_small and await self._run(hurry_patched, self._library, job.download.file):
            self._fetching.look()
        self._fetching.done(job.download.file)
        if self._served is not None:
            self._served.blobs_arrived(job.blobs or job.source.blobs)
        if await self._run(self._pass_on, job):
            self._progress.committed.set()
        self._progress.changed.notify()

    def _pass_on(self, job: Job) -> bool:
        return pass_on(self._library, job.came_from, [job.download], at_once=self._report_at_once)

    def _count(self, size: int) -> None:
        self._state.useful = True
        self._progress.counts.blobs_down += 1
        self._progress.counts.bytes_down += size

    def _failed(self, board: Board, file: FileHash, reason: str) -> None:
        """The node answered with an error: it isn't asked for this file for a while."""
        self._failures[file] = self._failures.get(file, 0) + 1
        board.rest(self._node.number, file, trio.current_time() + backoff(self._failures[file], self._library.randomness) / 1000)
        if file in board:
            self._fetching.job(file).reason = reason

    async def _no_room(self, file: FileHash) -> None:
        self._state.reason, self._state.fault = "there is no room left on this device's disk", Fault.NO_SPACE
        await self._fetching.fail(file, "no room on this device's disk", delay=NO_SPACE_RETRY_MS)
