"""A file's way into the library, after which there is no doubt that it is here: read, written, made durable, read back, placed.

    read_head        how does it begin? Enough to know its type
    hash_source      what are its bytes called? Enough to know a duplicate
    copy_verified    a copy in the incoming folder: durable, read back from the disk, and equal; the source didn't change meanwhile
    keep_names       the copies' names are durable too, so that a commit may say that they are here
    place            the copy's name in the tree: it never overwrites, and either is there or isn't

A crash leaves at most a file in the incoming folder, or one name more of a file that is placed: ``place`` again ends what it began, and
``clear_incoming`` removes what nobody knows. Files are read in blocks, never as a whole. The source is never written to.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import xxhash

from peer.errors import NoSpaceLeftError
from peer.originals.errors import (
    CopyDamagedError,
    CopyFailedError,
    NameTakenError,
    SourceChangedError,
    SourceUnreadableError,
    SourceVanishedError,
)
from peer.originals.held import HeldStamp
from peer.originals.names import display
from store.durable import make_folders, sync_folder
from store.ids import FileHash

BLOCK_BYTES = 2 * 1024 * 1024
ORIGINAL_MODE = 0o444

OnBlock = Callable[[int], None]
"""Called with the number of bytes after each block that was read: for progress, and to raise when the work is to stop."""

_NUMBERS = itertools.count()
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_SOURCE_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_COPY_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedSource:
    """A source's SHA-256, and how the file looked before and after it was read."""

    file: FileHash
    stamp: HeldStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A verified copy in the incoming folder. ``stamp`` stays true when it is placed."""

    path: Path
    file: FileHash
    stamp: HeldStamp


def read_head(source: Path, count: int) -> bytes:
    """The first ``count`` bytes of a file, or fewer. Raises a ``SourceError``."""
    head = bytearray()
    with _reading_source(source) as (reader, _), _from_source(source):
        while len(head) < count and (block := reader.read(count - len(head))):
            head += block
    return bytes(head)


def hash_source(source: Path, *, on_block: OnBlock | None = None) -> HashedSource:
    """Raises a ``SourceError``."""
    with _reading_source(source) as (reader, stamp):
        digest = hashlib.sha256()
        for block in _source_blocks(reader, source, on_block):
            digest.update(block)
        _check_unchanged(reader, source, stamp)
    return HashedSource(file=FileHash(digest.digest()), stamp=stamp)


def copy_verified(source: Path, incoming: Path, *, expected: HashedSource | None = None, on_block: OnBlock | None = None) -> Copied:
    """A copy of ``source`` in the folder ``incoming``; of the bytes that ``expected`` names, if it does.

    Raises a ``SourceError``, ``CopyDamagedError``, ``CopyFailedError``, ``NoSpaceLeftError``; then nothing is left in ``incoming``.
    """
    with _reading_source(source) as (reader, stamp):
        if expected is not None and expected.stamp != stamp:
            raise _changed(source)
        with _new_copy(incoming, source) as (path, writer):
            file, checksum = _copy(reader, source, writer, on_block)
            _check_unchanged(reader, source, stamp)
            if expected is not None and expected.file != file:
                raise _changed(source)
            with _writing(source):
                _finish(path, writer, stamp.mtime_ns)
                copied = HeldStamp.of(path.stat())
                if _checksum_from_disk(path) != checksum:
                    raise CopyDamagedError(f"The copy of {display(source)} reads back differently from what was written.")
    return Copied(path=path, file=file, stamp=copied)


def keep_names(copies: Iterable[Path]) -> None:
    """The names of copies reach the disk: before anything says that they are there. Raises ``CopyFailedError``, ``NoSpaceLeftError``."""
    for folder in sorted({copy.parent for copy in copies}):
        with _writing(folder):
            sync_folder(folder)


def place(copy: Path, destination: Path) -> None:
    """Gives ``copy`` the name ``destination`` for good, durably. ``NameTakenError`` when another file has it; then nothing changed.

    Called again after a crash in its middle it ends what it began.
    """
    with _writing(destination):
        make_folders(destination.parent)
        try:
            _name_without_overwriting(copy, destination)
        except FileExistsError as error:
            if not copy.samefile(destination):
                raise NameTakenError(f"There is a file {display(destination)} already.") from error
        sync_folder(destination.parent)
        copy.unlink(missing_ok=True)  # only now: not every file system keeps what happens in two folders in order


def clear_incoming(incoming: Path, *, keep: Collection[str], before_ns: int) -> int:
    """Removes the files in ``incoming`` that aren't named in ``keep`` and were last changed before ``before_ns`` (on the disk's clock);
    newer ones may be another process's work. Returns how many."""
    removed = 0
    for entry in list(os.scandir(incoming)):
        if entry.name not in keep and entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_ctime_ns < before_ns:
            discard(Path(entry.path))
            removed += 1
    return removed


@contextlib.contextmanager
def _reading_source(source: Path) -> Iterator[tuple[BinaryIO, HeldStamp]]:
    with _from_source(source):
        reader = open(os.open(source, _SOURCE_FLAGS), "rb", buffering=0)  # noqa: SIM115, PTH123  (closed below; opened without waiting for a pipe)
    with reader:
        status = os.fstat(reader.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SourceUnreadableError(f"{display(source)} isn't an ordinary file.")
        yield reader, HeldStamp.of(status)


def _source_blocks(reader: BinaryIO, source: Path, on_block: OnBlock | None) -> Iterator[memoryview]:
    """The source's bytes; each block is valid until the next is asked for."""
    buffer = memoryview(bytearray(BLOCK_BYTES))
    while True:
        with _from_source(source):
            count: int = reader.readinto(buffer)  # type: ignore[attr-defined]
        if not count:
            return
        yield buffer[:count]
        if on_block is not None:
            on_block(count)


def _check_unchanged(reader: BinaryIO, source: Path, stamp: HeldStamp) -> None:
    """The file read is the file that the name leads to, all of it was read, and it looks as before."""
    with _from_source(source):
        looks = {HeldStamp.of(os.fstat(reader.fileno())), HeldStamp.of(source.stat())}
        position = reader.tell()
    if looks != {stamp} or position != stamp.size:
        raise _changed(source)


@contextlib.contextmanager
def _new_copy(incoming: Path, source: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file that is gone again when the block fails, for whatever reason."""
    with _writing(source):
        path, descriptor = _create(incoming)
    try:
        with open(descriptor, "wb", buffering=0) as writer:  # noqa: PTH123  (of a descriptor)
            yield path, writer
    except BaseException:
        discard(path)
        raise


def _create(incoming: Path) -> tuple[Path, int]:
    while True:
        path = incoming / f"{os.getpid()}-{next(_NUMBERS)}.part"
        with contextlib.suppress(FileExistsError):
            return path, os.open(path, _COPY_FLAGS, 0o600)


def _copy(reader: BinaryIO, source: Path, writer: BinaryIO, on_block: OnBlock | None) -> tuple[FileHash, bytes]:
    """The SHA-256 of what was read, and a checksum of the same that ``_checksum_from_disk`` must give again."""
    digest, checksum = hashlib.sha256(), xxhash.xxh3_128()
    for block in _source_blocks(reader, source, on_block):
        digest.update(block)
        checksum.update(block)
        with _writing(source):
            written = 0
            while written < len(block):
                written += writer.write(block[written:])
    return FileHash(digest.digest()), checksum.digest()


def _finish(path: Path, writer: BinaryIO, mtime_ns: int) -> None:
    """Time and mode as they will stay, and then everything onto the disk. Some file systems know neither."""
    with contextlib.suppress(OSError):
        os.utime(path, ns=(mtime_ns, mtime_ns))
    with contextlib.suppress(OSError):
        path.chmod(ORIGINAL_MODE)
    os.fsync(writer.fileno())


def _checksum_from_disk(path: Path) -> bytes:
    """Of what the disk has, where the system can be asked to forget what it remembers of a file. Disks err by chance and don't forge:
    128 bits of xxh3 tell as much as SHA-256, in a thirtieth of the time."""
    checksum = xxhash.xxh3_128()
    buffer = memoryview(bytearray(BLOCK_BYTES))
    with path.open("rb", buffering=0) as reader:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(reader.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while count := reader.readinto(buffer):
            checksum.update(buffer[:count])
    return checksum.digest()


def _name_without_overwriting(copy: Path, destination: Path) -> None:
    """``FileExistsError`` when ``destination`` exists, whoever made it and whenever. The copy may keep its name too."""
    if sys.platform == "win32":
        copy.rename(destination)
        return
    try:
        os.link(copy, destination)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: the name is taken with an empty file, which the rename then replaces.
        os.close(os.open(destination, _COPY_FLAGS, 0o600))
        copy.replace(destination)


def discard(path: Path) -> None:
    """Removes a copy, if that can be done now."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            path.chmod(0o600)
        path.unlink()


@contextlib.contextmanager
def _from_source(source: Path) -> Iterator[None]:
    """The operating system's errors about a source as ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceVanishedError(f"{display(source)} isn't there any more.") from error
    except OSError as error:
        raise SourceUnreadableError(f"{display(source)} can't be read: {error.strerror}.") from error


@contextlib.contextmanager
def _writing(file: Path) -> Iterator[None]:
    """The operating system's errors about the library's disk as ours; ``FileExistsError`` is for the caller."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpaceLeftError(
                f"The disk that the library lies on is full: {display(file)} was not imported, nothing was lost."
            ) from error
        raise CopyFailedError(f"{display(file)} can't be written into the library: {error.strerror}.") from error


def _changed(source: Path) -> SourceChangedError:
    return SourceChangedError(f"{display(source)} changed while it was imported.")
