"""A folder to look into, a device's library or a relay's data, opened so that nothing in it changes. A database can be named by itself, too.

Also when it is a copy, or belongs to a program that runs. A look is one transaction: all that it shows is of one moment. Only
a database that nobody seems to have open is read without locks (``store.database.read_only_uri``); when it turns out afterwards that
somebody wrote to it meanwhile, the look is taken again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

from peer.errors import CalotypeError, ExitCode, IntegrityError, NotAllowedError, UsageError
from peer.layout import LibraryFolder
from peer.library.library import PEER_SCHEMA
from peer.library.meta import Meta
from peer.library.queries import Queries
from relay.data_folder import DataFolder
from relay.sqlite_accounts import RELAY_SCHEMA
from store.database import Database, SchemaPart
from store.errors import DamagedError, NewerFormatError
from store.ids import MASTER, DeviceId, LibraryId
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tools.looking.problems import Problems

T = TypeVar("T")
TRIES = 5
_DEVICE_PARTS = (LOG_SCHEMA, PEER_SCHEMA)
_RELAY_PARTS = (LOG_SCHEMA, RELAY_SCHEMA)


class _WrittenMeanwhileError(Exception):
    """What was read may be of more than one moment."""


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """An open folder. ``library_folder`` is ``None`` for a relay's, where bodies stay sealed and devices have no names."""

    root: Path
    database: Database
    libraries: tuple[LibraryId, ...]
    library_folder: LibraryFolder | None
    problems: Problems

    def log(self, library: LibraryId) -> SqliteLogStore:
        return SqliteLogStore(self.database, library)

    def device_names(self) -> dict[DeviceId, str]:
        """What people call the devices, as far as that has arrived here."""
        names = {MASTER: "master key"}
        if self.library_folder is not None:
            described = Queries(self.database).device_names()
            names |= {DeviceId(device): name for device, (name, *_) in described.items()}
        return names


@dataclass(frozen=True, kw_only=True)
class Look(Generic[T]):
    """What was gathered, and what was found damaged meanwhile: a sentence each."""

    result: T
    problems: tuple[str, ...]


def look_into(root: Path, gather: Callable[[Inspected], T], *, library_id: str = "") -> Look[T]:
    """What ``gather`` finds in the folder ``root``; it may be called again. ``library_id``: the beginning of the one to look at, or all.

    Raises ``UsageError`` for a folder that is neither a library's nor a relay's, ``IntegrityError`` for a damaged database.
    """
    path, library_folder = _find_database(root)
    for _ in range(TRIES):
        try:
            with _read_only(path) as database:
                _check_versions(database, path, _DEVICE_PARTS if library_folder else _RELAY_PARTS)
                libraries = _choose(_own_library(database) if library_folder else _all_libraries(database), library_id)
                inspected = Inspected(root=root, database=database, libraries=libraries, library_folder=library_folder, problems=Problems())
                result = gather(inspected)
                return Look(result=result, problems=tuple(inspected.problems.found))
        except _WrittenMeanwhileError:
            continue
    raise CalotypeError(
        f"{path} is being written too often to be read. Nothing was changed.", hint="Run the command again.", exit_code=ExitCode.UNREACHABLE
    )


def _find_database(root: Path) -> tuple[Path, LibraryFolder | None]:
    library_folder = LibraryFolder(root)
    if library_folder.database.is_file():
        return library_folder.database, library_folder
    relay = DataFolder(root).database
    if relay.is_file():
        return relay, None
    if not root.exists():
        raise UsageError(f"There is no folder {root}.", hint="Name a library's or a relay's folder with --library.")
    raise UsageError(
        f"{root} is neither the folder of a library nor that of a relay.",
        hint="A library's holds .calotype/library.db, a relay's relay.db.",
    )


@contextmanager
def _read_only(path: Path) -> Iterator[Database]:
    with _with_index(path) as readable:
        is_unlocked = not _beside(readable, "-wal").exists()
        before = _fingerprint(readable)
        try:
            with closing(_open(readable)) as database, database.read():
                yield database
        except (DamagedError, sqlite3.OperationalError) as error:
            if is_unlocked and _fingerprint(readable) != before:
                raise _WrittenMeanwhileError from error
            raise IntegrityError(
                f"The database {path} is damaged or can't be read: {error}.",
                hint="Copy the folder aside before anything else; `calotype verify` says more.",
            ) from error
        if is_unlocked and _fingerprint(readable) != before:
            raise _WrittenMeanwhileError


@contextmanager
def _with_index(path: Path) -> Iterator[Path]:
    """``path``, or where it was copied without the index of its newest changes, a copy beside which SQLite may make one."""
    changes = _beside(path, "-wal")
    if not changes.exists() or _beside(path, "-shm").exists():
        yield path
        return
    with TemporaryDirectory(prefix="calotype-inspect-") as folder:
        copied = Path(folder, path.name)
        shutil.copyfile(path, copied)
        shutil.copyfile(changes, _beside(copied, "-wal"))
        yield copied


def _open(path: Path) -> Database:
    if not os.access(path, os.R_OK):
        raise NotAllowedError(f"{path} can't be read by this user.", hint="Run the command as the user who owns the folder.")
    try:
        database = Database(path, (), read_only=True)
        with database.read() as connection:
            connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_CANTOPEN:
            raise _WrittenMeanwhileError from error  # its owner closed it after the look at its files
        raise
    return database


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _fingerprint(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _check_versions(database: Database, path: Path, parts: tuple[SchemaPart, ...]) -> None:
    with database.read() as connection:
        has_table = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_part'").fetchone()
        versions = dict(connection.execute("SELECT name, version FROM schema_part").fetchall()) if has_table else {}
    for part in parts:
        version = versions.get(part.name)
        if version is None:
            raise UsageError(f"{path} is no database of Calotype, or was never completed.", hint="Name another folder with --library.")
        if version > len(part.scripts):
            raise NewerFormatError(f"{part.name} {version}")
        if version < len(part.scripts):
            raise UsageError(
                f"{path} was written by an older version.", hint="Run `calotype status` or the relay on it once: that converts it."
            )


def _own_library(database: Database) -> tuple[LibraryId, ...]:
    return (LibraryId(Meta(database).need("library")),)


def _all_libraries(database: Database) -> tuple[LibraryId, ...]:
    with database.read() as connection:
        return tuple(LibraryId(name) for (name,) in connection.execute("SELECT name FROM log_library ORDER BY name"))


def _choose(libraries: tuple[LibraryId, ...], prefix: str) -> tuple[LibraryId, ...]:
    chosen = tuple(library for library in libraries if library.hex().startswith(prefix.strip().lower()))
    if prefix and not chosen:
        raise UsageError(f"No library here has an id that begins with {prefix}.", hint="`calotype-inspect heads` lists them.")
    return chosen
