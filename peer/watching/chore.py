"""The chore that watches folders.

- All folders are scanned when it begins and every five minutes, so that nothing depends on a hint: what came while the peer was off, and what comes to
  network folders, is found. Where the system gives no hints, they are scanned every half a minute.
- A hint names what may be new; it is looked at until it is complete (``settling``), and then imported with what else of its folder is.
- A file whose namesake (``IMG_1.HEIC``, ``IMG_1.MOV``) is still being written waits for it a moment.
- A folder that isn't there is waited for. What disappears from a folder means nothing.
- At most a thousand files are looked at in one go; a scan waits until they are decided.

Decoders are kept while there is a folder to watch: starting one takes longer than everything else that is done to a new photo.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import inf
from pathlib import Path

import trio

from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.importing.prepare import OpenPool
from peer.library.library import Library
from peer.media.worker import open_decoders
from peer.seams import RunBlocking
from peer.watching.findings import Scan, hinted
from peer.watching.folders import watched_folders
from peer.watching.hints import Hints, system_hints
from peer.watching.looking import look_at
from peer.watching.settling import Candidate, Sight
from peer.watching.taking import Taker

SCAN_SECONDS = 300.0
SCAN_SECONDS_WITHOUT_HINTS = 30.0
MISSING_SECONDS = 10.0
MAX_CANDIDATES = 1_000
MAX_AT_ONCE = 500
SHORTEST_WAIT = 0.02
MATE_SECONDS = 3.0
"""So long a complete file waits for one of the same name that came and isn't."""


@dataclass(slots=True)
class _Folders:
    """Those that are there now; ``missing``: some that are watched are not."""

    there: list[Path]
    missing: bool


@dataclass(slots=True)
class _Round:
    """What is known between two looks."""

    candidates: dict[Path, Candidate] = field(default_factory=dict)
    hints: set[Path] = field(default_factory=set)
    scan: Scan | None = None
    scan_at: float = -inf
    has_hints: bool = True


class FolderWatcher:
    """Imports from the folders in the table ``watched``."""

    def __init__(self, run_blocking: RunBlocking, open_pool: OpenPool = open_decoders, hints: Hints = system_hints) -> None:
        self._run = run_blocking
        self._open_pool = open_pool
        self._hints = hints

    async def __call__(self, library: Library, work: Work, progress: Progress) -> None:
        while True:
            folders = await self._run(_folders, library)
            if folders.there:
                await self._watch(library, work, progress, folders)
            else:
                await work.rest(MISSING_SECONDS if folders.missing else inf)

    async def _watch(self, library: Library, work: Work, progress: Progress, folders: _Folders) -> None:
        """Until other folders are to be watched, or one comes or goes."""
        known = _Round()
        async with self._open_pool() as decoders, trio.open_nursery() as nursery:
            nursery.start_soon(self._listen, folders.there, known, work)
            taker = Taker(library, decoders, self._run, progress.committed.set)
            while await self._run(_folders, library) == folders:
                await self._gather(library, folders.there, known)
                seconds = await self._decide(folders.there, known, taker)
                if known.scan is not None:
                    continue
                if known.candidates:
                    work.settled = False
                    await work.wake.wait_at_most(seconds)
                else:
                    until_scan = max(known.scan_at - trio.current_time(), 0.0)
                    await work.rest(min(until_scan, MISSING_SECONDS if folders.missing else SCAN_SECONDS))
            nursery.cancel_scope.cancel()

    async def _listen(self, folders: Sequence[Path], known: _Round, work: Work) -> None:
        def happened(paths: Collection[Path]) -> None:
            known.hints.update(paths)
            work.look()

        try:
            await self._hints(folders, happened)
        except* OSError:
            known.has_hints = False

    async def _gather(self, library: Library, folders: Sequence[Path], known: _Round) -> None:
        """New candidates: from hints, and from the next page of a scan that is due."""
        now = trio.current_time()
        if known.hints:
            paths, known.hints = known.hints, set()
            await self._look(await self._run(hinted, library, folders, paths), known)
        if known.scan is None and now >= known.scan_at:
            known.scan = Scan(library, folders)
        while known.scan is not None and len(known.candidates) < MAX_CANDIDATES:
            await self._look(await self._run(known.scan.page), known)
            if known.scan.is_over:
                known.scan = None
                known.scan_at = trio.current_time() + (SCAN_SECONDS if known.has_hints else SCAN_SECONDS_WITHOUT_HINTS)

    async def _look(self, paths: Iterable[Path], known: _Round) -> None:
        """Look at these, for the first time or again; what isn't there any more is forgotten."""
        asked = [(path, each.sight if (each := known.candidates.get(path)) is not None else None) for path in paths]
        sights = await self._run(_look_at_all, asked)
        now = trio.current_time()
        for (path, _), sight in zip(asked, sights, strict=True):
            candidate = known.candidates.get(path)
            if sight is None:
                known.candidates.pop(path, None)
            elif candidate is None:
                known.candidates[path] = Candidate.first_seen(path, sight, now)
            else:
                candidate.see(sight, now)

    async def _decide(self, folders: Sequence[Path], known: _Round, taker: Taker) -> float:
        """Take what is complete, leave what will never be; how long until something may be decided."""
        now = trio.current_time()
        await self._look([path for path, each in known.candidates.items() if each.look_at() <= now], known)
        now = trio.current_time()
        pending = [each for each in known.candidates.values() if not each.is_decided()]
        growing = {_name(each.path) for each in pending if now - each.since < MATE_SECONDS}
        decided = [each for each in known.candidates.values() if each.is_decided()]
        ready = [each for each in decided if each.problem is not None or _name(each.path) not in growing]
        for folder, files in groupby(sorted(ready, key=_place), key=lambda each: each.path.parent):
            top = next((each for each in folders if folder.is_relative_to(each)), folder)
            batch = list(files)
            complete = [each for each in batch if each.problem is None]
            for start in range(0, len(complete), MAX_AT_ONCE):
                await taker.take(top, complete[start : start + MAX_AT_ONCE])
            await taker.leave(top, [each for each in batch if each.problem is not None])
            for each in batch:
                known.candidates.pop(each.path, None)
        return max(min((each.look_at() for each in known.candidates.values()), default=inf) - trio.current_time(), SHORTEST_WAIT)


def _place(candidate: Candidate) -> tuple[bytes, bytes]:
    return os.fsencode(candidate.path.parent), os.fsencode(candidate.path.name)


def _name(path: Path) -> tuple[Path, str]:
    return path.parent, path.stem


def _folders(library: Library) -> _Folders:
    watched = watched_folders(library)
    there = [each.path for each in watched if not each.reason]
    return _Folders(there=there, missing=len(there) < len(watched))


def _look_at_all(asked: Sequence[tuple[Path, Sight | None]]) -> list[Sight | None]:
    return [look_at(path, known) for path, known in asked]
