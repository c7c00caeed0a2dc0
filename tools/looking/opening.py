"""Databases opened so that nothing beside them changes, each for one moment: as they are, or as a copy of what can be read.

- While a program has it open, it is read beside that program, in one transaction.
- One that nobody seems to have open is read without locks (``store.database.read_only_uri``); when somebody wrote to it meanwhile, that is noticed.
- A copy that came without the index of its newest changes, and a database of an older version, which has to be converted, are copied into a
  temporary folder that only this user can enter.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from peer.errors import IntegrityError, NotAllowedError, UsageError
from peer.layout import LibraryFolder
from peer.library.library import PEER_SCHEMA
from relay.data_folder import DataFolder
from relay.sqlite_accounts import RELAY_SCHEMA
from store.database import Database, SchemaPart
from store.errors import DamagedError
from store.sqlite_log import LOG_SCHEMA
from tools.looking.problems import Problems

TEMPORARY = "calotype-inspect-"
_SQLITE = b"SQLite format 3\0"


class WrittenMeanwhileError(Exception):
    """What was read may be of more than one moment."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A database, and what it should hold. ``library_folder`` is ``None`` for a relay's."""

    database: Path
    library_folder: LibraryFolder | None

    @property
    def parts(self) -> tuple[SchemaPart, ...]:
        return (LOG_SCHEMA, RELAY_SCHEMA if self.library_folder is None else PEER_SCHEMA)


def find_database(root: Path) -> Place:
    """The database in a library's or relay's folder, or ``root`` itself where that is a database of either.

    ``UsageError`` where there is none; ``IntegrityError``, saying what it is, for a file that is no database.
    """
    if root.is_file():
        return _named(root)
    library_folder, relay = LibraryFolder(root), DataFolder(root).database
    if library_folder.database.is_file():
        return Place(database=library_folder.database, library_folder=library_folder)
    if relay.is_file():
        return Place(database=relay, library_folder=None)
    if not root.exists():
        raise UsageError(f"There is no folder {root}.", hint="Name a library's or a relay's folder with --library.")
    raise UsageError(
        f"{root} is neither the folder of a library nor that of a relay.",
        hint="A library's holds .calotype/library.db, a relay's relay.db.",
    )


@contextmanager
def opened(place: Place, problems: Problems) -> Iterator[Database]:
    """The database as it is at this moment; one of an older version as it would be now.

    ``DamagedError`` where SQLite can't read it; ``WrittenMeanwhileError``; ``IntegrityError`` for what is no database of ours.
    """
    with _with_index(place.database) as readable:
        is_unlocked = not _beside(readable, "-wal").exists()
        before = _fingerprint(readable)
        try:
            with closing(_open(readable)) as database, database.read():
                if _is_older(database, place, problems):
                    with _converted(readable, place) as converted, closing(_open(converted)) as current, current.read():
                        yield current
                else:
                    yield database
        except (DamagedError, sqlite3.OperationalError) as error:
            if is_unlocked and _fingerprint(readable) != before:
                raise WrittenMeanwhileError from error
            if isinstance(error, DamagedError):
                raise
            raise IntegrityError(
                f"The database {place.database} can't be read: {error}.", hint="Copy the folder aside before anything else."
            ) from error
        if is_unlocked and _fingerprint(readable) != before:
            raise WrittenMeanwhileError


@contextmanager
def copied(path: Path) -> Iterator[Path]:
    """A copy of a database and its newest changes, gone afterwards."""
    with TemporaryDirectory(prefix=TEMPORARY) as folder:
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        changes = _beside(path, "-wal")
        if changes.exists():
            shutil.copyfile(changes, _beside(copy, "-wal"))
        yield copy


def is_sqlite(path: Path) -> bool:
    """Whether it begins like an SQLite database, of whatever."""
    return _head(path) == _SQLITE


def what_it_is(path: Path) -> str:
    """What a file that should be a database of ours is instead, as the rest of a sentence."""
    head = _head(path)
    if head == _SQLITE:
        return "an SQLite database of something else"
    if not head.strip(b"\0"):
        return "an empty file" if not head else "a file of zeros"
    return "no SQLite database" if not head.isascii() else "a text file"


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(len(_SQLITE))


def _named(path: Path) -> Place:
    try:
        with closing(_open(path)) as database, database.read() as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM schema_part").fetchall()}
    except (DamagedError, sqlite3.OperationalError) as error:
        raise IntegrityError(
            f"{path} is {what_it_is(path)}, and no database of Calotype.", hint="Name a library's or a relay's folder with --library."
        ) from error
    if PEER_SCHEMA.name not in names:
        return Place(database=path, library_folder=None)
    is_in_place = path.parent.name == LibraryFolder(path.parent).private.name
    return Place(database=path, library_folder=LibraryFolder(path.parent.parent if is_in_place else path.parent))


@contextmanager
def _with_index(path: Path) -> Iterator[Path]:
    """``path``, or where it was copied without the index of its newest changes, a copy beside which SQLite may make one."""
    if not _beside(path, "-wal").exists() or _beside(path, "-shm").exists():
        yield path
        return
    with copied(path) as copy:
        yield copy


@contextmanager
def _converted(path: Path, place: Place) -> Iterator[Path]:
    with copied(path) as copy:
        Database(copy, place.parts).close()
        yield copy


def _open(path: Path) -> Database:
    if not os.access(path, os.R_OK):
        raise NotAllowedError(f"{path} can't be read by this user.", hint="Run the command as the user who owns the folder.")
    try:
        database = Database(path, (), read_only=True)
        with database.read() as connection:
            connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_CANTOPEN:
            raise WrittenMeanwhileError from error  # its owner closed it after the look at its files
        raise
    except UnicodeDecodeError as error:  # what SQLite says of damage may quote it
        raise DamagedError("its list of tables is damaged") from error
    return database


def _is_older(database: Database, place: Place, problems: Problems) -> bool:
    """Whether it has to be converted. One of a newer version is read as far as it is understood, which is a problem to be told of."""
    with database.read() as connection:
        has_table = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_part'").fetchone()
        versions = dict(connection.execute("SELECT name, version FROM schema_part").fetchall()) if has_table else {}
    for part in place.parts:
        if part.name not in versions:
            raise IntegrityError(
                f"{place.database} is no database of Calotype, or was never completed.", hint="Name another folder with --library."
            )
        if versions[part.name] > len(part.scripts):
            problems.note(
                f"{place.database.name} was written by a newer version of Calotype ({part.name} {versions[part.name]}; this one knows"
                f" {len(part.scripts)}): what this version doesn't know of isn't shown"
            )
    return any(versions[part.name] < len(part.scripts) for part in place.parts)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _fingerprint(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
