"""Importing what is complete, and noting what wasn't imported, so that it isn't tried again before it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from peer.importing.outcome import LeftOut
from peer.importing.pipeline import Importer, Watcher
from peer.importing.prepare import Examiner
from peer.library.library import Library
from peer.seams import RunBlocking
from peer.watching.folders import DELETED_BEFORE, NO_STAMP, LeftFile, forget_left, leave, unknown_among
from peer.watching.settling import Candidate


class Taker:
    """Imports files out of watched folders into one library, with decoders that are kept."""

    def __init__(self, library: Library, decoders: Examiner, run_blocking: RunBlocking, committed: Callable[[], None]) -> None:
        self._library = library
        self._decoders = decoders
        self._run = run_blocking
        self._committed = committed

    async def take(self, folder: Path, files: Sequence[Candidate]) -> None:
        """Import complete files of a watched folder together, so that what belongs together stays together."""
        importer = Importer(self._library, self._run, Watcher(committed=self._committed), resaved=True, open_pool=self._lend)
        outcome = await importer.run([each.path for each in files])
        await self._run(self._note, folder, files, outcome.skipped)

    async def leave(self, folder: Path, files: Sequence[Candidate]) -> None:
        """These aren't taken as they are now."""
        await self._run(leave, self._library, folder, [_left(each, each.problem or "") for each in files])

    def _note(self, folder: Path, files: Sequence[Candidate], skipped: Sequence[LeftOut]) -> None:
        reasons = {each.path: "" if each.expected else each.reason for each in skipped}
        unknown = set(unknown_among(self._library, [(each.path, each.sight.stamp) for each in files]))
        with self._library.database.write():
            forget_left(self._library, (each.path for each in files if each.path not in unknown))
            leave(self._library, folder, [_left(each, reasons.get(each.path, DELETED_BEFORE)) for each in files if each.path in unknown])

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Examiner]:
        yield self._decoders


def _left(candidate: Candidate, reason: str) -> LeftFile:
    """What is open for writing may be closed without a change, so every scan looks at it again."""
    stamp = candidate.sight.stamp
    return LeftFile(path=candidate.path, stamp=NO_STAMP if candidate.sight.written else stamp, reason=reason)
