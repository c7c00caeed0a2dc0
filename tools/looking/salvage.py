"""What can still be read of a database that SQLite finds damaged, row by row, in a new database.

Tables are read in the order of their keys, from the beginning until something can't be read, and from the end likewise. Of tables with row numbers each
number in between is tried, too. That finds all rows on pages that are whole and can be reached; what lies behind a damaged inner page of a table without
row numbers is lost for this, and said to be. Contents are as they are read: what proves itself by a hash or signature is checked by whoever looks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from peer.errors import IntegrityError
from store.database import Database
from tools.looking.opening import TEMPORARY, Place, copied, is_sqlite, what_it_is
from tools.looking.problems import Problems

MOST_MISSES = 20_000
"""Row numbers that are tried in vain, one after the other, before a table is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """``key``: the columns by which it is ordered; its row number, where it has one."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    has_row_number: bool


@contextmanager
def salvaged(place: Place, problems: Problems) -> Iterator[Database]:
    """A database with all that can be read of the one in ``place``, gone afterwards. What is missing is noted as a problem, table by table.

    ``IntegrityError`` where nothing can be read: not even what tables there are.
    """
    with TemporaryDirectory(prefix=TEMPORARY) as folder, copied(place.database) as damaged:
        target = Path(folder, place.database.name)
        Database(target, place.parts).close()
        try:
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as source:
                source.text_factory = _readable
                source.execute("PRAGMA writable_schema=ON")  # tables that can be found are, although the list of them is damaged
                source.execute("ATTACH ? AS damaged", (str(damaged),))
                has = {row[1] for row in source.execute("PRAGMA damaged.table_list").fetchall()}
                with closing(sqlite3.connect(target, isolation_level=None)) as made:
                    if not _read_over(source, made, has, problems):
                        raise sqlite3.DatabaseError("no table has rows that can be read")
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            found = "too much of it is damaged" if is_sqlite(place.database) else f"it is {what_it_is(place.database)}"
            raise IntegrityError(
                f"{place.database} can't be read at all: {found} ({error}). Photos under originals/ are ordinary files, and what"
                " was synced is on the other devices and the relay.",
                hint="Copy the folder aside before anything else; then join again as a new device, or put a backup of the folder back.",
            ) from error
        with closing(Database(target, (), read_only=True)) as database, database.read():
            yield database


def _read_over(source: sqlite3.Connection, made: sqlite3.Connection, has: set[str], problems: Problems) -> int:
    """How many rows there are now."""
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF"):
        made.execute(f"PRAGMA {pragma}")
    for (name,) in made.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        made.execute(f'DROP TRIGGER "{name}"')  # what they would note is read over as well
    tables = _tables(made)
    if missing := [table.name for table in tables if table.name not in has]:
        problems.note(f"these tables are missing: {', '.join(missing)}")
    rows = 0
    for table in tables:
        made.execute(f'DELETE FROM "{table.name}"')  # noqa: S608 - the schema is ours
        if table.name in has:
            is_whole, read = _copy(source, made, table)
            rows += read
            if not is_whole:
                problems.note(f"the table {table.name} is damaged: {read} rows of it could be read, some are missing")
    return rows


def _tables(connection: sqlite3.Connection) -> list[_Table]:
    found = []
    for _, name, kind, _, without_row_number, _ in connection.execute("PRAGMA main.table_list").fetchall():
        if kind != "table" or name.startswith("sqlite_"):
            continue
        columns = [row for row in connection.execute(f'PRAGMA table_xinfo("{name}")').fetchall() if row[6] == 0]
        key = tuple(row[1] for row in sorted(columns, key=lambda row: row[5]) if row[5])
        found.append(
            _Table(
                name=name,
                columns=tuple(row[1] for row in columns),
                key=key if without_row_number else ("rowid",),
                has_row_number=not without_row_number,
            )
        )
    return found


def _copy(source: sqlite3.Connection, made: sqlite3.Connection, table: _Table) -> tuple[bool, int]:
    """Whether the whole table could be read, and how many rows were."""
    first = _insert(made, table, forward := _Reading(source, table, "ASC"))
    if not forward.failed:
        return True, first
    _insert(made, table, backward := _Reading(source, table, "DESC"))
    if table.has_row_number:
        _insert(made, table, _one_by_one(source, table, forward.last, backward.last))
    return False, int(made.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])  # noqa: S608 - the schema is ours


class _Reading:
    """The rows from one end of a table until something can't be read; afterwards, whether that was so, and the row number of the last one."""

    def __init__(self, source: sqlite3.Connection, table: _Table, direction: str) -> None:
        self._source = source
        self._table = table
        self._direction = direction
        self.failed = False
        self.last: int | None = None

    def __iter__(self) -> Iterator[Sequence[object]]:
        order = ", ".join(f'"{column}" {self._direction}' for column in self._table.key)
        try:
            for first, *row in self._source.execute(f"{_select(self._table)} ORDER BY {order}"):
                self.last = first
                yield row
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            self.failed = True


def _one_by_one(source: sqlite3.Connection, table: _Table, after: int | None, before: int | None) -> Iterator[Sequence[object]]:
    number, misses = after or 0, 0
    while misses < MOST_MISSES and (before is None or number + 1 < before):
        number += 1
        try:
            row = source.execute(f"{_select(table)} WHERE rowid = ?", (number,)).fetchone()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            row = None
        if row is None:
            misses += 1
        else:
            misses = 0
            yield row[1:]


def _readable(text: bytes) -> str:
    """Text of the damaged database, whatever its bytes have become."""
    return text.decode("utf-8", "replace")


def _select(table: _Table) -> str:
    """Row number or null, then the columns."""
    number = "rowid" if table.has_row_number else "NULL"
    columns = ", ".join(f'"{column}"' for column in table.columns)
    return f'SELECT {number}, {columns} FROM damaged."{table.name}"'  # noqa: S608 - the schema is ours


def _insert(made: sqlite3.Connection, table: _Table, rows: Iterable[Sequence[object]]) -> int:
    """How many were read. Those that no table of ours would take (null where there must be a value) are passed over."""
    places = ", ".join("?" for _ in table.columns)
    columns = ", ".join(f'"{column}"' for column in table.columns)
    statement = f'INSERT OR IGNORE INTO "{table.name}" ({columns}) VALUES ({places})'  # noqa: S608 - the schema is ours
    count = 0
    made.execute("BEGIN")
    for row in rows:
        try:
            made.execute(statement, row)
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            continue
        count += 1
    made.execute("COMMIT")
    return count
