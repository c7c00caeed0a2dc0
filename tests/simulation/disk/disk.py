"""The disk of one machine: its power, its room, its backups and its rot."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tests.simulation.disk import rot
from tests.simulation.disk.bounds import Bounds, bounds_of
from tests.simulation.disk.databases import Databases, is_beside_database, is_database
from tests.simulation.disk.images import Image, read_image
from tests.simulation.disk.names import Node
from tests.simulation.disk.platter import Inode, Platter
from tests.simulation.disk.survival import PowerCutError, Survival

_connect = sqlite3.connect


@dataclass(slots=True)
class _Cut:
    """A power cut that will come. ``left``: write operations until then, itself among them."""

    left: int
    after: bool
    survival: Survival


class Disk:
    """Made by ``Disks.add``. See the package for what it does."""

    def __init__(
        self,
        root: Path,
        random: Random,
        inodes: dict[Inode, tuple[Platter, Node]],
        now: Callable[[], float],
        aside: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.root = root
        self.prefix = f"{root}{os.sep}"
        self.random = random
        self.operations = 0
        self.last_operation = ""
        self.databases = Databases(self)
        self.platter = Platter(root, self.databases, inodes, now)
        self._aside = aside
        self._cut: _Cut | None = None
        self._left: tuple[Image, dict[str, Path]] | None = None
        """What the power cut left."""
        self._room: int | None = None

    @property
    def is_dead(self) -> bool:
        return self._left is not None

    def cut_power_at(self, count: int, *, after: bool = False, survival: Survival = Survival.MIXED) -> None:
        """The power goes before the ``count``-th write operation from now, or after it."""
        if count < 1:
            raise ValueError("operations are counted from 1")
        self._cut = _Cut(count, after, survival)

    def spare_power(self) -> None:
        """A power cut that was announced doesn't come."""
        self._cut = None

    def cut_power(self, survival: Survival = Survival.MIXED) -> None:
        """The power goes now. Nothing happens on a disk that is dead."""
        if self.is_dead:
            return
        self._cut = None
        with self._aside():
            self._left = self.platter.survivors(survival, self._drawn())

    def power_on(self) -> None:
        """What survived is there again. All tasks of the machine that died have ended."""
        if self._left is None:
            raise RuntimeError("the power of this disk is on")
        image, same = self._left
        with self._aside():
            self.databases.close_all()
            self._replace(image, same)
        self._left = None

    @contextmanager
    def operation(self, name: str, torn: Callable[[], None] | None = None) -> Iterator[None]:
        """A write operation happens inside the block. ``torn``: called when the power goes while it happens, as far as it then gets."""
        if self.is_dead:
            raise PowerCutError
        self.operations += 1
        self.last_operation = name
        self.platter.tick()
        cut = self._cut
        if cut is not None:
            cut.left -= 1
            if cut.left < 1 and not cut.after:
                if torn is not None and cut.survival is Survival.MIXED:
                    with self._aside():
                        torn()
                self.cut_power(cut.survival)
                raise PowerCutError
        with self._aside():
            yield
        if cut is not None and cut.left < 1:
            self.cut_power(cut.survival)
            raise PowerCutError

    @property
    def room(self) -> int | None:
        """Bytes that are left; None: without end."""
        return self._room

    @room.setter
    def room(self, room: int | None) -> None:
        self._room = room
        if not self.is_dead:
            self.databases.limit(room)

    def lacks(self, count: int) -> bool:
        return self._room is not None and self._room < count

    def use(self, count: int) -> None:
        """So many bytes are used, or, below 0, free again."""
        if self._room is not None:
            self._room = max(0, self._room - count)

    def take(self, count: int, *, partly: bool = False) -> int:
        """Room for so many bytes, or for some of them; ``ENOSPC`` when there is none."""
        if self.lacks(count) and not (partly and self._room):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = count if self._room is None else min(count, self._room)
        self.use(taken)
        return taken

    def image(self) -> Image:
        """A backup. Of a machine that runs: databases as of their last commit."""
        with self._aside():
            image = read_image(self.root)
            files = {path: file for path, file in image.files.items() if not path.endswith("-shm")}
            if self.databases.are_open():
                files = {path: file for path, file in files.items() if not is_beside_database(Path(path))}
                for path in [path for path in files if is_database(Path(path))]:
                    files[path] = replace(files[path], content=_committed(self.root / path))
        return Image(files=files, folders=image.folders)

    def put_back(self, image: Image, parts: Collection[str] | None = None) -> None:
        """The disk as it was backed up; ``parts``: only these names below the root, the others stay. The machine is off."""
        self._require_off()
        with self._aside():
            if parts is not None:
                image = self.image().without(parts).joined(image.part(parts))
            self._replace(image, {})

    def clone_to(self, other: Disk, parts: Collection[str] | None = None) -> None:
        """The same for another disk, whose machine is off, from this one as it is."""
        other.put_back(self.image(), parts)

    def digest(self) -> str:
        return self.image().digest()

    def bounds(self) -> Bounds:
        return bounds_of(self.root)

    def rot_blob(self) -> str:
        """A bit of a sealed blob; a sentence, empty when there is none."""
        return self._rot(rot.blob_files(self.root), "a bit of a sealed blob turns")

    def rot_file(self, pattern: str) -> str:
        """``pattern``: of file names, or with ``/`` of paths below the root."""
        return self._rot(rot.files_like(self.root, pattern), "a bit of a file turns")

    def rot_page(self) -> str:
        """A bit of a database. The machine is off."""
        self._require_off()
        return self._rot(rot.files_like(self.root, "*.db"), "a bit of a page of the database turns")

    def rot_entry(self) -> str:
        """A bit in the bytes of an entry that is stored in the database."""
        with self._aside():
            for database in rot.files_like(self.root, "*.db"):
                if rot.turn_in_entry(database, self.random):
                    return "a bit of a stored entry turns"
        return ""

    def _rot(self, files: Sequence[Path], sentence: str) -> str:
        if not files:
            return ""
        path = files[int(self.random.random() * len(files))]
        with self._aside():
            status, content = path.stat(), path.read_bytes()
            damaged = rot.turned(content, self.random)
            path.chmod(0o600)
            with path.open("r+b") as stream:
                stream.write(damaged)
            path.chmod(status.st_mode & 0o7777)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
            self.platter.rotted(path, content, damaged)
        return sentence

    def _require_off(self) -> None:
        if self.is_dead or self.databases.are_open():
            raise RuntimeError("this is for a machine that was switched off: its libraries closed, or its power back on")

    def _replace(self, image: Image, same: dict[str, Path]) -> None:
        """``same``: files below the root that are exactly as in the image; they stay these files."""
        old = self.root.with_name(f"{self.root.name}.gone")
        self.root.rename(old)
        self.root.mkdir()
        image.write_to(self.root, {name: old / path.relative_to(self.root) for name, path in same.items()})
        self.platter.forget()
        shutil.rmtree(old)
        self.platter.begin()

    def _drawn(self) -> Random:
        """Randomness of its own, so that what one cut draws doesn't change what the next does."""
        return Random(self.random.getrandbits(64))


def _committed(path: Path) -> bytes:
    with closing(_connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection, closing(_connect(":memory:")) as copy:
        connection.backup(copy)
        return copy.serialize()
