"""Originals whose bytes rotted on the disk, or that are gone from it: the damaged file is kept aside, and the original is fetched back.

Damaged is a file that looks as it was recorded (size, time, inode) and yet has other bytes: nobody changed it, the disk did. What was changed by hand is
somebody's work and stays where it is. Nothing is deleted: the damaged file goes to ``recovered/damaged``, since most of it may be readable.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from pathlib import Path

from peer.library.asset_files import located
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.queues import Download, Priority
from peer.originals.names import numbered
from store.durable import make_folders, sync_folder
from store.ids import FileHash, RecordId

DAMAGED = "damaged"


def hash_of(path: Path) -> FileHash | None:
    """SHA-256 of a file; ``None`` when it can't be read."""
    try:
        with path.open("rb") as stream:
            return FileHash(hashlib.file_digest(stream, "sha256").digest())
    except OSError:
        return None


def set_aside_if_damaged(library: Library, file: FileHash) -> Path | None:
    """Read an original; if it is damaged, move it aside and want it again. Where it lies now, relative to the library's folder; ``None``: it isn't
    damaged, or nobody can tell. Raises ``OSError`` when it can't be moved."""
    held = library.held.get(file)
    if held is None or held.kind != "original" or held.incoming is not None:
        return None
    found = hash_of(located(library, held))
    if found is None or found == file:
        return None
    return set_aside(library, held)


def set_aside(library: Library, held: HeldFile) -> Path | None:
    """The same of a file that was just found to have other bytes. The move comes first: after a crash the file counts as missing, and is wanted."""
    root = library.folder.root
    with library.database.write():  # nobody places, imports or gives it up meanwhile
        if library.held.get(held.file) != held or held.incoming is not None or not held.untouched(root):
            return None
        aside = _free_place(library.folder.recovered / DAMAGED, held.path.name)
        (root / held.path).rename(aside)
        sync_folder(aside.parent)
        sync_folder((root / held.path).parent)
        want_again(library, held)
    return aside.relative_to(root)


def want_again(library: Library, held: HeldFile) -> bool:
    """An original isn't where it should be: fetch it back. True: some photo needs it, so it is queued."""
    with library.database.write() as connection:
        library.held.forget(held.file)
        query = "SELECT record, size FROM asset_file WHERE file = ? AND size IS NOT NULL ORDER BY record LIMIT 1"
        row = connection.execute(query, (held.file,)).fetchone()
        if row is None:
            return False
        library.downloads.ask(Download(file=held.file, record=RecordId(row[0]), size=row[1], priority=Priority.ORIGINAL))
        connection.execute("UPDATE download SET lost = ? WHERE file = ?", (os.fsencode(held.path), held.file))
        return True


def lost_originals(library: Library) -> list[Path]:
    """Where those lay that were found damaged or missing, and aren't back yet."""
    with library.database.read() as connection:
        rows = connection.execute("SELECT lost FROM download WHERE lost IS NOT NULL ORDER BY lost").fetchall()
    return [Path(os.fsdecode(row[0])) for row in rows]


def _free_place(folder: Path, name: str) -> Path:
    make_folders(folder)
    return next(place for number in itertools.count(1) if not (place := folder / numbered(name, number)).exists())
