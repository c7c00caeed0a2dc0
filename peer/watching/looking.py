"""Looking at a file in a watched folder: as it lies there, what its structure says, and whether somebody writes into it. Blocking."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from pathlib import Path

from peer.media.structure import fault_of
from peer.media.types import HEAD_BYTES, MediaType, identify
from peer.originals.held import HeldStamp
from peer.watching.settling import Sight, Wholeness

MAX_READ_BYTES = 64 * 1024 * 1024
"""Larger files aren't read to see whether they are whole: they wait longer, and the import finds out. They aren't mapped into memory either: a file
that is cut meanwhile would end the program."""

_F_SETSIG = 10
_CHECKED = frozenset({"JPEG", "PNG", "GIF", "WebP", "HEIC", "HEIF", "AVIF", "MP4", "MOV", "M4V", "3GP"})
"""Containers whose structure says where they end."""


def look_at(path: Path, known: Sight | None = None) -> Sight | None:
    """The file as it is now; ``None`` when no ordinary file is there, or it can't be read. ``known``: what was seen before. While a file changes from
    look to look its bytes aren't read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        stamp, written = HeldStamp.of(status), is_open_for_writing(descriptor)
        if known is None or stamp == known.stamp or written is False:
            is_known = known is not None and stamp == known.stamp and known.wholeness is Wholeness.WHOLE
            wholeness = Wholeness.WHOLE if is_known else _wholeness(descriptor, stamp.size, path.name)
        else:
            wholeness = Wholeness.UNREAD
        return Sight(stamp=stamp, wholeness=wholeness, written=written)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _wholeness(descriptor: int, size: int, name: str) -> Wholeness:
    if size == 0:
        return Wholeness.TRUNCATED
    media = identify(os.pread(descriptor, HEAD_BYTES, 0), name)
    if not isinstance(media, MediaType) or media.name not in _CHECKED or size > MAX_READ_BYTES:
        return Wholeness.UNSURE
    fault = fault_of(_read(descriptor, size), media.name)
    return Wholeness.TRUNCATED if fault is not None and fault.broken else Wholeness.WHOLE


def _read(descriptor: int, size: int) -> bytes:
    parts, position = [], 0
    while position < size and (part := os.pread(descriptor, size - position, position)):
        parts.append(part)
        position += len(part)
    return b"".join(parts)


def is_open_for_writing(descriptor: int) -> bool | None:
    """Whether any process has the file open for writing; ``None`` where that can't be told.

    Linux gives a read lease only on a file that nobody writes to, of one's own. It is given back at once; should somebody open the file just then,
    the signal that says so is one that is ignored.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    try:
        fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno in (errno.EAGAIN, errno.EACCES) and _is_own(descriptor) else None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _is_own(descriptor: int) -> bool:
    return os.fstat(descriptor).st_uid == os.geteuid()
