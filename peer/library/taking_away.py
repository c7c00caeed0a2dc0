"""Taking away the files of photos that were deleted for good.

What another record needs stays. Each of the others leaves in three steps: it is renamed into a folder of its own, the commit says that it isn't held
any more, and then it is deleted, or moved into the recovery folder. What a crash interrupts is done again from what lies there. What somebody wrote
into an original in its place is work that no record knows of: it goes to the recovery folder in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from peer.library.asset_files import located
from peer.library.damage import hash_of
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.originals.held import HeldStamp, still_held
from peer.originals.names import numbered, safe_name
from store.durable import full_disk_translated, make_folders, sync_folder
from store.ids import FileHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How many originals were deleted from this device, and how many moved into the recovery folder."""

    deleted: int = 0
    recovered: int = 0


class _Moved(NamedTuple):
    path: Path
    recover: bool


def anything_leaves(library: Library) -> bool:
    """Whether some file is still to be taken away."""
    with library.database.read() as connection:
        return connection.execute("SELECT 1 FROM leaving LIMIT 1").fetchone() is not None


def take_away(library: Library) -> Taken:
    """Take away all that is to go. ``OSError`` and ``NoSpaceError`` leave the rest for the next time. Nothing goes while a checkpoint is being taken in:
    which records need a file is known when all of them came."""
    if library.is_loading:
        return Taken()
    deleted = recovered = 0
    for file, name, is_rendition, since in _rows(library):
        moved = _move_out(library, file)
        if moved is None:
            continue
        keep = moved.recover and not is_rendition
        is_here = moved.path.exists()
        if keep:
            _recover(library, moved.path, name or file.hex()[:16], since)
        else:
            moved.path.unlink(missing_ok=True)
        with library.database.write() as connection:
            connection.execute("DELETE FROM leaving WHERE file = ?", (file,))
        deleted += is_here and not keep and not is_rendition
        recovered += is_here and keep
    _clear_staged(library)
    return Taken(deleted=deleted, recovered=recovered)


def recovered_files(library: Library) -> list[Path]:
    """What lies in the recovery folder, for a person to look at and to clear away."""
    folder = library.folder.recovered
    return sorted(path for path in folder.glob("*/*") if path.is_file()) if folder.is_dir() else []


def _rows(library: Library) -> Iterator[tuple[FileHash, str, bool, int]]:
    with library.database.read() as connection:
        rows = connection.execute("SELECT file, name, rendition, since FROM leaving ORDER BY file").fetchall()
    return ((FileHash(file), name, bool(rendition), since) for file, name, rendition, since in rows)


def _move_out(library: Library, file: FileHash) -> _Moved | None:
    """Where the file lies outside of the library's places, no longer held; ``None`` when it stays, or another process took it away."""
    staged = library.folder.leaving / file.hex()
    with full_disk_translated(), library.database.write() as connection:
        held = library.held.get(file)
        row = connection.execute("SELECT moved, recover FROM leaving WHERE file = ?", (file,)).fetchone()
        if row is None:
            return None
        was_moved, recover = map(bool, row)
        if was_moved:
            return _Moved(staged, recover)
        if _is_needed(connection, file):
            _put_back(library, held, staged)
            connection.execute("DELETE FROM leaving WHERE file = ?", (file,))
            return None
        if held is not None:
            _rename(located(library, held), staged)
            recover |= _was_written_into(staged, held)
            library.held.forget(file)
        library.downloads.done([file])
        connection.execute("DELETE FROM upload WHERE file = ?", (file,))
        connection.execute("UPDATE leaving SET moved = 1, recover = ? WHERE file = ?", (recover, file))
    return _Moved(staged, recover)


def _was_written_into(staged: Path, held: HeldFile) -> bool:
    """Whether other bytes lie there than those that were recorded, and not because the disk erred."""
    as_recorded = still_held(staged, HeldStamp(size=held.size, mtime_ns=held.mtime_ns, inode=held.inode))
    return not as_recorded and staged.exists() and hash_of(staged) != held.file


def _put_back(library: Library, held: HeldFile | None, staged: Path) -> None:
    """It was on its way when a crash came, and is needed again."""
    if held is not None and not located(library, held).exists():
        _rename(staged, library.folder.root / held.path)


def _rename(path: Path, target: Path) -> None:
    """Durably; nothing happens when there is nothing."""
    if path.exists():
        make_folders(target.parent)
        path.replace(target)
        sync_folder(target.parent)
        sync_folder(path.parent)


def _clear_staged(library: Library) -> None:
    """What no row speaks of any more: either it was deleted before a crash, or its bytes are held elsewhere."""
    folder = library.folder.leaving
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(ValueError), library.database.read() as connection:
            file = FileHash(bytes.fromhex(path.name))
            held = library.held.get(file)
            is_noted = connection.execute("SELECT 1 FROM leaving WHERE file = ?", (file,)).fetchone() is not None
            if not is_noted and (held is None or located(library, held).exists()):
                path.unlink(missing_ok=True)


def _is_needed(connection: Connection, file: FileHash) -> bool:
    """Whether some record still names it: as one of its files, or, by its blobs, as a picture."""
    if connection.execute("SELECT 1 FROM asset_file WHERE file = ?", (file,)).fetchone():
        return True
    query = "SELECT 1 FROM blob_segment JOIN needed_blob USING (blob) WHERE blob_segment.file = ? LIMIT 1"
    return connection.execute(query, (file,)).fetchone() is not None


def _recover(library: Library, staged: Path, name: str, since: int) -> None:
    """Into a folder of its day, under its own name. A file that isn't there any more was moved there before a crash."""
    folder = library.folder.recovered / datetime.fromtimestamp(since / 1000, UTC).strftime("%Y-%m-%d")
    names = (numbered(safe_name(name), number) for number in range(1, 10_000))
    with full_disk_translated():
        _rename(staged, next(folder / each for each in names if not (folder / each).exists()))
