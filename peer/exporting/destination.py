"""The folder that an export goes to: files appear in it whole or not at all, and nothing that is there is ever replaced.

The same bytes under the same name are taken for what an earlier export wrote, so that an export can be repeated or continued.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from peer.errors import NotAllowedError, UsageError
from peer.originals.copying import BLOCK_BYTES
from peer.originals.names import collision_key, display
from store.durable import full_disk_translated, make_folders, sync_folder
from store.ids import FileHash


class DamagedSourceError(Exception):
    """What was copied isn't what was imported."""


class Destination:
    """``folder`` is made if it is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            with full_disk_translated():
                make_folders(folder)
            self._existing = {collision_key(entry.name): entry.name for entry in os.scandir(folder)}
        except (NotADirectoryError, FileExistsError) as error:
            raise UsageError(f"{display(folder)} isn't a folder.", hint="Name another one, or one that doesn't exist yet.") from error
        except PermissionError as error:
            raise NotAllowedError(f"{display(folder)} can't be written into.", hint="Check who owns it.") from error
        except OSError as error:
            raise UsageError(
                f"{display(folder)} can't be used: {error.strerror}. Nothing was exported.", hint="Name another folder."
            ) from error

    def free_number(self, names: Callable[[int], Mapping[str, FileHash]]) -> int:
        """The smallest number with which all of ``names(number)``, file names with their SHA-256, are free, or there already with these bytes."""
        return next(number for number in count(1) if all(self._fits(name, file) for name, file in names(number).items()))

    def copy(self, source: Path, name: str, file: FileHash, time_ns: int | None) -> None:
        """The file ``source``, which must have the bytes that ``file`` names: ``DamagedSourceError`` otherwise. Also raises ``OSError``,
        ``NoSpaceError``."""
        if self._has(name, file):
            return
        with self.new([name], time_ns if time_ns is not None else source.stat().st_mtime_ns) as partial:
            with source.open("rb") as reader, full_disk_translated(), partial.open("wb") as writer:
                while block := reader.read(BLOCK_BYTES):
                    writer.write(block)
            if _hash_of(partial) != file:
                raise DamagedSourceError

    @contextmanager
    def new(self, names: Iterable[str], time_ns: int | None) -> Iterator[Path]:
        """A file to be filled, which then gets a time and the first of ``names`` that is free, unless the same bytes are there under one before that.
        ``FileExistsError`` when somebody else took the name meanwhile."""
        partial = self.folder / f".{secrets.token_hex(8)}.part"
        try:
            with full_disk_translated():
                partial.touch(exist_ok=False)
            yield partial
            file = _hash_of(partial)
            name = next(name for name in names if file is not None and self._fits(name, file))
            if self._existing.get(collision_key(name)) != name:
                self._name(partial, name, time_ns)
        finally:
            partial.unlink(missing_ok=True)

    def _name(self, partial: Path, name: str, time_ns: int | None) -> None:
        with full_disk_translated():
            if time_ns is not None:
                os.utime(partial, ns=(time_ns, time_ns))
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            _name_without_overwriting(partial, self.folder / name)
            sync_folder(self.folder)
        self._existing[collision_key(name)] = name

    def _fits(self, name: str, file: FileHash) -> bool:
        return collision_key(name) not in self._existing or self._has(name, file)

    def _has(self, name: str, file: FileHash) -> bool:
        """Whether these bytes are there under this name."""
        return self._existing.get(collision_key(name)) == name and _hash_of(self.folder / name) == file


def _hash_of(path: Path) -> FileHash | None:
    try:
        with path.open("rb") as reader:
            return FileHash(hashlib.file_digest(reader, "sha256").digest())
    except OSError:
        return None


def _name_without_overwriting(partial: Path, path: Path) -> None:
    """File systems without hard links, as on memory cards, only have a name that is looked up first."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError(path) from None
        partial.replace(path)
