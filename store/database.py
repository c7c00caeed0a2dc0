"""One SQLite file with durable, nestable write transactions.

Every write begins with ``BEGIN IMMEDIATE``, so that what it read is still true when it commits and several processes may
write one file; ``synchronous=FULL`` makes a commit survive a power cut. SQLite's own errors become ours here.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store.errors import DamagedError, NewerFormatError, NoSpaceError

BUSY_SECONDS = 30.0
_OUTERMOST = "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
_NESTED = "SAVEPOINT nested", "RELEASE nested", ("ROLLBACK TO nested", "RELEASE nested")


@dataclass(frozen=True, kw_only=True)
class SchemaPart:
    """The tables of one package: ``scripts[n]`` leads from version n to n + 1."""

    name: str
    scripts: Sequence[str]


class Database:
    """A connection that several threads may share: calls are serialised by a lock."""

    def __init__(self, path: Path | str, parts: Sequence[SchemaPart], *, read_only: bool = False) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self.path = Path(path)
        self.is_open = True
        with translated():
            if read_only:
                self._connection = sqlite3.connect(
                    read_only_uri(self.path),
                    uri=True,
                    check_same_thread=False,
                    isolation_level=None,
                    timeout=BUSY_SECONDS,
                )
            else:
                self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_SECONDS)
            self._connection.execute("PRAGMA foreign_keys=ON")
            if not read_only:
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=FULL")
                if not self._is_current(parts):
                    self._migrate(parts)

    def _is_current(self, parts: Sequence[SchemaPart]) -> bool:
        """Then opening writes nothing: it waits for no other process, and a full disk doesn't keep anybody from reading."""
        with self.read() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_part'").fetchone():
                return False
            versions = dict(connection.execute("SELECT name, version FROM schema_part").fetchall())
        return all(versions.get(part.name) == len(part.scripts) for part in parts)

    def _migrate(self, parts: Sequence[SchemaPart]) -> None:
        with self.write() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS schema_part (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT")
            for part in parts:
                row = connection.execute("SELECT version FROM schema_part WHERE name = ?", (part.name,)).fetchone()
                version = row[0] if row else 0
                if version > len(part.scripts):
                    raise NewerFormatError(
                        f"{self.path} was written by a newer version ({part.name} {version}, this program knows {len(part.scripts)})"
                    )
                for script in part.scripts[version:]:
                    for statement in split_statements(script):
                        connection.execute(statement)
                connection.execute("INSERT OR REPLACE INTO schema_part VALUES (?, ?)", (part.name, len(part.scripts)))

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: all of it is durable when the block ends, or none of it.

        A nested block joins the outer one: it is durable when that ends, and undone alone when it raises.
        """
        with self._lock, translated():
            begin, end, undo = _NESTED if self._depth else _OUTERMOST
            self._connection.execute(begin)
            self._depth += 1
            try:
                yield self._connection
                self._connection.execute(end)
            except BaseException:
                if self._connection.in_transaction:
                    for statement in undo:
                        self._connection.execute(statement)
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view; inside ``write`` it sees what that block did so far."""
        with self._lock, translated():
            if self._depth or self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def changed_by_others(self) -> int:
        """A number that differs from the last answer when another connection has committed since."""
        with self._lock, translated():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        with self._lock:
            self.is_open = False
            self._connection.close()


def read_only_uri(path: Path) -> str:
    """How to open a database so that nothing in its folder is written or made.

    ``mode=ro`` alone would still make a ``-wal`` and a ``-shm``, or bring the latter up to date. With both there they are read as they are,
    beside whoever writes; without a ``-wal`` all that was written is in the database. A ``-wal`` without a ``-shm``, from an incomplete copy,
    can't be read without making one: copy both files elsewhere first.
    """
    has_index, has_changes = (path.with_name(path.name + suffix).exists() for suffix in ("-shm", "-wal"))
    if not has_changes:
        return f"{path.absolute().as_uri()}?immutable=1"
    return f"{path.absolute().as_uri()}?mode=ro{'&readonly_shm=1' if has_index else ''}"


def split_statements(script: str) -> Iterator[str]:
    """The statements of an SQL script, one by one, so that a migration stays inside its transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError("SQL script ends inside a statement")


@contextmanager
def translated() -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        primary = code & 0xFF if isinstance(code, int) else None
        if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and "disk" in str(error)):
            raise NoSpaceError(str(error)) from error
        if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise DamagedError(str(error)) from error
        raise
