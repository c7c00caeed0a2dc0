"""Writes below the roots of simulated disks, intercepted; everything else goes where it always goes.

Python's own modules look these functions up when they are called (``Path.mkdir`` calls ``os.mkdir``, ``os.fdopen`` calls ``io.open``, ``shutil``
both), so that it is enough to replace them there. SQLite is met at ``sqlite3.connect``.
"""

from __future__ import annotations

import builtins
import io
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

from tests.simulation.disk.databases import DiskConnection, path_of_database
from tests.simulation.disk.disk import Disk
from tests.simulation.disk.files import open_on
from tests.simulation.disk.listing import Listing
from tests.simulation.disk.names import Folder, Node
from tests.simulation.disk.platter import Inode, Platter

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_FOLDER_BYTES = 4096


class Disks:
    """The disks of a world, as a context manager: their writes are intercepted inside the block. ``now``: seconds of the world's time."""

    def __init__(self, *, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self._disks: list[Disk] = []
        self._inodes: dict[Inode, tuple[Platter, Node]] = {}
        self._folders: dict[int, Path] = {}
        """Folders by the descriptors that they were opened under."""
        self._patches = ExitStack()
        self._is_at_work = False

    def add(self, root: Path, *, random: Random) -> Disk:
        """A disk with what lies below ``root`` on it."""
        with self._aside():
            root.mkdir(parents=True, exist_ok=True)
            if root != root.resolve():
                raise ValueError(f"{root} leads through a symbolic link or isn't absolute")
            disk = Disk(root, random, self._inodes, self._now, self._aside)
        self._disks.append(disk)
        return disk

    def __enter__(self) -> Self:
        self._originals = {
            name: getattr(os, name)
            for name in ("fsync", "open", "link", "unlink", "mkdir", "rmdir", "chmod", "truncate", "replace", "listdir", "scandir")
        }
        self._open = io.open
        self._connect = sqlite3.connect
        replaced = {
            "fsync": self._fsync,
            "fdatasync": self._fsync,
            "open": self._os_open,
            "rename": self._rename,
            "replace": self._rename,
            "link": self._link,
            "unlink": self._unlink,
            "remove": self._unlink,
            "mkdir": self._mkdir,
            "rmdir": self._rmdir,
            "chmod": self._chmod,
            "truncate": self._truncate,
            "listdir": self._listdir,
            "scandir": self._scandir,
        }
        for name, function in replaced.items():
            self._patches.enter_context(patch.object(os, name, function))
        self._patches.enter_context(patch.object(io, "open", self._io_open))
        self._patches.enter_context(patch.object(builtins, "open", self._io_open))
        self._patches.enter_context(patch.object(sqlite3, "connect", self._sqlite_connect))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._patches.close()
        for disk in self._disks:
            disk.databases.close_all()

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Disks at work themselves: nothing is intercepted."""
        was_at_work, self._is_at_work = self._is_at_work, True
        try:
            yield
        finally:
            self._is_at_work = was_at_work

    def _find(self, path: Any, dir_fd: int | None = None) -> tuple[Disk, Path] | None:
        """Whose disk a path leads to."""
        if self._is_at_work or isinstance(path, int):
            return None
        text = os.fsdecode(path)
        if dir_fd is not None:
            folder = self._folder_of(dir_fd)
            if folder is None:
                return None
            text = os.path.join(folder, text)  # noqa: PTH118  (as text: this is called for every file that is opened)
        text = os.path.abspath(text)  # noqa: PTH100
        for disk in self._disks:
            if f"{text}{os.sep}".startswith(disk.prefix):
                return disk, Path(text)
        return None

    def _folder_of(self, descriptor: int) -> Path | None:
        """Unless the number stands for something else by now."""
        folder = self._folders.get(descriptor)
        try:
            is_same = folder is not None and os.path.samestat(os.fstat(descriptor), os.stat(folder))  # noqa: PTH116
        except OSError:
            return None
        return folder if is_same else None

    def _find_open(self, descriptor: int) -> tuple[Disk, Node] | None:
        if self._is_at_work:
            return None
        status = os.fstat(descriptor)
        platter, node = self._inodes.get((status.st_dev, status.st_ino), (None, None))
        for disk in self._disks:
            if node is not None and disk.platter is platter:
                return disk, node
        return None

    def _fsync(self, descriptor: Any) -> None:
        number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        found = self._find_open(number)
        if found is None:
            self._originals["fsync"](number)
            return
        disk, node = found
        with disk.operation("sync a folder" if isinstance(node, Folder) else "sync a file"):
            disk.platter.synced(number, node)

    def _os_open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        found = self._find(path, dir_fd)
        descriptor: int
        if found is None or not flags & _WRITES:
            descriptor = self._originals["open"](path, flags, mode, dir_fd=dir_fd)
            if found is not None or flags & getattr(os, "O_DIRECTORY", 0):
                self._folders[descriptor] = found[1] if found else Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100
            return descriptor
        disk, place = found
        with ExitStack() as when_it_fails:
            with disk.operation("open a file for writing"):
                is_new = not os.path.lexists(place)
                descriptor = self._originals["open"](path, flags, mode, dir_fd=dir_fd)
                when_it_fails.callback(os.close, descriptor)
                disk.platter.opened(place, is_new=is_new)
            when_it_fails.pop_all()
        return descriptor

    def _io_open(self, file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if not set(mode) & set("wxa+"):
            return self._open(file, mode, *arguments, **named)
        if isinstance(file, int):
            opened = self._find_open(file)
            return open_on(opened[0], file, mode, *arguments, **named) if opened else self._open(file, mode, *arguments, **named)
        found = self._find(file)
        if found is None:
            return self._open(file, mode, *arguments, **named)
        disk, place = found
        with ExitStack() as when_it_fails:
            with disk.operation("open a file for writing"):
                is_new = not os.path.lexists(place)
                stream = when_it_fails.enter_context(open_on(disk, file, mode, *arguments, **named))
                disk.platter.opened(place, is_new=is_new)
            when_it_fails.pop_all()
        return stream

    def _rename(self, source: Any, target: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        found, onto = self._find(source, src_dir_fd), self._find(target, dst_dir_fd)
        if found is None or onto is None or found[0] is not onto[0]:
            self._originals["replace"](source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
            return
        disk, before, after = found[0], found[1], onto[1]
        with disk.operation("rename a file"):
            if os.path.lexists(after) and os.path.lexists(before):
                disk.platter.about_to_remove(after)
            self._originals["replace"](before, after)
            disk.platter.moved(before, after)

    def _link(self, source: Any, target: Any, **named: Any) -> None:
        found = self._find(target, named.get("dst_dir_fd"))
        if found is None:
            self._originals["link"](source, target, **named)
            return
        disk, place = found
        with disk.operation("link a file"):
            self._originals["link"](source, target, **named)
            disk.platter.linked(place)

    def _unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        found = self._find(path, dir_fd)
        if found is None:
            self._originals["unlink"](path, dir_fd=dir_fd)
            return
        disk, place = found
        with disk.operation("remove a file"):
            if not os.path.lexists(place):
                raise FileNotFoundError(2, os.strerror(2), os.fspath(place))
            status = os.lstat(place)
            disk.platter.about_to_remove(place)
            self._originals["unlink"](place)
            disk.platter.removed(place)
            if status.st_nlink == 1:
                disk.use(-status.st_size)

    def _mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        found = self._find(path, dir_fd)
        if found is None:
            self._originals["mkdir"](path, mode, dir_fd=dir_fd)
            return
        disk, place = found
        with disk.operation("make a folder"):
            if not os.path.lexists(place):
                disk.take(_FOLDER_BYTES)
            self._originals["mkdir"](place, mode)
            disk.platter.made(place, Folder())

    def _rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        found = self._find(path, dir_fd)
        if found is None:
            self._originals["rmdir"](path, dir_fd=dir_fd)
            return
        disk, place = found
        with disk.operation("remove a folder"):
            self._originals["rmdir"](place)
            disk.platter.removed(place)
            disk.use(-_FOLDER_BYTES)

    def _chmod(self, path: Any, mode: int, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> None:
        found = self._find(path, dir_fd)
        if found is None:
            self._originals["chmod"](path, mode, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
            return
        with found[0].operation("change a file's mode"):
            self._originals["chmod"](found[1], mode, follow_symlinks=follow_symlinks)

    def _listdir(self, path: Any = ".") -> list[Any]:
        names = self._originals["listdir"](path)
        return list(names) if self._find(path) is None else sorted(names)

    def _scandir(self, path: Any = ".") -> Any:
        found = self._find(".", path) if isinstance(path, int) else self._find(path)
        if found is None:
            return self._originals["scandir"](path)
        with self._originals["scandir"](path) as entries:
            return Listing(entries, found[0].platter.changed_at)

    def _truncate(self, path: Any, length: int) -> None:
        found = self._find(path)
        if found is None:
            self._originals["truncate"](path, length)
            return
        disk, place = found
        with disk.operation("truncate a file"):
            disk.platter.opened(place, is_new=False)
            self._originals["truncate"](place, length)

    def _sqlite_connect(self, database: Any, *arguments: Any, **named: Any) -> sqlite3.Connection:
        path = path_of_database(database, uri=bool(named.get("uri")))
        found = None if path is None else self._find(path)
        if found is None:
            connection: sqlite3.Connection = self._connect(database, *arguments, **named)
            return connection
        disk, place = found
        with disk.operation("open a database"):
            on_disk = self._connect(database, *arguments, **{**named, "factory": DiskConnection})
            assert isinstance(on_disk, DiskConnection)
            disk.databases.opened(on_disk, place)
        return on_disk
