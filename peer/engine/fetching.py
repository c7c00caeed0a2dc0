"""What all connected nodes share while files come from them: the two boards, and the queue behind them.

The queue (``peer.library.queues``) holds everything that is wanted; the boards (``peer.engine.board``) a window of what is due now, thumbnails and
previews on one, originals on the other. What no node in reach has leaves the board with a reason and a time, and is due again then, or when
a node says that something came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

import trio

from crdt.facts import Source, Way
from peer.engine.board import Board, Piece
from peer.engine.progress import Progress
from peer.engine.scheduler import LONGEST_DELAY_MS, Broadcast, backoff
from peer.library.free_space import disk_space
from peer.library.library import Library
from peer.library.placing import partial_path, parts_at
from peer.library.queues import Download, Priority
from peer.library.sources import WAITS_FOR_BASE, give_up_unless_named, needs_base, want_bases, ways_to
from peer.seams import RunBlocking
from store.ids import BlobId, FileHash

SMALL_WINDOW = 256
ORIGINALS_WINDOW = 64
HURRY_SECONDS = 2.0
"""However many hints come, what waits for a node to have it isn't asked for more often than this."""
SHORT_RETRY_MS = 60_000
"""While the disk is nearly full no originals are fetched; so often it is looked at again."""
NOBODY_HAS_IT = "no node in reach has it yet"
UNKNOWN_WAY = "its record names no way to its bytes that this version knows"
BASE_RETRY_MS = 60_000
"""What waits for an older version is due when that came; and after this time, should it have come in another way."""


@dataclass(slots=True, kw_only=True)
class Job:
    """A file on a board. ``blobs``: by piece; ``None`` until its index was read. ``came_from``: the nodes that brought pieces."""

    download: Download
    sources: Sequence[Source]
    way: int
    blobs: tuple[BlobId, ...] | None
    tried: int = 0
    came_from: set[int] = field(default_factory=set)
    reason: str = ""

    @property
    def source(self) -> Source:
        return self.sources[self.way]

    @property
    def is_small(self) -> bool:
        return self.download.priority is not Priority.ORIGINAL


@dataclass(slots=True, kw_only=True)
class _Due:
    """``full``: the windows that may leave something out."""

    next_try: int | None
    jobs: list[tuple[Job, Collection[int]]] = field(default_factory=list)
    full: set[int] = field(default_factory=set)


class Fetching:
    """One for an engine. Everything but ``refill`` and ``abandon`` happens between two awaits."""

    def __init__(self, library: Library, progress: Progress, run_blocking: RunBlocking) -> None:
        self.near_first_until = -inf
        """Before then, by trio's clock, nodes beyond the local network aren't asked: those on it may just be about to be found."""
        self.small = Board()
        self.originals = Board()
        self.news = Broadcast()
        """Something happened that may give a node work."""
        self._library = library
        self._progress = progress
        self._run = run_blocking
        self._jobs: dict[FileHash, Job] = {}
        self._scopes: dict[tuple[int, Piece], trio.CancelScope] = {}
        self.patching = trio.Lock()
        """One patch is applied at a time: its base lies in memory."""
        self._refilling = trio.Lock()
        self._is_stale = True
        self._lost_a_node = False
        self._full: set[int] = set()
        self._look_at = inf
        self._hurried = -inf
        self._hurry_wanted = False

    @property
    def is_settled(self) -> bool:
        """Nothing is under way, and nothing is due that a node in reach may have."""
        is_looking = self._refilling.locked() or self._is_stale or bool(self._full)
        return not self.originals.holders or not (self._jobs or is_looking)

    @property
    def look_at(self) -> float:
        """When there may be work although nothing happened until then, by trio's clock."""
        hurry_at = self._hurried + HURRY_SECONDS if self._hurry_wanted else inf
        now = trio.current_time()
        near_first = self.near_first_until if self.near_first_until > now else inf
        return min(self._look_at, hurry_at, near_first, self.small.next_change(now), self.originals.next_change(now))

    def take(self, node: int, board: Board) -> Piece | None:
        """What the node is to fetch now."""
        now = trio.current_time()
        return None if now < self.near_first_until and not board.is_near(node) else board.take(node, now)

    def job(self, file: FileHash) -> Job:
        return self._jobs[file]

    def look(self) -> None:
        """The queue may have something new. Not settled until somebody has looked."""
        self._is_stale = True
        self.news.notify()

    def came(self, node: int, blobs: Collection[BlobId]) -> None:
        """A node said that it has these blobs now, and perhaps more."""
        arrived = set(blobs)
        files = [file for file, job in self._jobs.items() if arrived & set(job.blobs or job.source.blobs)]
        for board in (self.small, self.originals):
            board.forgive(node, files)
        self._hurry_wanted = True
        self.news.notify()

    @contextmanager
    def holding(self, node: int, *, near: bool) -> Iterator[None]:
        """The node can be asked for files inside the block."""
        now = trio.current_time()
        for board in (self.small, self.originals):
            board.join(node, near=near, now=now)
        self.look()
        try:
            yield
        finally:
            for board in (self.small, self.originals):
                board.leave(node)
                for file in [] if board.holders else list(board.files):
                    self._take_off(file)
            self._lost_a_node = True
            self.look()

    @contextmanager
    def under_way(self, node: int, board: Board, piece: Piece) -> Iterator[trio.CancelScope]:
        """While the node is asked for a piece that ``take`` gave it. The block is cancelled when another node was faster."""
        with trio.CancelScope() as scope:
            self._scopes[node, piece] = scope
            try:
                yield scope
            finally:
                del self._scopes[node, piece]
                board.put_back(node, piece)
                self.news.notify()

    def brought(self, node: int, board: Board, piece: Piece) -> bool:
        """The node has delivered the piece. True: the caller keeps it, and nobody else asks for it any more."""
        is_first = board.brought(node, piece, trio.current_time())
        if is_first:
            self._jobs[piece.file].came_from.add(node)
            for other in board.fetchers(piece):
                if other != node and (scope := self._scopes.get((other, piece))) is not None:
                    scope.cancel()
        return is_first

    def done(self, file: FileHash) -> None:
        """The file is kept, or nobody wants it any more."""
        self._take_off(file)
        self.news.notify()

    def _take_off(self, file: FileHash) -> None:
        self._jobs.pop(file, None)
        self.small.drop(file)
        self.originals.drop(file)

    # The queue behind the boards

    async def refill(self) -> None:
        """Put on the boards what is due and isn't on them, and take off what has no hope since a node left."""
        if self._lost_a_node:
            self._lost_a_node = False
            await self.abandon(list(self._jobs))
        now = trio.current_time()
        if self._hurry_wanted and now >= self._hurried + HURRY_SECONDS:
            self._hurry_wanted, self._hurried = False, now
            if await self._run(self._library.downloads.hurry):
                self._is_stale = True
        has_room = any(len(board) < window // 2 for number, (board, window, _) in enumerate(self._windows()) if number in self._full)
        if (self._is_stale or has_room or now >= self._look_at) and not self._refilling.locked():
            await self._refill()

    def _windows(self) -> tuple[tuple[Board, int, tuple[Priority, ...]], ...]:
        return (self.small, SMALL_WINDOW, (Priority.THUMBNAIL, Priority.PREVIEW)), (self.originals, ORIGINALS_WINDOW, (Priority.ORIGINAL,))

    async def _refill(self) -> None:
        async with self._refilling:
            self._is_stale, self._look_at = False, inf
            try:
                found = await self._run(self._due, self._library.clock.now())
            except BaseException:
                self._is_stale = True  # whoever looked was cancelled: somebody else does
                raise
            self._full = found.full
            if found.next_try is not None:
                self._look_no_later_than(found.next_try)
            for job, pieces in found.jobs:
                self._add(job, pieces)
        if found.jobs or self._is_stale:  # stale: while we looked, others were told to and left it to us
            self.news.notify()
        else:
            self._progress.changed.notify()

    def _look_no_later_than(self, next_try: int) -> None:
        """``next_try``: when something in the queue is due, by the library's clock."""
        self._look_at = min(self._look_at, trio.current_time() + max(next_try - self._library.clock.now(), 50) / 1000)

    def _due(self, now: int) -> _Due:
        found = _Due(next_try=self._library.downloads.next_try(now))
        disk_is_short = disk_space(self._library.folder.root).lacks > 0
        for number, (_, window, priorities) in enumerate(self._windows()):
            if disk_is_short and Priority.ORIGINAL in priorities:
                found.next_try = min(found.next_try or now + SHORT_RETRY_MS, now + SHORT_RETRY_MS)
                continue
            due = self._library.downloads.due(now, window, priorities=priorities)
            new = [download for download in due if download.file not in self._jobs]
            found.jobs += (made for download in new if (made := self._job_of(download)) is not None)
            if len(due) == window:
                found.full.add(number)
        return found

    def _job_of(self, download: Download) -> tuple[Job, Collection[int]] | None:
        """With the pieces that aren't here yet; ``None`` when the file is no longer wanted."""
        named = ways_to(self._library, download)
        sources = [each for each in named if download.priority is Priority.ORIGINAL or len(each.blobs) == 1]
        if not sources:
            give_up_unless_named(self._library, download)
            if named:
                self._library.downloads.failed([(download.file, UNKNOWN_WAY, self._library.clock.now() + LONGEST_DELAY_MS)])
            return None
        way = download.tries % len(sources)
        if needs_base(self._library, sources[way]):
            want_bases(self._library, download, sources[way])
            self._library.downloads.failed([(download.file, WAITS_FOR_BASE, self._library.clock.now() + BASE_RETRY_MS)])
            self._is_stale = True
            return None
        job = Job(download=download, sources=sources, way=way, blobs=blobs_of(sources[way]))
        return job, self.pieces_left(job, job.blobs)

    def pieces_left(self, job: Job, blobs: Sequence[BlobId] | None) -> Collection[int]:
        """Blocking. Of a file whose index isn't known, and of a file that was not kept although all of it had come, one piece."""
        if blobs is None or job.is_small:
            return (0,)
        file = job.download.file
        here = parts_at(self._library, file, partial_path(self._library, file))
        return [number for number in range(len(blobs)) if number not in here] or (len(blobs) - 1,)

    def _add(self, job: Job, pieces: Collection[int]) -> None:
        board = self.small if job.is_small else self.originals
        if board.holders and job.download.file not in self._jobs:
            self._jobs[job.download.file] = job
            board.add(job.download.file, order=int(job.download.priority), pieces=pieces)

    async def abandon(self, files: Collection[FileHash]) -> None:
        """Of ``files``, those that no node in reach may have: by another way to their bytes, or later."""
        failures, now = [], trio.current_time()
        for file in files:
            board = self._board_of(file)
            if board is None or not board.is_hopeless(file, now):
                continue
            job, hopeful_at = self._jobs.pop(file), board.hopeful_at(file)
            board.drop(file)
            if job.tried + 1 < len(job.sources):
                job.way, job.tried = (job.way + 1) % len(job.sources), job.tried + 1
                job.blobs = blobs_of(job.source)
                self._add(job, await self._run(self.pieces_left, job, job.blobs))
            else:
                wait = backoff(job.download.tries + 1, self._library.randomness)
                delay = wait if hopeful_at == inf else max(int((hopeful_at - now) * 1000), 50)
                failures.append((file, job.reason or NOBODY_HAS_IT, self._library.clock.now() + delay))
        await self._fail(failures)

    async def fail(self, file: FileHash, reason: str, *, delay: int = 0) -> None:
        """The file can't be had for a reason that has nothing to do with the node: the next try is after ``delay`` milliseconds."""
        job = self._jobs.get(file)
        if job is not None:
            self._take_off(file)
            wait = delay or backoff(job.download.tries + 1, self._library.randomness)
            await self._fail([(file, reason, self._library.clock.now() + wait)])

    async def _fail(self, failures: Sequence[tuple[FileHash, str, int]]) -> None:
        if failures:
            await self._run(self._library.downloads.failed, failures)
            self._look_at = min(
                self._look_at, trio.current_time() + max(min(at for *_, at in failures) - self._library.clock.now(), 50) / 1000
            )
            self.news.notify()
            self._progress.changed.notify()

    def _board_of(self, file: FileHash) -> Board | None:
        return next((board for board in (self.small, self.originals) if file in board), None)


def blobs_of(source: Source) -> tuple[BlobId, ...] | None:
    """The blobs of the file itself, where its record names them."""
    return source.blobs if source.way is Way.BLOBS else None
