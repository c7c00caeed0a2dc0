"""An import as a pipeline: finding, identifying, copying and examining, committing.

The files of a folder that may be one photo by their names (a *family*, ``grouping``) come one after the other, and go through it together. A few families
are in work at once, each by its own task; only the committing task writes to the library, in batches that are as large as what came within a
quarter of a second, so that a single photo is visible at once and ten thousand cost few transactions. One bad file costs itself. Of more than 32 files of
one family each goes by itself: no photo has so many.
A full disk ends the import with what was committed until then; run again, it goes on: what is there already is found by its hash.
Copies lie in a folder of this import's own until they are placed: it goes away with the import, and the next one clears it after a kill.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import trio

from peer.errors import NoSpaceLeftError
from peer.importing.commit import Bundle, Committer
from peer.importing.grouping import family_of, is_still
from peer.importing.holdings import Known
from peer.importing.joining import Item
from peer.importing.outcome import LeftOut, Outcome
from peer.importing.prepare import (
    Identified,
    OpenPool,
    Prepared,
    Workshop,
    check_describable,
    identify_file,
    is_unseen,
    looked_at,
    prepare,
    with_thumbnail,
)
from peer.library.library import Library
from peer.library.placing import clear_leftovers, finish_placing
from peer.media.types import Kind
from peer.media.worker import open_decoders
from peer.originals.errors import CopyDamagedError, CopyFailedError, SourceError
from peer.originals.scan import Found, Skipped, scan
from peer.seams import RunBlocking
from store.errors import NoSpaceError
from store.scratch import ScratchFolder

T = TypeVar("T")

BATCH_FILES = 100
BATCH_SECONDS = 0.25
SCAN_PAGE = 200
FAMILIES_AT_ONCE = 4
MAX_FAMILY = 32


@dataclass(kw_only=True)
class Watcher:
    """Whoever wants to see how far an import is: told about files found, files done with, and batches committed."""

    found: Callable[[int], None] = lambda count: None
    done: Callable[[int], None] = lambda count: None
    committed: Callable[[], None] = lambda: None


class Importer:
    """Imports into one library. ``bring_back``, ``resaved``: see ``Committer``; ``move``: sources go once their bytes are safely here."""

    def __init__(
        self,
        library: Library,
        run_blocking: RunBlocking,
        watcher: Watcher,
        *,
        bring_back: bool = False,
        move: bool = False,
        resaved: bool = False,
        open_pool: OpenPool = open_decoders,
    ) -> None:
        self._library = library
        self._run = run_blocking
        self._watcher = watcher
        self._open_pool = open_pool
        self.outcome = Outcome()
        self._committer = Committer(library, self.outcome, bring_back=bring_back, move=move, resaved=resaved)

    async def run(self, paths: Sequence[Path]) -> Outcome:
        """Everything under ``paths``. Raises ``NoSpaceLeftError`` and other errors of the library's own disk; ``outcome`` then has what was done."""
        to_work, work = trio.open_memory_channel[list[Found]](SCAN_PAGE)
        to_commit, ready = trio.open_memory_channel[Bundle](BATCH_FILES)
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

    async def _scan(self, paths: Sequence[Path], to_work: trio.MemorySendChannel[list[Found]]) -> None:
        walk = _families(scan(paths, library=self._library.folder.root, beside=family_of))
        async with to_work:
            while page := await self._run(_next_page, walk):
                self._watcher.found(sum(len(each) for each in page if isinstance(each, list)))
                for each in page:
                    if isinstance(each, Skipped):
                        self._leave_out(LeftOut(path=each.path, reason=each.reason, expected=each.expected))
                    else:
                        await to_work.send(each)

    async def _work_all(
        self, workshop: Workshop, work: trio.MemoryReceiveChannel[list[Found]], to_commit: trio.MemorySendChannel[Bundle]
    ) -> None:
        async with to_commit, trio.open_nursery() as nursery:
            for _ in range(FAMILIES_AT_ONCE):
                nursery.start_soon(self._work, workshop, work.clone(), to_commit.clone())
            work.close()

    async def _work(
        self, workshop: Workshop, work: trio.MemoryReceiveChannel[list[Found]], to_commit: trio.MemorySendChannel[Bundle]
    ) -> None:
        async with work, to_commit:
            async for family in work:
                bundle = await self._family(family, workshop)
                self._watcher.done(len(family) - len(bundle.items))
                if bundle.items:
                    await to_commit.send(bundle)

    async def _family(self, family: Sequence[Found], workshop: Workshop) -> Bundle:
        """Its files, ready to be committed. What looks like a part of a photo by its type is drawn only when it turns out to be one by itself."""
        left: list[LeftOut] = []
        identified: list[Identified] = []
        for found in family:
            with self._costing_itself(found.path, left):
                self._keep(await self._run(identify_file, found), identified, left)
        has_still = any(is_still(each.media.name) for each in identified)
        items: list[Item] = []
        for each in identified:
            with self._costing_itself(each.found.path, left):
                self._keep(await self._item(each, workshop, has_still), items, left)
        photos = await self._run(self._committer.photos_among, items) if any(isinstance(item, Prepared) for item in items) else []
        finished: list[Item] = []
        for item in items:
            with self._costing_itself(item.source, left):
                finished.append(await self._finished(item, photos, workshop))
        return Bundle(items=finished, hindered=any(not each.expected for each in left))

    @contextmanager
    def _costing_itself(self, path: Path, left: list[LeftOut]) -> Iterator[None]:
        """What goes wrong with the file at ``path`` is one more in ``left``, and nothing else."""
        try:
            yield
        except (SourceError, CopyDamagedError, CopyFailedError) as error:
            self._keep(LeftOut(path=path, reason=error.message), [], left)

    def _keep(self, result: T | LeftOut, kept: list[T], left: list[LeftOut]) -> None:
        if isinstance(result, LeftOut):
            self._leave_out(result)
            left.append(result)
        else:
            kept.append(result)

    async def _item(self, identified: Identified, workshop: Workshop, has_still: bool) -> Item | LeftOut:
        known = await self._run(self._look_up, identified)
        if known is not None:
            return known
        is_part = has_still and identified.media.kind in (Kind.VIDEO, Kind.RAW)
        prepared = await prepare(self._library, identified, workshop, self._run, want_pictures=not is_part)
        if isinstance(prepared, Prepared):
            unfit = check_describable(prepared)
            if unfit is not None:
                prepared.discard()
                return unfit
        return prepared

    async def _finished(self, item: Item, photos: Sequence[Prepared], workshop: Workshop) -> Item:
        """With its thumbnail written, if it is to have one."""
        if not isinstance(item, Prepared) or not any(item is photo for photo in photos):
            return item
        seen = await looked_at(item, workshop) if is_unseen(item) else item
        return await self._run(with_thumbnail, self._library, seen)

    def _look_up(self, identified: Identified) -> Known | None:
        if self._committer.is_rewritten(identified.found.path, identified.hashed.file):
            return None  # also of what was there before it has to be found out again what is shown
        return self._committer.holdings.look_up(identified)

    async def _commit_all(self, ready: trio.MemoryReceiveChannel[Bundle]) -> None:
        async with ready:
            async for first in ready:
                batch = [first]
                files = len(first.items)
                with trio.move_on_after(BATCH_SECONDS):
                    while files < BATCH_FILES:
                        try:
                            batch.append(await ready.receive())
                        except trio.EndOfChannel:
                            break
                        files += len(batch[-1].items)
                await self._run(self._committer.commit, batch)
                self._watcher.committed()
                self._watcher.done(files)

    def _leave_out(self, left_out: LeftOut) -> None:
        self.outcome.skipped.append(left_out)


def _families(walk: Iterator[Found | Skipped]) -> Iterator[list[Found] | Skipped]:
    """What is left out at once; what was found in families, each path once."""
    family: dict[Path, Found] = {}
    key: tuple[Path, str] | None = None
    for each in walk:
        if isinstance(each, Skipped):
            yield each
            continue
        its_key = each.path.parent, family_of(each.path.name)
        if its_key != key:
            yield from _bounded(family)
            family, key = {}, its_key
        family[each.path] = each
    yield from _bounded(family)


def _bounded(family: dict[Path, Found]) -> Iterator[list[Found]]:
    if len(family) > MAX_FAMILY:
        yield from ([each] for each in family.values())
    elif family:
        yield list(family.values())


def _next_page(walk: Iterator[list[Found] | Skipped]) -> list[list[Found] | Skipped]:
    page = []
    for each in walk:
        page.append(each)
        if len(page) >= SCAN_PAGE:
            break
    return page
