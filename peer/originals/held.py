"""Whether a file is still the one that was recorded, without reading it. A difference proves nothing; only a new hash does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldStamp:
    """What a file system tells of a file: bytes, nanoseconds since 1970, inode number."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> HeldStamp:
        return cls(size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino)


def still_held(path: Path, stamp: HeldStamp) -> bool:
    """Whether the file at ``path`` itself (not one that it links to) has the recorded size, time and inode."""
    try:
        return HeldStamp.of(path.lstat()) == stamp
    except OSError:
        return False
