"""Keeping files: bytes first, then the commit that says they are here, then the rename into the readable tree.

The commit names both the copy in the incoming folder and the place that was chosen for it, so after a crash at any point ``finish_placing``
either ends the rename or finds that it was done. A place is never taken twice: names are compared with the folder and with the table.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from crdt.asset import view_asset
from peer.errors import NoSpaceLeftError
from peer.library.blob_index import note_segments, segments_named_by
from peer.library.file_names import name_of
from peer.library.held import STAY_MS, HeldFile, Kind
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.queues import Download, Priority
from peer.library.segments import SegmentError
from peer.library.wanting import want_originals
from peer.originals.copying import ORIGINAL_MODE, Copied, clear_incoming, discard, keep_names, place
from peer.originals.errors import CopyFailedError, NameTakenError
from peer.originals.held import HeldStamp
from peer.originals.names import choose_path
from peer.originals.tree import NamesInUse
from store.durable import full_disk_translated, make_folders, sync_folder, write_synced
from store.ids import BlobId, FileHash
from store.scratch import clear_abandoned

MAX_RENAMES = 100
PARTIAL = ".download"
_NUMBERS = itertools.count()


class Tree:
    """Gives files their places in ``originals/``. One for each process; several processes may place at once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._names = NamesInUse(library.folder.root)

    def reserve(self, copied: Copied, name: str, taken: str | None) -> HeldFile:
        """Record ``copied`` as held at a free place; inside the transaction that makes it part of the library."""
        path = choose_path(taken, name, self._is_taken)
        self._names.add(path)
        incoming = copied.path.relative_to(self._library.folder.incoming).as_posix()
        held = _held(copied.file, "original", Path(path), copied.stamp, incoming=incoming)
        self._library.held.put(held)
        self._library.held.use(held.file, self._library.clock.now())
        return held

    def settle(self, held: HeldFile) -> None:
        """Rename a reserved file into its place; after the commit. Raises ``NameTakenError``, ``CopyFailedError``, ``NoSpaceLeftError``.

        An import and the engine may both find that it is to be done: the database's lock lets one of them do it. A file that is in
        neither place is no longer held, and is wanted again.
        """
        for _ in range(MAX_RENAMES):
            with self._library.database.write():
                current = self._library.held.get(held.file)
                if current is None or current.incoming is None or self._is_settled(current, current.incoming):
                    return
        raise NameTakenError(f"No free name was found for {held.path}; the file stays in the incoming folder and is placed later.")

    def _is_settled(self, held: HeldFile, name: str) -> bool:
        """False: something that isn't ours took the place meanwhile, and another was chosen."""
        incoming, table = self._library.folder.incoming / name, self._library.held
        if incoming.exists():
            try:
                place(incoming, self._library.folder.root / held.path)
            except NameTakenError:
                self._choose_again(held)
                return False
        elif not held.untouched(self._library.folder.root):
            table.forget(held.file)
            for record in Queries(self._library.database).assets_with_file(held.file):
                want_originals(self._library, record)
            return True
        table.placed(held.file)
        return True

    def _choose_again(self, held: HeldFile) -> None:
        folder = PurePosixPath(held.path.parent)
        self._names.forget(folder)
        taken = "-".join(folder.parts[1:]) + "-" if len(folder.parts) == 3 else None
        path = choose_path(taken, held.path.name, self._is_taken)
        self._names.add(path)
        self._library.held.put(replace(held, path=Path(path)))

    def _is_taken(self, path: PurePosixPath) -> bool:
        return self._names(path) or self._library.held.path_taken(Path(path))


def finish_placing(library: Library) -> int:
    """After a crash: end the renames that were recorded. How many were ended; a file whose place can't be had stays where it is, held
    and whole, and keeps nothing else waiting."""
    tree = Tree(library)
    placed = 0
    for held in library.held.incoming():
        with contextlib.suppress(CopyFailedError, NameTakenError, NoSpaceLeftError):
            tree.settle(held)
            placed += 1
    return placed


def clear_leftovers(library: Library, *, stale_seconds: int = 3600) -> None:
    """Remove what was killed left in the incoming folder. What has no owner's folder around it goes when it is old: it may just be written."""
    incoming = library.folder.incoming
    with library.database.read():
        keep = {held.incoming for held in library.held.incoming() if held.incoming is not None}
        wanted = {partial_path(library, file).name for file in library.downloads.files()}
    clear_abandoned(incoming, keep=keep)
    for path in incoming.glob(f"*{PARTIAL}"):
        with contextlib.suppress(ValueError):
            held = library.held.get(FileHash(bytes.fromhex(path.name.removesuffix(PARTIAL))))
            if held is not None and held.incoming is None:
                discard(path)  # the file was placed; this name of it came back with a power cut
    clear_incoming(incoming, keep=keep | wanted, before_ns=(library.clock.now() - stale_seconds * 1000) * 1_000_000)


def partial_path(library: Library, file: FileHash) -> Path:
    """Where a file is put together while its segments come."""
    return library.folder.incoming / f"{file.hex()}{PARTIAL}"


def parts_at(library: Library, file: FileHash, path: Path) -> frozenset[int]:
    """The segments that are there, verified. A file of which none is known to be was left by a crash: it is begun anew."""
    parts = library.downloads.parts(file)
    if parts and path.exists():
        return parts
    path.unlink(missing_ok=True)
    library.downloads.forget_parts(file)
    return frozenset()


def keep_original(library: Library, download: Download, path: Path) -> None:
    """The file at ``path`` is complete: verify it as a whole and give it its place. ``SegmentError`` when it isn't what was wanted."""
    with path.open("rb") as stream:
        found = FileHash(hashlib.file_digest(stream, "sha256").digest())
    if found != download.file:
        path.unlink()
        library.downloads.forget_parts(download.file)
        raise SegmentError("its segments are not those of the file that its record names; it is fetched again")
    path.chmod(ORIGINAL_MODE)
    keep_names([path])
    content = library.records.content(download.record)
    view = None if content is None else view_asset(content)
    name = (None if view is None else name_of(view, download.file)) or download.file.hex()[:16]
    tree = Tree(library)
    with library.database.write() as connection:
        if connection.execute("SELECT 1 FROM asset_file WHERE file = ? LIMIT 1", (download.file,)).fetchone() is None:
            library.downloads.done([download.file])  # its photo was deleted for good while it came
            discard(path)
            return
        stays = library.clock.now() + STAY_MS if library.downloads.was_asked(download.file) else 0
        library.downloads.done([download.file])
        held = library.held.get(download.file)
        if held is None:
            copied = Copied(path=path, file=download.file, stamp=HeldStamp.of(path.stat()))
            held = tree.reserve(copied, name, None if view is None else view.exif.taken)
        library.held.use(held.file, library.clock.now(), stays=stays)
        note_segments(connection, () if view is None else segments_named_by(view))
    tree.settle(held)
    path.unlink(missing_ok=True)  # somebody imported the file meanwhile


def keep_renditions(library: Library, contents: Mapping[FileHash, tuple[Priority, bytes]], blobs: Mapping[FileHash, BlobId]) -> None:
    """Keep thumbnails and previews that were verified, each out of one of ``blobs``; recorded together."""
    held = [
        write_rendition(library, "thumbnail" if priority is Priority.THUMBNAIL else "preview", data) for priority, data in contents.values()
    ]
    with library.database.write():
        for each in held:
            library.held.put(each)
        for file, blob in blobs.items():
            library.blob_index.note(file, [blob])
        library.downloads.done(contents)


def write_rendition(library: Library, kind: Kind, data: bytes) -> HeldFile:
    """Write a file that was made here, durably; the caller records it in its transaction."""
    file = FileHash(hashlib.sha256(data).digest())
    path = library.folder.rendition(file)
    temporary = library.scratch() / f"{next(_NUMBERS)}.rendition"
    with full_disk_translated():
        make_folders(path.parent)
        write_synced(temporary, data)
        temporary.replace(path)
        sync_folder(path.parent)
    return _held(file, kind, path.relative_to(library.folder.root), HeldStamp.of(path.stat()), incoming=None)


def _held(file: FileHash, kind: Kind, path: Path, stamp: HeldStamp, *, incoming: str | None) -> HeldFile:
    return HeldFile(file=file, kind=kind, path=path, incoming=incoming, size=stamp.size, mtime_ns=stamp.mtime_ns, inode=stamp.inode)
