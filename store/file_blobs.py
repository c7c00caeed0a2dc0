"""Blobs as files: ``blobs/ab/ab12…`` under a root folder.

A blob is written under a temporary name in ``incoming``, synced, and renamed to its own name, whose folder is then synced: a
name leads to its whole bytes or to nothing, after a crash too. Each open store has a folder of its own in ``incoming`` and
holds a lock for it as long as it lives; whoever opens the root next clears the folders whose locks nobody holds. Damaged
blobs move to ``quarantine``.

``stored_at`` is the file's modification time.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from store.blobs import BlobInfo, check_blob, is_intact
from store.durable import full_disk_translated, make_folders, sync_folder, write_synced
from store.errors import DamagedError
from store.ids import BlobId
from store.scratch import ScratchFolder, clear_abandoned

_FAN_OUT_DIGITS = 2
_DAMAGED = frozenset({errno.EIO, getattr(errno, "EUCLEAN", errno.EIO)})
"""What the system says of a file that a broken disk or a broken file system has."""


class FileBlobStore:
    """A ``BlobStore`` under ``root``. Several processes may share a root; ``total_bytes``, which walks all blobs once and counts along
    from then on, doesn't notice what the others do."""

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs"
        self._quarantine = root / "quarantine"
        self._lock = threading.Lock()
        with full_disk_translated():
            for folder in (self._blobs, self._quarantine, root / "incoming"):
                make_folders(folder)
            self._incoming = ScratchFolder(root / "incoming")
            clear_abandoned(root / "incoming")
        self._temporary_names = count()
        self._total: int | None = None

    def put(self, blob: BlobId, sealed: bytes, *, now: int) -> bool:
        check_blob(blob, sealed)
        path = self._path(blob)
        if _size(path) == len(sealed):
            sync_folder(path.parent)
            return False
        temporary = self._incoming.path / str(next(self._temporary_names))
        with full_disk_translated():
            write_synced(temporary, sealed)
            try:
                os.utime(temporary, ns=(now * 1_000_000, now * 1_000_000))
                make_folders(path.parent)
                is_new = self._move_in(temporary, path, len(sealed))
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(path.parent)
        return is_new

    def get(self, blob: BlobId) -> bytes | None:
        path = self._path(blob)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in _DAMAGED:
                raise  # too many open files, say: that is no reason to doubt a blob
            self._set_aside(path)
            raise DamagedError(f"blob {blob.short()} can't be read: {error.strerror}") from error
        if not is_intact(blob, sealed):
            self._set_aside(path)
            raise DamagedError(f"blob {blob.short()} isn't what was stored under its name")
        return sealed

    def is_whole(self, blob: BlobId) -> bool | None:
        """Whether the bytes are those of the name; ``None`` when there are none. Nothing is set aside."""
        try:
            return is_intact(blob, self._path(blob).read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in _DAMAGED:
                raise
            return False

    def info(self, blob: BlobId) -> BlobInfo | None:
        try:
            status = self._path(blob).stat()
        except FileNotFoundError:
            return None
        return BlobInfo(blob=blob, size=status.st_size, stored_at=status.st_mtime_ns // 1_000_000)

    def blobs(self) -> Iterator[BlobInfo]:
        for folder in sorted(folder for folder in self._blobs.iterdir() if folder.is_dir()):
            for path in sorted(folder.iterdir()):
                blob = _blob_of(path.name)
                info = self.info(blob) if blob else None
                if info is not None:
                    yield info

    def delete(self, blob: BlobId) -> bool:
        path = self._path(blob)
        with self._lock:
            size = _size(path)
            if size is None:
                return False
            path.unlink(missing_ok=True)
            self._count(-size)
            return True

    def total_bytes(self) -> int:
        with self._lock:
            if self._total is None:
                self._total = sum(info.size for info in self.blobs())
            return self._total

    def close(self) -> None:
        """Gives the temporary folder up; the store is not used after this."""
        self._incoming.close()

    def _path(self, blob: BlobId) -> Path:
        return _path_in(self._blobs, blob)

    def _move_in(self, temporary: Path, path: Path, size: int) -> bool:
        """True when the name was new. A file of another length under it was left by a broken disk and is replaced."""
        with self._lock:
            before = _size(path)
            temporary.replace(path)
            self._count(size - (before or 0))
            return before is None

    def _set_aside(self, path: Path) -> None:
        with self._lock:
            size = _size(path)
            if size is not None:
                path.replace(self._quarantine / path.name)
                self._count(-size)

    def _count(self, change: int) -> None:
        if self._total is not None:
            self._total += change


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _blob_of(name: str) -> BlobId | None:
    try:
        return BlobId.parse(name)
    except ValueError:
        return None


def blob_path(root: Path, blob: BlobId) -> Path:
    """Where the store under ``root`` keeps a blob: for those who only read."""
    return _path_in(root / "blobs", blob)


def _path_in(blobs: Path, blob: BlobId) -> Path:
    digits = blob.hex()
    return blobs / digits[:_FAN_OUT_DIGITS] / digits
