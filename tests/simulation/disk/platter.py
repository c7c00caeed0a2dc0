"""What of a disk's files and names is safe, kept up to date operation by operation."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.simulation.disk.databases import LOG, Databases, is_beside_database, is_database
from tests.simulation.disk.images import Image, StoredFile
from tests.simulation.disk.names import WRITE_BACK_SECONDS, File, Folder, Names, Node, Setting
from tests.simulation.disk.survival import Survival, surviving_contents

Inode = tuple[int, int]


class Platter:
    """``inodes``: what is known of the files of all disks; it is shared among them."""

    def __init__(self, root: Path, databases: Databases, inodes: dict[Inode, tuple[Platter, Node]], now: Callable[[], float]) -> None:
        self.root = root
        self._databases = databases
        self._inodes = inodes
        self._now = now
        self._unsynced: list[File] = []
        self.begin()

    def begin(self) -> None:
        """All that lies below the root is safe."""
        self.forget()
        top = Folder()
        self.names = Names(top)
        self._know(self.root, top)
        for path, status in _walk(self.root):
            node = self._node(path)
            if node is None:
                node = Folder() if stat.S_ISDIR(status.st_mode) else File(synced=path.read_bytes(), changed_at=self._now())
                self._know(path, node)
            self.names.set_safely(self._setting(path, node))

    def forget(self) -> None:
        for inode in [inode for inode, (platter, _) in self._inodes.items() if platter is self]:
            del self._inodes[inode]
        self._unsynced.clear()

    def tick(self) -> None:
        """The system writes out by itself what has waited for long."""
        before = self._now() - WRITE_BACK_SECONDS
        self.names.write_back(before)
        if any(_is_older(file, before) for file in self._unsynced):
            for path, file in self._live_files():
                if _is_older(file, before):
                    self._contents_safe(file, path)
            self._unsynced = [file for file in self._unsynced if not _is_older(file, before)]

    def made(self, path: Path, node: Node) -> None:
        """A file or folder is new."""
        self._know(path, node)
        self._change(self._setting(path, node))

    def opened(self, path: Path, *, is_new: bool) -> None:
        """A file may now be written into."""
        node = self._node(path)
        if is_new or node is None:
            node = File()
            self.made(path, node)
        assert isinstance(node, File)
        node.changed_at = self._now()
        if node.written_at is None:
            node.written_at = self._now()
            self._unsynced.append(node)

    def synced(self, descriptor: int, node: Node) -> None:
        """An fsync has returned."""
        if isinstance(node, Folder):
            self.names.sync(node)
        else:
            node.synced = self._contents_of(descriptor, node)
            node.written_at = self._now()

    def linked(self, path: Path) -> None:
        """A file has this name as well."""
        node = self._node(path)
        if isinstance(node, File):
            node.changed_at = self._now()
        self._change(self._setting(path, node))

    def changed_at(self, status: os.stat_result) -> float:
        """Seconds of the world's time."""
        _, node = self._inodes.get((status.st_dev, status.st_ino), (None, None))
        return node.changed_at if isinstance(node, File) else 0.0

    def about_to_remove(self, path: Path) -> None:
        """A name is about to go: what it stands for is remembered as long as that may come back."""
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            return
        node = self._node(path)
        if is_database(path) or is_beside_database(path):
            node = node if isinstance(node, File) else File()
            node.synced = path.read_bytes()
            self._know(path, node)
            self.names.set_safely(self._setting(path, node))
        if isinstance(node, File) and status.st_nlink == 1:
            node.final, node.mode, node.mtime_ns = path.read_bytes(), stat.S_IMODE(status.st_mode), status.st_mtime_ns
            self._inodes.pop((status.st_dev, status.st_ino), None)

    def removed(self, path: Path) -> None:
        self._change(self._setting(path, None))

    def moved(self, source: Path, target: Path) -> None:
        node = self._node(target)
        self._change(self._setting(source, None), self._setting(target, node))

    def made_safe(self, path: Path) -> None:
        """SQLite has synced a database and its name."""
        node = self._node(path)
        if node is None:
            node = File()
            self._know(path, node)
        self.names.set_safely(self._setting(path, node))

    def rotted(self, path: Path, before: bytes, after: bytes) -> None:
        """The disk holds something else by itself."""
        node = self._node(path)
        if isinstance(node, File) and node.synced == before:
            node.synced = after

    def survivors(self, survival: Survival, random: Random) -> tuple[Image, dict[str, Path]]:
        """What is on the disk when the power has gone; and where in the old tree the files are that stayed exactly as they were."""
        self._meet_strangers()
        self.names.settle(survival, random)
        living = dict(self._live_files_by_id())
        stored: dict[int, StoredFile] = {}
        files: dict[str, StoredFile] = {}
        folders: dict[str, int] = {}
        same: dict[str, Path] = {}
        for name, node in self.names.all():
            if isinstance(node, Folder):
                folders[name] = node.mode
                continue
            path = living.get(id(node))
            if path is not None and is_database(path):
                contents = self._databases.surviving(path, survival, random)
                files[name] = _stored(path, contents.database or b"")
                if contents.log is not None:
                    files[name + LOG] = _stored(path, contents.log)
                continue
            if id(node) not in stored:
                stored[id(node)] = _surviving(node, path, survival, random)
            files[name] = stored[id(node)]
            if path is not None and not _may_be_locked(path) and files[name].content == path.read_bytes():
                same[name] = path
        return Image(files={name: file for name, file in files.items() if not name.endswith("-shm")}, folders=folders), same

    def _know(self, path: Path, node: Node) -> None:
        status = path.lstat()
        self._inodes[status.st_dev, status.st_ino] = self, node
        if isinstance(node, Folder):
            node.mode = stat.S_IMODE(status.st_mode)

    def _node(self, path: Path) -> Node | None:
        status = path.lstat()
        platter, node = self._inodes.get((status.st_dev, status.st_ino), (None, None))
        return node if platter is self else None

    def _setting(self, path: Path, node: Node | None) -> Setting:
        folder = self._node(path.parent)
        if folder is None:  # made by something that isn't intercepted
            folder = Folder()
            self.made(path.parent, folder)
        assert isinstance(folder, Folder)
        return Setting(folder=folder, name=path.name, node=node)

    def _change(self, *settings: Setting) -> None:
        self.names.change(self._now(), *settings)

    def _contents_safe(self, file: File, path: Path) -> None:
        file.synced, file.written_at = path.read_bytes(), None

    def _meet_strangers(self) -> None:
        """What was made by ways that aren't intercepted: by SQLite a new database, by a copy in the kernel a file."""
        for path, status in _walk(self.root):
            node = self._node(path)
            if node is None:
                self.made(path, Folder() if stat.S_ISDIR(status.st_mode) else File())
            elif isinstance(node, Folder):
                node.mode = stat.S_IMODE(status.st_mode)

    def _contents_of(self, descriptor: int, file: File) -> bytes:
        """All of an open file, whether or not it was opened for reading."""
        path = Path(f"/proc/self/fd/{descriptor}")
        if not path.exists():
            path = next(path for path, other in self._live_files() if other is file)
        return path.read_bytes()

    def _live_files(self) -> Iterator[tuple[Path, File]]:
        for path, _ in _walk(self.root):
            node = self._node(path)
            if isinstance(node, File):
                yield path, node

    def _live_files_by_id(self) -> Iterator[tuple[int, Path]]:
        for path, file in self._live_files():
            yield id(file), path


def _walk(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """All that lies below ``root`` but for what SQLite keeps beside a database, each folder before what is in it, always in the same order."""
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        path = Path(entry.path)
        if not is_beside_database(path):
            yield path, path.lstat()
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(path)


def _may_be_locked(path: Path) -> bool:
    """By something of the dead machine that nobody has closed."""
    return path.suffix == ".lock" or is_beside_database(path)


def _is_older(file: File, before: float) -> bool:
    return file.written_at is not None and file.written_at < before


def _stored(path: Path, content: bytes) -> StoredFile:
    status = path.stat()
    return StoredFile(content=content, mode=stat.S_IMODE(status.st_mode), mtime_ns=status.st_mtime_ns)


def _surviving(file: File, path: Path | None, survival: Survival, random: Random) -> StoredFile:
    """``path``: a name that it has in the tree that the dead machine sees."""
    if path is None:
        written = file.synced if file.final is None else file.final
        mode, mtime_ns = file.mode, file.mtime_ns
    else:
        written, status = path.read_bytes(), path.stat()
        mode, mtime_ns = stat.S_IMODE(status.st_mode), status.st_mtime_ns
    content = surviving_contents(file.synced, written, survival, random)
    return StoredFile(content=content, mode=mode, mtime_ns=mtime_ns)
