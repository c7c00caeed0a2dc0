"""SQLite on a simulated disk: connections whose writes are write operations, and what of their files is safe.

A commit by a connection with ``synchronous=FULL`` is safe when it returns, and with it all earlier ones. Other commits are safe when the write-ahead log
is next taken over into the database, which SQLite syncs the log for; ``Databases`` keeps what the files held before the first of them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.simulation.disk.survival import PowerCutError, Survival

if TYPE_CHECKING:
    from tests.simulation.disk.disk import Disk

LOG = "-wal"
_FULL = 2
_NO_LIMIT = 4_294_967_294
_COMMITS = frozenset({"COMMIT", "END"})
_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "VACUUM"})
_LEAST_COMMIT_BYTES = 3 * 4120
"""A page of a table, one of an index, and the header of the log, or so."""
_STATEMENT = re.compile(r"\s*(\w+)")


def is_database(path: Path) -> bool:
    """Whether it is one, by the names that this project gives them."""
    return path.name.endswith(".db")


def is_beside_database(path: Path) -> bool:
    """Whether SQLite keeps it beside a database."""
    return path.name.endswith((".db-wal", ".db-shm", ".db-journal"))


def path_of_database(database: Any, *, uri: bool) -> Path | None:
    """Where a database lies, by the first argument of ``sqlite3.connect``; None in memory."""
    text = database if isinstance(database, str) else str(database)
    if uri and text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return None if not text or text == ":memory:" else Path(text)


@dataclass(frozen=True, slots=True)
class Contents:
    """What SQLite's two lasting files hold; None: there is no such file."""

    database: bytes | None
    log: bytes | None

    @classmethod
    def of(cls, path: Path) -> Contents:
        return cls(_read(path), _read(path.with_name(path.name + LOG)))


class DiskConnection(sqlite3.Connection):
    """A connection to a database on a simulated disk."""

    disk: Disk
    path: Path
    _changes_before = 0
    _is_orphaned = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        word = _first_word(sql)
        if self._is_orphaned or (self.disk.is_dead and word != "ROLLBACK"):
            raise PowerCutError
        if word in _COMMITS:
            return self._commit(sql)
        if word == "BEGIN" and "IMMEDIATE" in sql.upper():
            with self.disk.operation("begin a transaction"):
                self._changes_before = self.total_changes
                return super().execute(sql, parameters)
        if (word == "PRAGMA" and ("journal_mode" in sql or "wal_checkpoint" in sql)) or (word in _WRITING and not self.in_transaction):
            return self._write_at_once(sql, parameters)
        return super().execute(sql, parameters)

    def close(self) -> None:
        if self.disk.is_dead or not self.disk.databases.forget(self):
            super().close()
            return
        with self.disk.operation("close a database"), self.disk.databases.taking_room(self.path):
            super().close()

    @property
    def in_transaction(self) -> bool:
        """Not when it was closed because the machine is no more."""
        try:
            return bool(super().in_transaction)
        except sqlite3.ProgrammingError:
            return False

    def close_for_the_dead(self) -> None:
        """When the machine that had it open is no more."""
        self._is_orphaned = True
        super().close()

    def ask(self, pragma: str) -> int:
        return int(super().execute(f"PRAGMA {pragma}").fetchone()[0])

    def limit(self, room: int | None) -> None:
        """How far the database may grow. One that has rotted doesn't grow."""
        with suppress(sqlite3.DatabaseError):
            most = _NO_LIMIT if room is None else self.ask("page_count") + max(0, room) // self.ask("page_size")
            super().execute(f"PRAGMA max_page_count={most}")

    def _commit(self, sql: str) -> sqlite3.Cursor:
        databases = self.disk.databases
        databases.about_to_commit(self)
        with self.disk.operation("commit", lambda: databases.tear(self.path, lambda: sqlite3.Connection.execute(self, sql))):
            if self.total_changes != self._changes_before and self.disk.lacks(_LEAST_COMMIT_BYTES):
                raise _full()
            with databases.taking_room(self.path):
                cursor = super().execute(sql)
            databases.committed(self)
            return cursor

    def _write_at_once(self, sql: str, parameters: Any) -> sqlite3.Cursor:
        databases = self.disk.databases
        databases.about_to_commit(self)
        with self.disk.operation("write into a database"), databases.taking_room(self.path):
            cursor = super().execute(sql, parameters)
            databases.committed(self)
            return cursor


class Databases:
    """The databases of one disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._connections: list[DiskConnection] = []
        self._at_risk: dict[Path, Contents] = {}
        self._torn: dict[Path, Contents] = {}

    def opened(self, connection: DiskConnection, path: Path) -> None:
        connection.disk, connection.path = self._disk, path
        self._connections.append(connection)
        if self._disk.room is not None:
            connection.limit(self._disk.room)

    def forget(self, connection: DiskConnection) -> bool:
        """False when it was forgotten already."""
        known = connection in self._connections
        if known:
            self._connections.remove(connection)
        return known

    def are_open(self) -> bool:
        return bool(self._connections)

    def close_all(self) -> None:
        """Those of a machine that is no more. Nothing is remembered of what its databases held."""
        while self._connections:
            self._connections.pop().close_for_the_dead()
        self._at_risk.clear()
        self._torn.clear()

    def limit(self, room: int | None) -> None:
        for connection in self._connections:
            connection.limit(room)

    def about_to_commit(self, connection: DiskConnection) -> None:
        if connection.ask("synchronous") < _FULL and connection.path not in self._at_risk:
            self._at_risk[connection.path] = Contents.of(connection.path)

    def committed(self, connection: DiskConnection) -> None:
        path = connection.path
        if connection.ask("synchronous") >= _FULL:
            self._at_risk.pop(path, None)
            self._disk.platter.made_safe(path)
        elif connection.ask("synchronous") and _read(path) != self._at_risk[path].database:
            self._at_risk[path] = Contents.of(path)  # the log was taken over

    @contextmanager
    def taking_room(self, path: Path) -> Iterator[None]:
        """What SQLite's files grow by takes room, and what they shrink by gives it back."""
        if self._disk.room is None:
            yield
            return
        before = _sizes(path)
        yield
        self._disk.use(_sizes(path) - before)

    def tear(self, path: Path, commit: Callable[[], object]) -> None:
        """The power goes while it commits: a part of what it adds to the log is there."""
        before = Contents.of(path)
        commit()
        after = Contents.of(path)
        if before.log is not None and after.log is not None and before.database == after.database and after.log.startswith(before.log):
            kept = int(self._disk.random.random() * len(after.log[len(before.log) :]))
            after = Contents(before.database, after.log[: len(before.log) + kept])
            self._torn[path] = after
        else:
            self._torn[path] = before

    def surviving(self, path: Path, survival: Survival, random: Random) -> Contents:
        """What a database's files hold when the power has gone."""
        at_risk = self._at_risk.get(path)
        if at_risk is not None and (survival is Survival.STRICT or (survival is Survival.MIXED and random.random() < 0.5)):
            return at_risk
        return self._torn.get(path) or Contents.of(path)


def _first_word(sql: str) -> str:
    found = _STATEMENT.match(sql)
    return found[1].upper() if found else ""


def _full() -> sqlite3.OperationalError:
    """As SQLite says it."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    error.sqlite_errorname = "SQLITE_FULL"
    return error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _sizes(path: Path) -> int:
    return sum(file.stat().st_size for file in (path, path.with_name(path.name + LOG)) if file.exists())
