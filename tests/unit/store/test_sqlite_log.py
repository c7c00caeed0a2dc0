"""The SQLite store keeps the contract, and what only it has: files, transactions, several processes, several libraries in one."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from store.database import Database
from store.errors import DamagedError
from store.ids import LibraryId
from store.log import LogStore, Status
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.conformance.log_store import (
    EVERYTHING,
    LogStoreBranches,
    LogStoreConformance,
    LogStoreHostility,
    LogStoreReports,
    MakeStore,
    assert_causal_order,
    busy_library,
    statuses,
)
from tests.conformance.log_store_stubs import LogStoreDetached, LogStoreSettled, LogStoreStubs
from tests.fleet.authors import NOW, Author, dep_of, make_library


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, [LOG_SCHEMA])
    yield database
    database.close()


class TestSqliteLogStore(
    LogStoreConformance, LogStoreBranches, LogStoreHostility, LogStoreReports, LogStoreDetached, LogStoreStubs, LogStoreSettled
):
    @pytest.fixture
    def make_relay_store(self, make_store: Callable[..., LogStore]) -> MakeStore:
        return partial(make_store, trusts_settled=True)

    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Iterator[MakeStore]:
        """Each store in a file of its own, but for libraries of different ids, which share one."""
        opened: list[tuple[Database, set[LibraryId]]] = []

        def make(library: LibraryId, *, trusts_settled: bool = False) -> LogStore:
            free = next((each for each in opened if library not in each[1]), None)
            if free is None:
                free = Database(tmp_path / f"{len(opened)}.db", [LOG_SCHEMA]), set()
                opened.append(free)
            free[1].add(library)
            return SqliteLogStore(free[0], library, trusts_settled=trusts_settled)

        yield make
        for database, _ in opened:
            database.close()


def test_everything_is_there_after_reopening(path: Path) -> None:
    library = make_library()
    busy_library(library)
    report = library.join("dora").report()
    with_writes = Database(path, [LOG_SCHEMA])
    store = SqliteLogStore(with_writes, library.id)
    store.append(library.raws(), now=NOW)
    assert store.put_seen(report.raw)
    expected = (store.heads(), store.roster(), store.after(0, limit_bytes=EVERYTHING), store.arrival(), store.count(), store.seen())
    with_writes.close()
    for read_only in (False, True):
        again = Database(path, [LOG_SCHEMA], read_only=read_only)
        store = SqliteLogStore(again, library.id)
        assert (
            store.heads(),
            store.roster(),
            store.after(0, limit_bytes=EVERYTHING),
            store.arrival(),
            store.count(),
            store.seen(),
        ) == expected
        assert SqliteLogStore(again, make_library("unheard of").id).heads() == {}
        again.close()


def test_append_joins_an_outer_transaction(database: Database) -> None:
    library = make_library()
    anna = library.join("anna")
    store = SqliteLogStore(database, library.id)
    store.append(library.raws(), now=NOW)
    before, roster = store.heads(), store.roster()

    def write_then_fail() -> None:
        with database.write():
            anna.change()
            library.join("bert")
            assert statuses(store.append(library.raws(), now=NOW)) == {Status.KNOWN, Status.STORED}
            assert store.heads() == library.heads()
            assert len(store.roster().devices) == 2
            raise KeyError("the caller's own")

    with pytest.raises(KeyError, match="own"):
        write_then_fail()
    assert (store.heads(), store.roster(), store.count()) == (before, roster, store.arrival())


def test_the_roster_is_right_after_a_rollback_and_as_many_other_entries(database: Database) -> None:
    library = make_library()
    store = SqliteLogStore(database, library.id)
    store.append(library.raws(), now=NOW)
    anna, bert = library.author("anna"), library.author("bert")
    fork = library.master.fork()
    first = library.certify(anna)

    def certify_then_fail() -> None:
        with database.write():
            store.append([first.raw], now=NOW)
            assert set(store.roster().devices) == {anna.device}
            raise KeyError("the caller's own")

    with pytest.raises(KeyError, match="own"):
        certify_then_fail()
    library.master = fork
    store.append([library.certify(bert).raw], now=NOW)
    assert set(store.roster().devices) == {bert.device}


def test_the_roster_notices_what_another_connection_stored(database: Database, path: Path) -> None:
    library = make_library()
    store = SqliteLogStore(database, library.id)
    store.append(library.raws(), now=NOW)
    assert not store.roster().devices
    anna = library.join("anna")
    elsewhere = Database(path, [LOG_SCHEMA])
    SqliteLogStore(elsewhere, library.id).append(library.raws(), now=NOW)
    elsewhere.close()
    assert store.roster().is_member(anna.device)
    assert statuses(store.append([anna.change().raw], now=NOW)) == {Status.STORED}


def test_damage_in_the_database_is_named(database: Database) -> None:
    library = make_library()
    entry = library.join("anna").change()
    store = SqliteLogStore(database, library.id)
    store.append(library.raws(), now=NOW)
    with database.write() as connection:
        connection.execute("UPDATE log_entry SET raw = ? WHERE name = ?", (library.genesis.raw, entry.name))
    with pytest.raises(DamagedError, match=entry.name.hex()):
        store.get(entry.name)
    with database.write() as connection:
        connection.execute("UPDATE log_entry SET raw = ? WHERE name = ?", (entry.raw[:-1], entry.name))
    with pytest.raises(DamagedError, match=entry.name.hex()):
        store.after(0, limit_bytes=EVERYTHING)


def test_a_question_costs_what_changed_and_not_what_is_stored(database: Database) -> None:
    """Counted in steps of SQLite's machine, so that a slow computer makes no difference."""
    library = make_library()
    anna = library.join("anna")
    store = SqliteLogStore(database, library.id)
    costs = []
    for _ in range(2):
        for _ in range(300):
            anna.change()
        store.append(library.raws(), now=NOW)
        costs.append(costs_of_one_change(database, store, anna))
    assert costs[0] == costs[1]
    assert min(costs[0]) > 0


@pytest.mark.process
def test_two_processes_append_to_one_store(path: Path) -> None:
    library = make_library()
    authors = [library.join(name) for name in ("anna", "bert")]
    Database(path, [LOG_SCHEMA]).close()
    context = multiprocessing.get_context("spawn")
    begin = context.Barrier(2)
    begun = library.raws()
    shares = [begun + [author.change().raw for _ in range(40)] for author in authors]
    processes = [context.Process(target=append_one_by_one, args=(path, library.id, share, begin)) for share in shares]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    database = Database(path, [LOG_SCHEMA])
    store = SqliteLogStore(database, library.id)
    assert store.heads() == library.heads()
    assert store.count() == store.arrival() == len(library.entries)
    assert [each.arrival for each in store.after(0, limit_bytes=EVERYTHING)] == list(range(1, len(library.entries) + 1))
    assert_causal_order(store)
    database.close()


def append_one_by_one(path: Path, library: LibraryId, raws: list[bytes], begin: Barrier) -> None:
    """What each of two processes does."""
    database = Database(path, [LOG_SCHEMA])
    store = SqliteLogStore(database, library)
    begin.wait()
    for raw in raws:
        [outcome] = store.append([raw], now=NOW)
        assert outcome.status in (Status.STORED, Status.KNOWN), outcome
    database.close()


def costs_of_one_change(database: Database, store: SqliteLogStore, author: Author) -> list[int]:
    """Steps for storing one more change, and for every question that follows."""
    known = author.library.heads()
    new = author.change()
    return [
        steps(database, lambda: store.append([new.raw], now=NOW)),
        steps(database, store.heads),
        steps(database, store.roster),
        steps(database, lambda: store.after(store.arrival() - 1, limit_bytes=EVERYTHING)),
        steps(database, lambda: store.missing(known, limit_bytes=EVERYTHING)),
        steps(database, lambda: store.get(new.name)),
        steps(database, lambda: store.at(new.log, new.seq)),
        steps(database, lambda: store.is_ancestor(author.library.genesis.name, dep_of(new))),
    ]


def steps(database: Database, action: Callable[[], object]) -> int:
    """How many instructions of its machine SQLite needs for ``action``."""
    count = 0

    def one_more() -> None:
        nonlocal count
        count += 1

    with database.read() as connection:
        connection.set_progress_handler(one_more, 1)
    action()
    with database.read() as connection:
        connection.set_progress_handler(None, 1)
    return count
