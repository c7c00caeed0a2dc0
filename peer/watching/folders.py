"""Which folders are watched, and what was left where it lies. Rows of this device alone: nothing of it travels."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peer.errors import UsageError
from peer.library.instants import iso_utc
from peer.library.library import Library
from peer.originals.held import HeldStamp
from peer.originals.names import display

MAX_FOLDERS = 100
SHOWN_FILES = 100
NOT_THERE = "the folder isn't there now: it may be on a disk that isn't connected. It is looked at again by itself"
NO_PERMISSION = "this user may not read the folder"
NO_STAMP = HeldStamp(size=-1, mtime_ns=0, inode=0)
"""That no file has."""

DELETED_BEFORE = "it was deleted before, and stays deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A folder, and since when it is watched, in milliseconds since 1970. ``reason``: why nothing comes from it now."""

    path: Path
    since: int
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {
            "path": display(self.path),
            "since": iso_utc(self.since),
            "state": "waiting" if self.reason else "watched",
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftFile:
    """A file that wasn't imported as it was then, and why."""

    path: Path
    stamp: HeldStamp
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"path": display(self.path), "reason": self.reason}


def add_folder(library: Library, path: Path) -> Watched:
    """Watch a folder from now on. ``UsageError`` when that can't be; a folder that is watched already stays so."""
    folder = _absolute(path)
    if not folder.is_dir():
        raise UsageError(f"{display(folder)} is no folder.", hint="Create it first, or connect the disk that it lies on.")
    _refuse_library(library, folder)
    with library.database.write() as connection:
        watched = [Path(os.fsdecode(row[0])) for row in connection.execute("SELECT path FROM watched").fetchall()]
        if folder not in watched:
            _refuse_overlap(folder, watched)
            if len(watched) >= MAX_FOLDERS:
                raise UsageError(
                    f"{MAX_FOLDERS} folders are watched already.", hint="Watch a folder that contains several of them instead."
                )
        connection.execute("INSERT OR IGNORE INTO watched (path, since) VALUES (?, ?)", (os.fsencode(folder), library.clock.now()))
    return next(each for each in watched_folders(library) if each.path == folder)


def _absolute(path: Path) -> Path:
    """As the person named it: links in it are followed when it is read, and may lead elsewhere by then."""
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolves no links


def _refuse_library(library: Library, folder: Path) -> None:
    real, own = folder.resolve(), library.folder.root.resolve()
    if real == own or own in real.parents:
        raise UsageError(f"{display(folder)} is part of the library itself.", hint="What lies there is imported already.")
    if real in own.parents:
        raise UsageError(f"{display(folder)} contains the library.", hint="Watch a folder beside the library.")


def _refuse_overlap(folder: Path, watched: Iterable[Path]) -> None:
    for other in watched:
        if other in folder.parents:
            raise UsageError(f"{display(folder)} is watched already, as part of {display(other)}.")
        if folder in other.parents:
            raise UsageError(
                f"{display(other)}, which is part of it, is watched already.", hint="Remove that first: `calotype watch remove`."
            )


def remove_folder(library: Library, path: Path) -> Path:
    """Watch a folder no longer; what came from it stays. ``UsageError`` when it wasn't watched."""
    folder = _absolute(path)
    with library.database.write() as connection:
        if not connection.execute("DELETE FROM watched WHERE path = ?", (os.fsencode(folder),)).rowcount:
            raise UsageError(f"{display(folder)} isn't watched.", hint="See `calotype watch list`.")
        connection.execute("DELETE FROM watch_left WHERE folder = ?", (os.fsencode(folder),))
    return folder


def watched_folders(library: Library) -> list[Watched]:
    """All of them, by path, as they can be read now."""
    with library.database.read() as connection:
        rows = connection.execute("SELECT path, since FROM watched ORDER BY path").fetchall()
    found = [(Path(os.fsdecode(path)), int(since)) for path, since in rows]
    return [Watched(path=path, since=since, reason=_reason(path)) for path, since in found]


def _reason(path: Path) -> str:
    if not path.is_dir():
        return NOT_THERE
    return "" if os.access(path, os.R_OK | os.X_OK) else NO_PERMISSION


def leave(library: Library, folder: Path, files: Sequence[LeftFile]) -> None:
    """These aren't imported as they are now: they are looked at again when they change."""
    with library.database.write() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO watch_left VALUES (?, ?, ?, ?, ?)",
            [(os.fsencode(each.path), os.fsencode(folder), each.stamp.size, each.stamp.mtime_ns, each.reason) for each in files],
        )


def left_files(library: Library, folder: Path) -> list[LeftFile]:
    """What a person should know of: files in a watched folder that weren't imported, and still lie there as they were; at most a hundred."""
    with library.database.read() as connection:
        rows = connection.execute(
            "SELECT path, size, mtime_ns, reason FROM watch_left WHERE folder = ? AND reason <> '' ORDER BY path LIMIT ?",
            (os.fsencode(folder), SHOWN_FILES),
        ).fetchall()
    files = (LeftFile(path=Path(os.fsdecode(p)), stamp=HeldStamp(size=s, mtime_ns=m, inode=0), reason=r) for p, s, m, r in rows)
    return [each for each in files if each.path.exists()]


def what_waits(library: Library) -> Iterator[tuple[str, str]]:
    """For ``status``: folders from which nothing comes now, and files in the others that weren't imported; each with its reason."""
    for folder in watched_folders(library):
        if folder.reason:
            yield f"watched folder {display(folder.path)}", folder.reason
        else:
            yield from ((f"file {display(file.path)}", file.reason) for file in left_files(library, folder.path))


def forget_left(library: Library, paths: Iterable[Path]) -> None:
    """These were imported after all."""
    with library.database.write() as connection:
        connection.executemany("DELETE FROM watch_left WHERE path = ?", [(os.fsencode(path),) for path in paths])


def unknown_among(library: Library, files: Sequence[tuple[Path, HeldStamp]]) -> list[Path]:
    """Those that weren't imported, nor left, as they are now: by size and time, without reading them."""
    query = (
        "SELECT 1 FROM imported_from WHERE path = ?1 AND size = ?2 AND mtime_ns = ?3"
        " UNION ALL SELECT 1 FROM watch_left WHERE path = ?1 AND size = ?2 AND mtime_ns = ?3 LIMIT 1"
    )
    with library.database.read() as connection:
        return [
            path for path, stamp in files if connection.execute(query, (os.fsencode(path), stamp.size, stamp.mtime_ns)).fetchone() is None
        ]
