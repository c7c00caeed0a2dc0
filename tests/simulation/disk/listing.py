"""Listings of folders on a simulated disk, in order and in the world's time.

A file system stamps changes (``st_ctime``) with a clock that nobody can set; here that is the world's, so that what is old there is old. Real ones list
in an order of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from tests.simulation.clocks import START_MS

ChangedAt = Callable[[os.stat_result], float]


class Entry:
    """An ``os.DirEntry``."""

    def __init__(self, entry: os.DirEntry[str], changed_at: ChangedAt) -> None:
        self._entry = entry
        self._changed_at = changed_at
        self.name = entry.name
        self.path = entry.path

    def __fspath__(self) -> str:
        return self.path

    def inode(self) -> int:
        return self._entry.inode()

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._entry.is_dir(follow_symlinks=follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._entry.is_file(follow_symlinks=follow_symlinks)

    def is_symlink(self) -> bool:
        return self._entry.is_symlink()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        status = self._entry.stat(follow_symlinks=follow_symlinks)
        changed_ns = START_MS * 1_000_000 + int(self._changed_at(status) * 1e9)
        others = {name: getattr(status, name) for name in ("st_atime_ns", "st_mtime_ns", "st_atime", "st_mtime")}
        return os.stat_result(tuple(status), {**others, "st_ctime_ns": changed_ns, "st_ctime": changed_ns / 1e9})


class Listing:
    """What ``os.scandir`` gives."""

    def __init__(self, entries: Iterator[os.DirEntry[str]], changed_at: ChangedAt) -> None:
        self._entries = iter([Entry(entry, changed_at) for entry in sorted(entries, key=lambda entry: entry.name)])

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Entry:
        return next(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._entries = iter([])
