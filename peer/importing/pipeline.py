"""An import as a pipeline: finding, identifying, copying and examining, committing.

A few files are in work at once, each by its own task; only the committing task writes to the library, in batches that are as large as
what came within a quarter of a second, so that a single photo is visible at once and ten thousand cost few transactions. One bad file costs itself.
A full disk ends the import with what was committed until then; run again, it goes on: what is there already is found by its hash.
Copies lie in a folder of this import's own until they are placed: it goes away with the import, and the next one clears it after a kill.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from peer.errors import NoSpaceLeftError
from peer.importing.commit import Committer, Known
from peer.importing.outcome import LeftOut, Outcome
from peer.importing.prepare import OpenPool, Prepared, Workshop, check_describable, identify_file, prepare
from peer.library.library import Library
from peer.library.placing import clear_leftovers, finish_placing
from peer.media.worker import open_decoders
from peer.originals.errors import CopyDamagedError, CopyFailedError, SourceError
from peer.originals.scan import Found, Skipped, scan
from peer.seams import RunBlocking
from store.errors import NoSpaceError
from store.scratch import ScratchFolder

BATCH_FILES = 100
BATCH_SECONDS = 0.25
SCAN_PAGE = 200
FILES_AT_ONCE = 4


@dataclass(kw_only=True)
class Watcher:
    """Whoever wants to see how far an import is: told about files found, files done with, and batches committed."""

    found: Callable[[int], None] = lambda count: None
    done: Callable[[int], None] = lambda count: None
    committed: Callable[[], None] = lambda: None


class Importer:
    """Imports into one library."""

    def __init__(
        self,
        library: Library,
        run_blocking: RunBlocking,
        watcher: Watcher,
        *,
        bring_back: bool = False,
        move: bool = False,
        open_pool: OpenPool = open_decoders,
    ) -> None:
        self._library = library
        self._run = run_blocking
        self._watcher = watcher
        self._open_pool = open_pool
        self.outcome = Outcome()
        self._committer = Committer(library, self.outcome, bring_back=bring_back, move=move)

    async def run(self, paths: Sequence[Path]) -> Outcome:
        """Everything under ``paths``. Raises ``NoSpaceLeftError`` and other errors of the library's own disk; ``outcome`` then has what was done."""
        to_work, work = trio.open_memory_channel[Found](SCAN_PAGE)
        to_commit, ready = trio.open_memory_channel[Prepared | Known](BATCH_FILES)
        try:
            async with self._incoming() as incoming, self._open_pool() as decoders, trio.open_nursery() as nursery:
                nursery.start_soon(self._scan, paths, to_work)
                nursery.start_soon(self._work_all, Workshop(decoders, incoming), work, to_commit)
                nursery.start_soon(self._commit_all, ready)
        except* (NoSpaceError, NoSpaceLeftError) as group:
            raise NoSpaceLeftError(
                f"The disk is full: {self.outcome.imported} photos were imported, the rest was not. Nothing was lost."
            ) from group
        return self.outcome

    @asynccontextmanager
    async def _incoming(self) -> AsyncIterator[Path]:
        """A folder for the copies, after what earlier imports left behind is finished or cleared."""
        scratch = await self._run(self._recover)
        try:
            yield scratch.path
        finally:
            with trio.CancelScope(shield=True):
                await self._run(self._leave, scratch)

    def _recover(self) -> ScratchFolder:
        finish_placing(self._library)
        clear_leftovers(self._library)
        return ScratchFolder(self._library.folder.incoming)

    def _leave(self, scratch: ScratchFolder) -> None:
        scratch.close(keep={held.incoming for held in self._library.held.incoming() if held.incoming is not None})

    async def _scan(self, paths: Sequence[Path], to_work: trio.MemorySendChannel[Found]) -> None:
        walk = scan(paths, library=self._library.folder.root)
        async with to_work:
            while page := await self._run(_next_page, walk):
                self._watcher.found(sum(isinstance(each, Found) for each in page))
                for each in page:
                    if isinstance(each, Skipped):
                        self._leave_out(LeftOut(path=each.path, reason=each.reason, expected=each.expected))
                    else:
                        await to_work.send(each)

    async def _work_all(
        self, workshop: Workshop, work: trio.MemoryReceiveChannel[Found], to_commit: trio.MemorySendChannel[Prepared | Known]
    ) -> None:
        async with to_commit, trio.open_nursery() as nursery:
            for _ in range(FILES_AT_ONCE):
                nursery.start_soon(self._work, workshop, work.clone(), to_commit.clone())
            work.close()

    async def _work(
        self, workshop: Workshop, work: trio.MemoryReceiveChannel[Found], to_commit: trio.MemorySendChannel[Prepared | Known]
    ) -> None:
        async with work, to_commit:
            async for found in work:
                try:
                    result = await self._one(found, workshop)
                except (SourceError, CopyDamagedError, CopyFailedError) as error:
                    result = LeftOut(path=found.path, reason=error.message)
                if isinstance(result, LeftOut):
                    self._leave_out(result)
                    self._watcher.done(1)
                else:
                    await to_commit.send(result)

    async def _one(self, found: Found, workshop: Workshop) -> Prepared | Known | LeftOut:
        identified = await self._run(identify_file, found)
        if isinstance(identified, LeftOut):
            return identified
        known = await self._run(self._committer.look_up, identified)
        if known is not None:
            return known
        prepared = await prepare(self._library, identified, workshop, self._run)
        if isinstance(prepared, Prepared):
            unfit = check_describable(prepared)
            if unfit is not None:
                prepared.discard()
                return unfit
        return prepared

    async def _commit_all(self, ready: trio.MemoryReceiveChannel[Prepared | Known]) -> None:
        async with ready:
            async for first in ready:
                batch = [first]
                with trio.move_on_after(BATCH_SECONDS):
                    while len(batch) < BATCH_FILES:
                        try:
                            batch.append(await ready.receive())
                        except trio.EndOfChannel:
                            break
                await self._run(self._committer.commit, batch)
                self._watcher.committed()
                self._watcher.done(len(batch))

    def _leave_out(self, left_out: LeftOut) -> None:
        self.outcome.skipped.append(left_out)


def _next_page(walk: Iterator[Found | Skipped]) -> list[Found | Skipped]:
    page = []
    for each in walk:
        page.append(each)
        if len(page) >= SCAN_PAGE:
            break
    return page
