"""A disk's contents as plain data: what a power cut leaves, and backups."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredFile:
    """A file; the same object under two names is one file with two names."""

    content: bytes
    mode: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Image:
    """Paths are relative to the disk's root, with ``/`` between names. ``folders``: their modes."""

    files: Mapping[str, StoredFile] = field(default_factory=dict)
    folders: Mapping[str, int] = field(default_factory=dict)

    def digest(self) -> str:
        """Of names, modes, contents, and which names are the same file."""
        digest, numbers = hashlib.sha256(), dict[int, int]()
        for path, mode in sorted(self.folders.items()):
            digest.update(f"{path}/ {mode:o}\n".encode())
        for path, file in sorted(self.files.items()):
            number = numbers.setdefault(id(file), len(numbers))
            digest.update(f"{path} {number} {file.mode:o} {hashlib.sha256(file.content).hexdigest()}\n".encode())
        return digest.hexdigest()

    def part(self, names: Collection[str]) -> Image:
        """Only what lies under these names of the root."""
        return Image(
            files={path: file for path, file in self.files.items() if _top(path) in names},
            folders={path: mode for path, mode in self.folders.items() if _top(path) in names},
        )

    def without(self, names: Collection[str]) -> Image:
        """All but what lies under these names of the root."""
        return self.part({_top(path) for path in (*self.files, *self.folders)} - set(names))

    def joined(self, other: Image) -> Image:
        return Image(files={**self.files, **other.files}, folders={**self.folders, **other.folders})

    def write_to(self, root: Path, same: Mapping[str, Path]) -> None:
        """Into an empty folder. ``same``: files that exist already and are exactly what is stored; they get another name here."""
        for path, mode in sorted(self.folders.items()):
            (root / path).mkdir()
            (root / path).chmod(mode)
        written: dict[int, Path] = {}
        for path, file in sorted(self.files.items()):
            target = root / path
            first = written.get(id(file)) or same.get(path)
            if first is not None:
                os.link(first, target)
            else:
                target.write_bytes(file.content)
                os.utime(target, ns=(file.mtime_ns, file.mtime_ns))
                target.chmod(file.mode)
            written[id(file)] = target


def read_image(root: Path) -> Image:
    """What lies below ``root`` now, as it is."""
    files: dict[str, StoredFile] = {}
    folders: dict[str, int] = {}
    known: dict[int, StoredFile] = {}
    for folder, folder_names, file_names in os.walk(root):
        folder_names.sort()
        for name in folder_names:
            path = Path(folder, name)
            folders[path.relative_to(root).as_posix()] = stat.S_IMODE(path.stat().st_mode)
        for name in sorted(file_names):
            path = Path(folder, name)
            status = path.lstat()
            if status.st_ino not in known:
                known[status.st_ino] = StoredFile(content=path.read_bytes(), mode=stat.S_IMODE(status.st_mode), mtime_ns=status.st_mtime_ns)
            files[path.relative_to(root).as_posix()] = known[status.st_ino]
    return Image(files=files, folders=folders)


def _top(path: str) -> str:
    return path.partition("/")[0]
