"""Files that are either wholly there after a crash or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.errors import NoSpaceError

_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write_synced(path: Path, data: bytes) -> None:
    """A new file whose contents have reached the disk; its name hasn't yet. What was written when an error came is gone; what was there before stays."""
    file = path.open("xb", buffering=0)
    try:
        with file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def make_folders(folder: Path, *, mode: int = 0o777) -> None:
    """``folder``, and those above it that are missing; the names of new ones have reached the disk. ``mode``: of ``folder`` alone."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """The names in ``folder`` have reached the disk. Windows can't do this for a folder and keeps names in its journal; network file systems that can't
    keep names durable themselves, or not at all."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def full_disk_translated() -> Iterator[None]:
    """No room on the disk, in the quota or under the limit of file sizes is ``NoSpaceError``."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoSpaceError(f"no room for a file: {error.strerror}") from error
        raise
