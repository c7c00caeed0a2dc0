"""Folders for files on their way in. Each has one owner, and is cleared when that ends, however it ends.

    parent/<random>.lock    held for as long as the owner lives
    parent/<random>/        what the owner writes

A lock that can be had has no owner any more: whoever opens a folder beside it next clears what a crash left. What else lies in
the parent is left alone.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from store.durable import full_disk_translated, make_folders

_LOCK_SECONDS = 10
"""Somebody who clears leftovers may hold a new lock for a moment."""


class ScratchFolder:
    """A folder of one's own under ``parent``: ``path``. ``NoSpaceError`` when the disk is full."""

    def __init__(self, parent: Path) -> None:
        self.path = parent / uuid.uuid4().hex
        self._lock = FileLock(_lock_file(self.path), timeout=_LOCK_SECONDS, thread_local=False)
        with full_disk_translated():
            self._lock.acquire()
            try:
                make_folders(self.path)
            except BaseException:
                self._lock.release()
                raise

    def abandon(self) -> None:
        """As when the owner is killed: its files stay, and nobody holds them any more."""
        self._lock.release()

    def close(self, *, keep: Collection[str] = ()) -> None:
        """Removes what was written, but for the files in ``keep`` (named from the parent on); it is not used after this."""
        _clear(self.path, keep)
        _unlink_lock(self._lock)
        self._lock.release()


def clear_abandoned(parent: Path, *, keep: Collection[str] = ()) -> None:
    """Removes what owners left that are gone, but for the files in ``keep`` (named from ``parent`` on)."""
    for folder in {path.with_suffix("") for path in parent.iterdir() if _is_scratch(path)}:
        lock = FileLock(_lock_file(folder), timeout=0)
        try:
            with lock:
                _clear(folder, keep)
                _unlink_lock(lock)
        except Timeout:
            continue


def _lock_file(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _is_scratch(path: Path) -> bool:
    """Whether it is a folder or a lock of this module's making."""
    try:
        named_so = uuid.UUID(hex=path.stem).hex == path.stem
    except ValueError:
        return False
    return named_so and (path.suffix == ".lock" or (not path.suffix and path.is_dir()))


def _clear(folder: Path, keep: Collection[str]) -> None:
    """What is in it and, if nothing stays, the folder. What can't be removed now is left to the next who comes."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            if f"{folder.name}/{path.name}" in keep:
                continue
            with suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
        folder.rmdir()


def _unlink_lock(lock: BaseFileLock) -> None:
    """While it is held: whoever waits for it then notices that it has lost its name. Windows can't; the next who clears does it."""
    with suppress(PermissionError):
        Path(lock.lock_file).unlink(missing_ok=True)
