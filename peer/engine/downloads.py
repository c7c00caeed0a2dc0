"""Files from a node to here: thumbnails many to a request, then previews, then originals, blob by blob.

A blob is verified by its name when it arrives, opened, and written where its segment belongs; each verified segment is recorded, so that a
kill costs at most the blobs in flight. A file counts as held only when the whole has the SHA-256 that its record gives. What a node
doesn't have (yet) stays in the queue with that reason; it is due again when the node says that blobs came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import trio

from crdt.facts import Source
from peer.engine.node_work import NodeWork
from peer.engine.progress import Fault
from peer.engine.scheduler import backoff
from peer.errors import NoSpaceLeftError
from peer.keys.blobs import SEGMENT_BYTES, open_blob
from peer.keys.errors import UnsealError
from peer.library.placing import keep_original, keep_renditions, partial_path, parts_at
from peer.library.queues import Download, Priority
from peer.library.segments import SegmentError, blob_ids_in, write_at
from peer.library.sources import give_up_unless_named, ways_to
from peer.library.upload_planning import pass_on
from peer.originals.errors import CopyFailedError, NameTakenError
from relay.errors import NetworkFaultError, NotFoundError, SyncError, UnavailableError
from store.errors import NoSpaceError
from store.ids import BlobId, FileHash

SMALL_AT_ONCE = 128
ORIGINALS_AT_ONCE = 4
BLOB_SECONDS = 300.0
NO_SPACE_RETRY_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Small:
    """A rendition that is one blob."""

    download: Download
    blob: BlobId


class Downloader:
    """Takes what the download queue wants from one node, and leaves to others what they have claimed."""

    def __init__(self, work: NodeWork) -> None:
        self._library = work.library
        self._node = work.node
        self._api = work.connection.api
        self._progress = work.progress
        self._state = work.state
        self._run = work.run_blocking
        self._work = work.wakes.downloads
        self._claimed = work.claimed

    async def run(self) -> None:
        """For as long as the connection lasts. Network errors end it; what concerns one file doesn't."""
        while True:
            if await self._small() or await self._originals():
                continue
            self._state.downloads_settled = not self._work.pending
            self._progress.changed.notify()
            next_try = await self._run(self._library.downloads.next_try)
            if next_try is None:
                await self._work.wait()
            else:
                await self._work.wait_at_most(max(next_try - self._library.clock.now(), 50) / 1000)

    async def _due(self, limit: int, priorities: Sequence[Priority]) -> list[Download]:
        now = self._library.clock.now()
        due = await self._run(lambda: self._library.downloads.due(now, limit, priorities=priorities))
        free = [download for download in due if download.file not in self._claimed]
        if free:
            self._state.downloads_settled = False
        return free

    # Thumbnails and previews

    async def _small(self) -> bool:
        due = await self._due(SMALL_AT_ONCE, [Priority.THUMBNAIL])
        due = due or await self._due(SMALL_AT_ONCE // 8, [Priority.PREVIEW])
        if not due:
            return False
        self._claimed.update(download.file for download in due)
        try:
            wanted = [small for download in due if (small := await self._single_blob(download)) is not None]
            while wanted:
                fetched = await self._fetch_many(wanted)
                if not fetched:
                    for small in wanted:
                        await self._failed(small.download, "no node in reach has it yet")
                    break
                wanted = [small for small in wanted if small.download.file not in fetched]
        finally:
            self._claimed.difference_update(download.file for download in due)
        return True

    async def _single_blob(self, download: Download) -> _Small | None:
        for source in await self._run(ways_to, self._library, download):
            if len(source.blobs) == 1:
                return _Small(download=download, blob=source.blobs[0])
        await self._run(give_up_unless_named, self._library, download)
        return None

    async def _fetch_many(self, wanted: Sequence[_Small]) -> set[FileHash]:
        by_blob = {small.blob: small for small in wanted}
        contents: dict[FileHash, bytes] = {}
        answered: set[FileHash] = set()
        with trio.fail_after(BLOB_SECONDS):
            async with self._api.many(list(by_blob)) as blobs:
                async for item in blobs:
                    small = by_blob.get(item.blob)
                    if small is None:
                        continue
                    answered.add(small.download.file)
                    plain = await self._open(small.download, item.sealed)
                    if plain is not None:
                        contents[small.download.file] = plain
        kept = {file: (small.download.priority, contents[file]) for small in wanted if (file := small.download.file) in contents}
        try:
            await self._run(keep_renditions, self._library, kept)
            await self._pass_on([small.download for small in wanted if small.download.file in kept])
        except (NoSpaceError, NoSpaceLeftError):
            for small in wanted:
                await self._no_room(small.download)
        except OSError as error:
            for small in wanted:
                await self._failed(small.download, f"it can't be kept on this device's disk: {error.strerror}")
        return answered

    async def _open(self, download: Download, sealed: bytes) -> bytes | None:
        try:
            plain = await self._run(open_blob, self._library.keyring(), sealed)
        except UnsealError as error:
            await self._failed(download, error.message)
            return None
        if hashlib.sha256(plain).digest() != download.file:
            await self._failed(download, "the bytes that a node has for it are not the ones that its record names")
            return None
        self._count(len(sealed))
        return plain

    # Originals

    async def _originals(self) -> bool:
        due = await self._due(ORIGINALS_AT_ONCE * 2, [Priority.ORIGINAL])
        if not due:
            return False
        self._claimed.update(download.file for download in due)
        room = trio.CapacityLimiter(ORIGINALS_AT_ONCE)
        try:
            async with trio.open_nursery() as nursery:
                for download in due:
                    await room.acquire_on_behalf_of(download)
                    nursery.start_soon(self._original, download, room)
        finally:
            self._claimed.difference_update(download.file for download in due)
        return True

    async def _original(self, download: Download, room: trio.CapacityLimiter) -> None:
        try:
            sources = await self._run(ways_to, self._library, download)
            if not sources:
                await self._run(give_up_unless_named, self._library, download)
                return
            await self._assemble(download, sources[0 if not download.tries else download.tries % len(sources)])
        except NotFoundError:
            await self._failed(download, "no node in reach has it yet")
        except (SegmentError, UnsealError, CopyFailedError, NameTakenError) as error:
            await self._failed(download, str(error))
        except (NoSpaceError, NoSpaceLeftError):
            await self._no_room(download)
        except OSError as error:
            await self._failed(download, f"it can't be kept on this device's disk: {error.strerror}")
        except (NetworkFaultError, UnavailableError):
            raise
        except SyncError as error:
            await self._failed(download, error.message)
        finally:
            room.release_on_behalf_of(download)

    async def _assemble(self, download: Download, source: Source) -> None:
        blobs = await self._blobs_of(source)
        path = partial_path(self._library, download.file)
        done = await self._run(parts_at, self._library, download.file, path)
        for segment, blob in enumerate(blobs):
            if segment in done:
                continue
            plain = await self._plaintext(blob)
            await self._run(write_at, path, segment * SEGMENT_BYTES, plain)
            if len(blobs) > 1:
                await self._run(self._library.downloads.part_done, download.file, segment)
        await self._run(keep_original, self._library, download, path)
        await self._pass_on([download])
        self._progress.changed.notify()

    async def _pass_on(self, downloads: Sequence[Download]) -> None:
        if await self._run(pass_on, self._library, self._node.number, downloads):
            self._progress.committed.set()

    async def _blobs_of(self, source: Source) -> tuple[BlobId, ...]:
        if source.way == "blobs":
            return source.blobs
        if source.way == "index":
            return blob_ids_in(b"".join([await self._plaintext(blob) for blob in source.blobs]))
        raise SegmentError("it is stored as a patch, which this version can't apply")

    async def _plaintext(self, blob: BlobId) -> bytes:
        with trio.fail_after(BLOB_SECONDS):
            sealed = await self._api.get_blob(blob)
        self._count(len(sealed))
        return await self._run(open_blob, self._library.keyring(), sealed)

    def _count(self, size: int) -> None:
        self._progress.counts.blobs_down += 1
        self._progress.counts.bytes_down += size

    async def _no_room(self, download: Download) -> None:
        self._state.reason, self._state.fault = "there is no room left on this device's disk", Fault.NO_SPACE
        await self._failed(download, "no room on this device's disk", delay=NO_SPACE_RETRY_MS)

    async def _failed(self, download: Download, reason: str, *, delay: int = 0) -> None:
        wait = delay or backoff(download.tries + 1, self._library.randomness)
        await self._run(self._library.downloads.failed, download.file, reason, self._library.clock.now() + wait)
