"""What only the SQLite store has of stubs and detached entries: older databases, transactions, interruptions, and what things cost."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

import store.settlement
import store.sqlite_log
from store.bodies import Release
from store.database import Database, SchemaPart
from store.entries import EntryKind
from store.errors import DamagedError
from store.heads import Heads
from store.log import Pruned
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from store.sqlite_table import LibraryTable
from tests.conformance.log_store import EVERYTHING, busy_library, names
from tests.conformance.log_store_stubs import write_checkpoint, write_settled, write_words
from tests.fleet.authors import NOW, Author, FleetLibrary, filler_blob, heads_of, make_library
from tests.unit.store.test_sqlite_log import costs_of_one_change, steps

VERSION_1 = SchemaPart(name="log", scripts=(files("store").joinpath("schema.sql").read_text("utf-8"),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, [LOG_SCHEMA])
    yield database
    database.close()


@pytest.fixture
def library() -> FleetLibrary:
    return make_library()


@pytest.fixture
def store_of_changes(database: Database, library: FleetLibrary) -> SqliteLogStore:
    """Ten changes by each of two devices."""
    anna, bert = library.join("anna"), library.join("bert")
    for _ in range(10):
        anna.change()
        bert.change()
    store = SqliteLogStore(database, library.id)
    store.append(library.raws(), now=NOW)
    return store


def answers(store: SqliteLogStore) -> tuple[object, ...]:
    return store.heads(), store.roster(), store.after(0, limit_bytes=EVERYTHING), store.arrival(), store.count(), store.seen()


def test_a_database_of_version_1_is_converted(path: Path, tmp_path: Path, library: FleetLibrary) -> None:
    busy_library(library)
    report = library.join("dora").report()
    Database(path, [VERSION_1]).close()
    newer = Database(tmp_path / "newer.db", [LOG_SCHEMA])
    store = SqliteLogStore(newer, library.id)
    store.append(library.raws(), now=NOW)
    store.put_seen(report.raw)
    expected = answers(store)
    with newer.read() as connection:
        connection.execute("COMMIT")
        connection.execute("ATTACH ? AS older", (str(path),))
        for table in ("log_library", "log_branch", "log_entry", "log_seen"):
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA older.table_info({table})"))
            connection.execute(f"INSERT INTO older.{table} ({columns}) SELECT {columns} FROM main.{table}")
    newer.close()
    converted = Database(path, [LOG_SCHEMA])
    store = SqliteLogStore(converted, library.id)
    assert answers(store) == expected
    changes = sum(entry.kind is EntryKind.CHANGE for entry in library.entries)
    assert store.prune(library.heads()).entries == changes
    with converted.read() as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    converted.close()


def test_everything_is_there_after_reopening(path: Path, library: FleetLibrary) -> None:
    anna = library.join("anna")
    anna.change()
    _, settled = write_settled(anna, [anna])
    anna.change()  # never sent
    anna.control(EntryKind.RELEASE, Release(blobs=(filler_blob("x"),)))
    database = Database(path, [LOG_SCHEMA])
    store = SqliteLogStore(database, library.id, trusts_settled=True)
    store.append([entry.raw for entry in library.entries if entry.kind is not EntryKind.CHANGE], now=NOW)
    store.append([library.entries[4].raw], now=NOW)
    store.prune(store.settled()[0].covered)
    expected = (*answers(store), store.settled(), store.figures())
    assert store.figures().stubs == store.figures().detached == 1
    database.close()
    again = Database(path, [LOG_SCHEMA])
    store = SqliteLogStore(again, library.id, trusts_settled=True)
    assert (*answers(store), store.settled(), store.figures()) == expected
    assert store.settled()[0].settled == settled.name
    again.close()


def test_killed_between_portions(
    path: Path, database: Database, store_of_changes: SqliteLogStore, library: FleetLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.sqlite_log, "PORTION_ENTRIES", 4)
    real, portions = LibraryTable.prune, []

    def prune(table: LibraryTable, covered: Heads, *, limit: int) -> Pruned:
        portions.append(real(table, covered, limit=limit))
        if len(portions) == 3:
            raise KeyError("killed")
        return portions[-1]

    with monkeypatch.context() as patched:
        patched.setattr(LibraryTable, "prune", prune)
        with pytest.raises(KeyError, match="killed"):
            store_of_changes.prune(library.heads())
    again = Database(path, [LOG_SCHEMA])
    reopened = SqliteLogStore(again, library.id)
    assert reopened.figures().stubs == 8
    assert reopened.prune(library.heads()).entries == 12
    assert reopened.heads() == library.heads()
    again.close()


def test_adopting_joins_an_outer_transaction(tmp_path: Path, store_of_changes: SqliteLogStore, library: FleetLibrary) -> None:
    skeleton = list(store_of_changes.skeleton(library.heads()))
    other_database = Database(tmp_path / "other.db", [LOG_SCHEMA])
    other = SqliteLogStore(other_database, library.id)
    other.append([each.entry.raw for each in store_of_changes.control(0, limit_bytes=EVERYTHING)], now=NOW)
    expected = answers(other)

    def adopt_then_fail() -> None:
        with other_database.write():
            other.adopt(skeleton, now=NOW)
            assert other.heads() == library.heads()
            raise KeyError("the caller's own")

    with pytest.raises(KeyError, match="own"):
        adopt_then_fail()
    assert answers(other) == expected
    other_database.close()


def test_a_skeleton_in_pages(store_of_changes: SqliteLogStore, library: FleetLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(store_of_changes.skeleton(library.heads()))
    monkeypatch.setattr(store.sqlite_log, "SKELETON_PAGE", 3)
    paged = store_of_changes.skeleton(library.heads())
    found = [next(paged) for _ in range(10)]
    store_of_changes.prune(library.heads())
    assert found + list(paged) == whole
    assert [item.name for item in whole] == [entry.name for entry in library.entries]


def test_what_is_damaged_is_named_before_it_goes(database: Database, store_of_changes: SqliteLogStore, library: FleetLibrary) -> None:
    entry = library.entries[-1]
    with database.write() as connection:
        connection.execute("UPDATE log_entry SET raw = ? WHERE name = ?", (entry.raw[:-1], entry.name))
    with pytest.raises(DamagedError, match=entry.name.hex()):
        store_of_changes.prune(library.heads())


def test_freed_room_is_used_again(database: Database, store_of_changes: SqliteLogStore, library: FleetLibrary) -> None:
    author = Author(library, "anna", library.author("anna").keys)
    author.open_log()

    def write_much() -> int:
        for _ in range(20):
            author.change(bytes(100_000))
        store_of_changes.append(library.raws()[-21:], now=NOW)
        with database.read() as connection:
            return int(connection.execute("PRAGMA page_count").fetchone()[0])

    before = write_much()
    store_of_changes.prune(library.heads())
    assert write_much() < before * 1.1


def test_a_question_costs_the_same_whatever_was_pruned_or_is_detached(database: Database, library: FleetLibrary) -> None:
    """Counted in steps of SQLite's machine."""
    anna, bert = library.join("anna"), library.join("bert")
    store = SqliteLogStore(database, library.id)
    store.append(library.raws(), now=NOW)
    bert.change()  # never sent
    costs = []
    for _ in range(2):
        for number in range(200):
            anna.change()
            bert.control(EntryKind.RELEASE, Release(blobs=(filler_blob(str(number)),)))
        store.append([entry.raw for entry in library.entries if entry.log != bert.log or entry.kind is not EntryKind.CHANGE], now=NOW)
        store.prune(heads_of(entry for entry in library.entries if entry.log == anna.log))
        costs.append(costs_of_one_change(database, store, anna))
    assert store.figures().detached == 400
    assert costs[0] == costs[1]


def test_pruning_again_looks_only_at_what_is_new(database: Database, library: FleetLibrary) -> None:
    anna = library.join("anna")
    store = SqliteLogStore(database, library.id)
    costs = []
    for _ in range(3):
        for _ in range(200):
            anna.change()
        store.append(library.raws(), now=NOW)
        costs.append(steps(database, lambda: store.prune(library.heads())))
    assert costs[1] == costs[2]


def test_words_that_wouldn_t_do_cost_no_signature(database: Database, library: FleetLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bert = library.join("anna"), library.join("bert")
    store_ = SqliteLogStore(database, library.id)
    store_.append(library.raws(), now=NOW)
    assert store_.put_seen(bert.report(library.heads()).raw, now=NOW)
    checkpoint = write_checkpoint(anna)
    crowd = [library.author(str(number)) for number in range(100)]
    for device in crowd:
        library.certify(device, by=anna)
    words = [device.report(library.heads(), checkpoint=checkpoint.name) for device in (anna, *crowd)]
    for _ in range(3):
        write_words(anna, checkpoint, words)

    def verified(*_: bytes) -> bool:
        raise AssertionError("a signature was verified")

    monkeypatch.setattr(store.settlement, "is_signed", verified)
    store_.append(library.raws(), now=NOW)
    for _ in range(3):
        assert store_.put_seen(bert.report(heads_of(library.entries[:6])).raw, now=NOW)
    assert store_.settled() == ()
    assert len(names(store_.control(0, limit_bytes=EVERYTHING))) == len(library.entries)
