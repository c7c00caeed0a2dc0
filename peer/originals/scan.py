"""Which files lie under the paths that a person named. Finds, never opens; whatever is left out has its reason.

Rules:

- The order is that of the arguments, then of the names' bytes: the same tree gives the same order.
- An argument may be a link. Below it a link to a file is resolved once, a link to a folder isn't followed; so there are no loops.
- A folder is walked once, whichever way it is reached. The library's own folder isn't walked at all.
- Only ordinary files are found: no sockets, pipes, devices. Hidden and system files and folders are left out.
- A folder that can't be read costs only itself.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from peer.media.types import junk_reason
from peer.originals.held import HeldStamp

ScanFolder = Callable[[Path], AbstractContextManager[Iterator["os.DirEntry[str]"]]]

_JUNK_FOLDERS = frozenset({"@eadir", "#recycle", "$recycle.bin", "system volume information", "__macosx", "lost+found"})

_REASONS = {
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ENOENT: "it isn't there",
    errno.ELOOP: "a link that leads back to itself",
    errno.ENAMETOOLONG: "its path is too long for this system",
    errno.EIO: "the disk can't read it",
}
_OTHER_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISFIFO, "a pipe, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An ordinary file: as it was named or found (never resolved), and how it looked then."""

    path: Path
    stamp: HeldStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file or folder that is left out. ``expected``: nobody would have expected otherwise."""

    path: Path
    reason: str
    expected: bool = False


def scan(paths: Iterable[Path], *, library: Path | None = None, scan_folder: ScanFolder = os.scandir) -> Iterator[Found | Skipped]:
    """Everything under ``paths``. ``library``: the folder that is never imported into itself."""
    walk = _Walk(library, scan_folder)
    for path in paths:
        yield from walk.argument(path)


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something that is still to be looked at. ``is_folder``: a real one, no link. ``below``: found, not named by a person."""

    path: Path
    is_folder: bool
    below: bool = False


class _Walk:
    def __init__(self, library: Path | None, scan_folder: ScanFolder) -> None:
        self._scan_folder = scan_folder
        self._walked: set[tuple[int, int]] = set()
        self._library = _identity(library.stat()) if library is not None and library.exists() else None

    def argument(self, path: Path) -> Iterator[Found | Skipped]:
        try:
            status = path.stat()
            inside = self._is_in_library(path)
        except OSError as error:
            yield Skipped(path=path, reason=_reason(error))
            return
        if inside:
            yield Skipped(path=path, reason="it is part of the library already", expected=True)
        elif stat.S_ISDIR(status.st_mode):
            yield from self._tree(path)
        else:
            yield _judge(path, status)

    def _tree(self, top: Path) -> Iterator[Found | Skipped]:
        """Depth first, with a list instead of recursion: trees may be deeper than Python's stack."""
        waiting = [_Entry(top, is_folder=True)]
        while waiting:
            entry = waiting.pop()
            try:
                outcome = self._folder(entry) if entry.is_folder else self._file(entry.path)
            except OSError as error:
                yield Skipped(path=entry.path, reason=_reason(error))
                continue
            if isinstance(outcome, list):
                waiting.extend(reversed(outcome))
            else:
                yield outcome

    def _folder(self, entry: _Entry) -> list[_Entry] | Skipped:
        """What is in a folder, in order."""
        path = entry.path
        if entry.below and (path.name.startswith(".") or path.name.lower() in _JUNK_FOLDERS):
            return Skipped(path=path, reason="a hidden folder, or one of the operating system", expected=True)
        identity = _identity(path.stat())
        if identity == self._library:
            return Skipped(path=path, reason="it is the library itself", expected=True)
        if identity in self._walked:
            return Skipped(path=path, reason="it was looked through already", expected=True)
        self._walked.add(identity)
        with self._scan_folder(path) as entries:
            found = sorted((os.fsencode(entry.name), entry.is_dir(follow_symlinks=False)) for entry in entries)
        return [_Entry(path / os.fsdecode(name), is_folder=is_folder, below=True) for name, is_folder in found]

    def _file(self, path: Path) -> Found | Skipped:
        """The verdict on anything but a folder."""
        junk = junk_reason(path.name)
        if junk is not None:
            return Skipped(path=path, reason=junk, expected=True)
        status = path.lstat()
        if not stat.S_ISLNK(status.st_mode):
            return _judge(path, status)
        try:
            status = path.stat()
        except FileNotFoundError:
            return Skipped(path=path, reason="a link that leads nowhere")
        if stat.S_ISDIR(status.st_mode):
            return Skipped(path=path, reason="a link to a folder; links to folders aren't followed")
        if self._is_in_library(path):
            return Skipped(path=path, reason="a link to a file that is part of the library already", expected=True)
        return _judge(path, status)

    def _is_in_library(self, path: Path) -> bool:
        """Whether ``path``, or what it links to, is the library's folder or lies inside it."""
        if self._library is None:
            return False
        resolved = Path(os.path.realpath(path, strict=True))
        return any(_identity(folder.stat()) == self._library for folder in (resolved, *resolved.parents))


def _judge(path: Path, status: os.stat_result) -> Found | Skipped:
    if stat.S_ISREG(status.st_mode):
        return Found(path=path, stamp=HeldStamp.of(status))
    reason = next((reason for test, reason in _OTHER_KINDS if test(status.st_mode)), "not an ordinary file")
    return Skipped(path=path, reason=reason)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0, f"it can't be read: {error.strerror or 'unknown error'}")
