"""Files that were dropped onto the page, on their way into the library: each drop has a folder of its own until it is imported.

The folders go away with the drop, with the gallery, or after a kill when the next drop begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from peer.errors import UsageError
from peer.layout import LibraryFolder
from peer.seams import Randomness
from store.durable import full_disk_translated, make_folders
from store.scratch import ScratchFolder, clear_abandoned

MOST_DROPS = 8
MOST_FILES = 20_000
MOST_DEPTH = 32
MOST_NAME_BYTES = 240
_ID_BYTES = 16


@dataclass(slots=True)
class Drop:
    """``files``: how many came."""

    id: str
    scratch: ScratchFolder
    files: int = 0


class Drops:
    """All that are on their way. Of more than eight the oldest is given up: a page that went away doesn't come back for it."""

    def __init__(self, folder: LibraryFolder, randomness: Randomness) -> None:
        self._folder = folder
        self._randomness = randomness
        self._drops: dict[str, Drop] = {}

    def begin(self) -> Drop:
        """A new one; ``NoSpaceError``."""
        while len(self._drops) >= MOST_DROPS:
            self._drops.pop(next(iter(self._drops))).scratch.close()
        with full_disk_translated():
            make_folders(self._folder.dropped)
        clear_abandoned(self._folder.dropped)
        drop = Drop(id=self._randomness(_ID_BYTES).hex(), scratch=ScratchFolder(self._folder.dropped))
        self._drops[drop.id] = drop
        return drop

    def get(self, name: str) -> Drop:
        """``UsageError`` when there is none of this name any more."""
        drop = self._drops.get(name)
        if drop is None:
            raise UsageError("This import is over, or was given up.", hint="Drop the files again.")
        return drop

    def end(self, drop: Drop) -> None:
        """Whatever of it wasn't imported goes."""
        self._drops.pop(drop.id, None)
        drop.scratch.close()

    def close(self) -> None:
        for drop in list(self._drops.values()):
            self.end(drop)


def place_for(drop: Drop, path: str) -> Path:
    """Where a dropped file goes, in folders like those that it came from, since files that belong together are known by that. ``UsageError`` for a name
    that can't be one."""
    if drop.files >= MOST_FILES:
        raise UsageError(f"More than {MOST_FILES:,} files at once. The rest was left out.", hint="Use `calotype import` for whole folders.")
    parts = list(_parts(path))
    place = drop.scratch.path.joinpath(*parts)
    if not parts or drop.scratch.path not in place.parents:
        raise UsageError(f"{path[:60]!r} can't be the name of a file.")
    return place


def _parts(path: str) -> Iterator[str]:
    pieces = PurePosixPath(path).parts
    if len(pieces) > MOST_DEPTH:
        raise UsageError("These folders are nested too deep.")
    for piece in pieces:
        if piece in ("/", ".", "..") or "\x00" in piece or "\\" in piece or len(piece.encode("utf-8", "surrogateescape")) > MOST_NAME_BYTES:
            raise UsageError(f"{piece[:60]!r} can't be the name of a file, or is too long for one.", hint="Rename it, and drop it again.")
        yield piece
