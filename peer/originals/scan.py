"""Which files lie under the paths that a person named. Finds, never opens; whatever is left out has its reason.

Rules:

- The order is that of the arguments, then of the names' bytes, a folder's own files before what lies in its folders: the same tree gives the same
  order. Files that were named one by one come where the first of their folder was named.
- So the files of a folder come one after the other; and of them those whose names are equal by ``beside``, for whoever asks for that. Of a folder only
  the names are remembered while it is walked, however many there are.
- An argument may be a link. Below it a link to a file is resolved once, a link to a folder isn't followed; so there are no loops.
- A folder is walked once, whichever way it is reached. The library's own folder isn't walked at all.
- Only ordinary files are found: no sockets, pipes, devices. Hidden and system files and folders are left out.
- A folder that can't be read costs only itself.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from peer.layout import LibraryFolder
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


def scan(
    paths: Iterable[Path],
    *,
    library: Path | None = None,
    scan_folder: ScanFolder = os.scandir,
    beside: Callable[[str], str] = lambda name: "",
) -> Iterator[Found | Skipped]:
    """Everything under ``paths``. ``library``: the folder that is never imported into itself."""
    yield from _Walk(library, scan_folder, beside).arguments(list(paths))


@dataclass(frozen=True, slots=True)
class _Listing:
    """What is in a folder: names, in order."""

    files: list[str]
    folders: list[str]


class _Walk:
    def __init__(self, library: Path | None, scan_folder: ScanFolder, beside: Callable[[str], str]) -> None:
        self._scan_folder = scan_folder
        self._beside = beside
        self._walked: set[tuple[int, int]] = set()
        self._library = _identity(library.stat()) if library is not None and library.exists() else None
        folder = None if library is None else LibraryFolder(library)
        apart = () if folder is None else (folder.recovered, folder.dropped)
        self._apart = {_identity(each.stat()) for each in apart if each.exists()}

    def arguments(self, paths: Sequence[Path]) -> Iterator[Found | Skipped]:
        folders = {path for path in paths if os.path.isdir(path)}  # noqa: PTH112  (Path.is_dir raises for names that are too long)
        named: dict[Path, list[Path]] = {}
        for path in paths:
            if path not in folders:
                named.setdefault(path.parent, []).append(path)
        for path in paths:
            together = [path] if path in folders else named.pop(path.parent, [])
            for each in sorted(together, key=lambda each: self._order(each.name)):
                yield from self._argument(each)

    def _argument(self, path: Path) -> Iterator[Found | Skipped]:
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
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                listing = self._folder(folder, is_top=folder is top)
            except OSError as error:
                yield Skipped(path=folder, reason=_reason(error))
                continue
            if isinstance(listing, Skipped):
                yield listing
                continue
            for name in listing.files:
                yield self._judged_file(folder / name)
            waiting.extend(folder / name for name in reversed(listing.folders))

    def _folder(self, path: Path, *, is_top: bool) -> _Listing | Skipped:
        if not is_top and (path.name.startswith(".") or path.name.lower() in _JUNK_FOLDERS):
            return Skipped(path=path, reason="a hidden folder, or one of the operating system", expected=True)
        identity = _identity(path.stat())
        if identity == self._library:
            return Skipped(path=path, reason="it is the library itself", expected=True)
        if identity in self._walked:
            return Skipped(path=path, reason="it was looked through already", expected=True)
        self._walked.add(identity)
        listing = _Listing([], [])
        with self._scan_folder(path) as entries:
            for entry in entries:
                (listing.folders if entry.is_dir(follow_symlinks=False) else listing.files).append(entry.name)
        listing.files.sort(key=self._order)
        listing.folders.sort(key=os.fsencode)
        return listing

    def _order(self, name: str) -> tuple[str, bytes]:
        return self._beside(name), os.fsencode(name)

    def _judged_file(self, path: Path) -> Found | Skipped:
        try:
            return self._file(path)
        except OSError as error:
            return Skipped(path=path, reason=_reason(error))

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
        """Whether ``path``, or what it links to, is the library's folder or lies inside it. What was recovered no longer belongs to it, what was dropped
        onto the gallery not yet."""
        if self._library is None:
            return False
        resolved = Path(os.path.realpath(path, strict=True))
        around = (_identity(folder.stat()) for folder in (resolved, *resolved.parents))
        return next((each for each in around if each == self._library or each in self._apart), None) == self._library


def _judge(path: Path, status: os.stat_result) -> Found | Skipped:
    if stat.S_ISREG(status.st_mode):
        return Found(path=path, stamp=HeldStamp.of(status))
    reason = next((reason for test, reason in _OTHER_KINDS if test(status.st_mode)), "not an ordinary file")
    return Skipped(path=path, reason=reason)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0, f"it can't be read: {error.strerror or 'unknown error'}")
