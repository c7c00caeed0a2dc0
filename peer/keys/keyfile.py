"""A small file for secrets: closed to other users from its first moment, and either whole or not there.

Order of writing: temporary file (created exclusively, mode 0600), contents, fsync, rename, fsync of the folder. Windows has no such
modes; there the file inherits the rights of the user's folder.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from peer.errors import NoSpaceLeftError
from peer.keys.errors import DeviceKeyFileError
from store.durable import sync_folder

MODE = 0o600
MAX_BYTES = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_secret(path: Path, content: bytes) -> None:
    """``content`` as a new file at ``path``, durable when this returns. Raises ``DeviceKeyFileError``, ``NoSpaceLeftError``."""
    if path.exists():
        raise DeviceKeyFileError(f"There are device keys at {path} already; they were left as they are.", hint="Use another folder.")
    temporary = path.with_name(path.name + ".new")
    try:
        temporary.unlink(missing_ok=True)  # left behind by a crash
        _write_new(temporary, content)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpaceLeftError("The device's keys could not be saved: the disk is full. Nothing else was changed.") from error
        raise DeviceKeyFileError(
            f"The device's keys could not be saved at {path}: {error.strerror}.", hint="Choose a folder that you may write to."
        ) from error
    finally:
        _discard(temporary)


def read_secret(path: Path) -> bytes:
    """The contents of ``path``; ``DeviceKeyFileError`` when it isn't there, isn't a file, or other users may read or write it."""
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())  # of what was opened, not of what the name says a moment later
            _check_closed(path, status)
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise DeviceKeyFileError(
            f"There are no device keys at {path}.", hint="Create a library, join one, or restore one first."
        ) from error
    except OSError as error:
        raise DeviceKeyFileError(f"The device keys at {path} can't be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise DeviceKeyFileError(f"The file at {path} is too large to hold device keys.")
    return content


def _check_closed(path: Path, status: os.stat_result) -> None:
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & _OTHERS:
        raise DeviceKeyFileError(
            f"Other users of this machine may open the device keys at {path}, so they are not used.",
            hint=f"Run: chmod 600 '{path}'. If somebody may have read them, remove this device from the library and join again.",
        )


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _discard(temporary: Path) -> None:
    try:
        temporary.unlink(missing_ok=True)
    except OSError:
        return  # what really went wrong is already being told
