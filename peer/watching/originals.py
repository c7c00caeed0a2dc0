"""The chore that looks after the library's own tree of originals: people open it with other programs.

A minute after it begins, and every six hours, it compares size, time and inode of every original with what was recorded:

- gone: it is fetched back, never taken for a deletion. Not when the whole tree is gone: that is a disk that isn't connected;
- another time, the same bytes: recorded anew;
- other bytes: they become a version of the photo, or a photo of their own if they are another picture (``peer.importing.resaved``); then the older file is
  fetched back to its place. What is just being written, or can't be read as a picture, is left alone; ``verify`` tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import trio

from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.importing.commit import Bundle, Committer
from peer.importing.outcome import LeftOut, Outcome
from peer.importing.prepare import Examiner, OpenPool, Prepared, Workshop, check_describable, identify_file, prepare
from peer.library.damage import hash_of, want_again
from peer.library.held import HeldFile
from peer.library.imported_from import ImportedFrom, Origin
from peer.library.library import Library
from peer.library.queries import Queries
from peer.media.worker import open_decoders
from peer.originals.errors import CopyDamagedError, CopyFailedError, SourceError
from peer.originals.held import HeldStamp
from peer.originals.scan import Found
from peer.seams import RunBlocking
from peer.watching.looking import look_at
from store.scratch import ScratchFolder

FIRST_SECONDS = 60.0
EVERY_SECONDS = 6 * 3600.0
PAGE = 500


class OriginalsKeeper:
    """Sees what became of originals that were changed, moved or deleted by hand."""

    def __init__(self, run_blocking: RunBlocking, open_pool: OpenPool = open_decoders, first_seconds: float = FIRST_SECONDS) -> None:
        self._run = run_blocking
        self._open_pool = open_pool
        self._first = first_seconds
        self._left: dict[Path, HeldStamp] = {}

    async def __call__(self, library: Library, work: Work, progress: Progress) -> None:
        at = trio.current_time() + self._first
        while True:
            while (left := at - trio.current_time()) > 0:
                await work.rest(left)
            if await self._look(library):
                progress.committed.set()
            at = trio.current_time() + EVERY_SECONDS

    async def _look(self, library: Library) -> bool:
        """Whether anything was to be done."""
        held = library.held.all("original")
        done = False
        while (touched := await self._run(_page, library, held)) is not None:
            if touched:
                async with self._open_pool() as decoders:
                    for each in touched:
                        done = await self._one(library, each, decoders) or done
        return done

    async def _one(self, library: Library, held: HeldFile, decoders: Examiner) -> bool:
        path = library.folder.root / held.path
        sight = await self._run(look_at, path)
        if sight is None:
            return await self._run(_fetch_back_missing, library, held)
        if sight.written or self._left.get(path) == sight.stamp:
            return False
        if await self._run(hash_of, path) == held.file:
            return await self._run(_note_untouched, library, held, sight.stamp)
        taken = await self._take(library, held, Found(path=path, stamp=sight.stamp), decoders)
        if not taken:
            self._left[path] = sight.stamp
        return taken

    async def _take(self, library: Library, held: HeldFile, found: Found, decoders: Examiner) -> bool:
        scratch = await self._run(ScratchFolder, library.folder.incoming)
        try:
            identified = await self._run(identify_file, found)
            if isinstance(identified, LeftOut):
                return False
            prepared = await prepare(library, identified, Workshop(decoders, scratch.path), self._run)
            if isinstance(prepared, LeftOut) or check_describable(prepared) is not None:
                return False
            return await self._run(_commit, library, held, prepared)
        except (SourceError, CopyDamagedError, CopyFailedError):
            return False
        finally:
            with trio.CancelScope(shield=True):
                await self._run(_close, library, scratch)


def _page(library: Library, held: Iterator[HeldFile]) -> list[HeldFile] | None:
    """Of the next originals those that don't look as recorded; ``None`` after the last, and while the tree isn't there."""
    if not library.folder.originals.is_dir():
        return None
    page, root = list(islice(held, PAGE)), library.folder.root
    return [each for each in page if each.incoming is None and not each.untouched(root)] if page else None


def _fetch_back_missing(library: Library, held: HeldFile) -> bool:
    """Only when nothing is there: what can't be read isn't gone."""
    path = library.folder.root / held.path
    if path.exists() or path.is_symlink():
        return False
    return _fetch_back(library, held)


def _fetch_back(library: Library, held: HeldFile) -> bool:
    with library.database.write():
        return library.held.get(held.file) == held and want_again(library, held)


def _note_untouched(library: Library, held: HeldFile, stamp: HeldStamp) -> bool:
    with library.database.write():
        if library.held.get(held.file) == held:
            library.held.put(replace(held, size=stamp.size, mtime_ns=stamp.mtime_ns, inode=stamp.inode))
    return False


def _commit(library: Library, held: HeldFile, prepared: Prepared) -> bool:
    """The new bytes are kept under a name of their own, durably; then the place is cleared, and what was there is fetched back to it."""
    records = Queries(library.database).assets_with_file(held.file)
    if not records:
        return False
    origins, outcome = ImportedFrom(library.database), Outcome()
    path, stamp = prepared.source, prepared.source_stamp
    origins.note([Origin(path=path, record=records[0], file=held.file, size=held.size, mtime_ns=held.mtime_ns, family="")])
    Committer(library, outcome, bring_back=False, move=False, resaved=True).commit([Bundle(items=[prepared])])
    kept = library.held.get(prepared.file)
    if kept is None or kept.incoming is not None or not kept.untouched(library.folder.root) or kept.path == held.path:
        return False
    if HeldStamp.of(path.lstat()) == stamp:
        path.unlink()
    return _fetch_back(library, held)


def _close(library: Library, scratch: ScratchFolder) -> None:
    scratch.close(keep={held.incoming for held in library.held.incoming() if held.incoming is not None})
