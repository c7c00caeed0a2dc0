"""The database file: all of a transaction or none of it, and errors with a name."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database import Database, SchemaPart, split_statements
from store.errors import DamagedError, NewerFormatError, NoSpaceError
from store.log import Status
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.conformance.log_store import statuses
from tests.fleet.authors import NOW, make_library

PART = SchemaPart(name="things", scripts=["CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT;"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "things.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, [PART])
    yield database
    database.close()


def insert(database: Database, thing: int, *, then_fail: bool = False) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO thing VALUES (?)", (thing,))
        if then_fail:
            raise KeyError(thing)


def things(database: Database) -> list[int]:
    with database.read() as connection:
        return [row[0] for row in connection.execute("SELECT id FROM thing ORDER BY id")]


def test_a_commit_waits_for_the_disk(database: Database) -> None:
    """SQLite's FULL: the journal is synced at every commit, not now and then. What a kill shows is the same either way; a power cut isn't."""
    with database.read() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    insert(database, 1)
    with pytest.raises(KeyError):
        insert(database, 2, then_fail=True)
    assert things(database) == [1]


def test_a_nested_block_that_raises_is_undone_alone(database: Database) -> None:
    with database.write():
        insert(database, 1)
        with pytest.raises(KeyError):
            insert(database, 2, then_fail=True)
        insert(database, 3)
        assert things(database) == [1, 3]
    assert things(database) == [1, 3]


def test_nested_blocks_are_undone_with_the_outer_one(database: Database, path: Path) -> None:
    elsewhere = Database(path, [PART])

    def fail_at_the_end() -> None:
        with database.write():
            insert(database, 1)
            assert things(elsewhere) == [], "not committed yet"
            raise KeyError

    with pytest.raises(KeyError):
        fail_at_the_end()
    assert things(database) == things(elsewhere) == []
    elsewhere.close()


def test_writes_of_other_connections_are_noticed(database: Database, path: Path) -> None:
    before = database.changed_by_others()
    insert(database, 1)
    assert database.changed_by_others() == before
    elsewhere = Database(path, [PART])
    insert(elsewhere, 2)
    assert database.changed_by_others() != before
    elsewhere.close()


def test_threads_take_turns(database: Database) -> None:
    threads = [threading.Thread(target=insert, args=(database, thing)) for thing in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert things(database) == list(range(20))


def test_scripts_run_once_and_in_order(path: Path, database: Database) -> None:
    insert(database, 1)
    database.close()
    newer = SchemaPart(name="things", scripts=[*PART.scripts, "ALTER TABLE thing ADD COLUMN name TEXT;\nUPDATE thing SET name = 'a;b';"])
    for _ in range(2):
        again = Database(path, [newer])
        with again.read() as connection:
            assert connection.execute("SELECT id, name FROM thing").fetchall() == [(1, "a;b")]
        again.close()
    with pytest.raises(NewerFormatError, match="newer"):
        Database(path, [PART])


def test_a_script_that_fails_changes_nothing(path: Path, database: Database) -> None:
    database.close()
    broken = SchemaPart(name="things", scripts=[*PART.scripts, "CREATE TABLE other (id INTEGER) STRICT;\nDROP TABLE missing;"])
    with pytest.raises(sqlite3.OperationalError, match="missing"):
        Database(path, [broken])
    again = Database(path, [PART])
    with again.read() as connection:
        assert [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE name = 'other'")] == []
    again.close()


def test_statements_of_a_script() -> None:
    script = "-- one\nCREATE TABLE a (b TEXT DEFAULT ';');\nCREATE TRIGGER t AFTER INSERT ON a\nBEGIN\nDELETE FROM a;\nEND;\n"
    assert len(list(split_statements(script))) == 2
    with pytest.raises(ValueError, match="inside"):
        list(split_statements("CREATE TABLE a (b)"))


def test_a_full_disk_has_a_name_and_changes_nothing(path: Path) -> None:
    database = Database(path, [LOG_SCHEMA])
    library = make_library()
    anna = library.join("anna")
    store = SqliteLogStore(database, library.id)
    store.append(library.raws(), now=NOW)
    before = store.heads()
    with database.read() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    with database.read() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    large = anna.change(bytes(100_000))
    with pytest.raises(NoSpaceError):
        store.append([large.raw], now=NOW)
    assert (store.heads(), store.count()) == (before, store.arrival())
    with database.read() as connection:
        connection.execute("PRAGMA max_page_count = 100000")
    assert statuses(store.append([large.raw], now=NOW)) == {Status.STORED}, "there is room again"
    database.close()


def test_a_file_that_is_no_database_has_a_name(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(DamagedError):
        Database(path, [PART])


def test_a_read_only_database_can_t_be_written(path: Path, database: Database) -> None:
    insert(database, 1)
    read_only = Database(path, [], read_only=True)
    assert things(read_only) == [1]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        insert(read_only, 2)
    read_only.close()
