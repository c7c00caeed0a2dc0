"""Databases on a disk whose power is cut, that is full, or that rots."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from store.database import Database, SchemaPart
from store.errors import DamagedError, NoSpaceError
from tests.simulation.disk import Disk, PowerCutError, Survival
from tests.unit.simulation.cuts import one_disk

PART = SchemaPart(name="test", scripts=["CREATE TABLE number (value INTEGER NOT NULL) STRICT;"])


@pytest.fixture
def disk() -> Iterator[Disk]:
    with one_disk() as made:
        yield made


def opened(disk: Disk) -> Database:
    return Database(disk.root / "test.db", [PART])


def add(database: Database, *values: int) -> None:
    with database.write() as connection:
        for value in values:
            connection.execute("INSERT INTO number VALUES (?)", (value,))


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return [value for (value,) in connection.execute("SELECT value FROM number ORDER BY value")]


def restarted(disk: Disk, survival: Survival = Survival.STRICT) -> list[int]:
    disk.cut_power(survival)
    disk.power_on()
    with closing(opened(disk)) as database:
        return numbers(database)


def test_what_was_committed_survives_and_what_was_not_does_not(disk: Disk) -> None:
    database = opened(disk)
    add(database, 1)
    add(database, 2)
    with pytest.raises(PowerCutError):
        _lose_power_inside_a_transaction(database, disk)
    with pytest.raises(PowerCutError):
        numbers(database)
    disk.power_on()
    with pytest.raises(PowerCutError):
        numbers(database)
    with closing(opened(disk)) as again:
        assert numbers(again) == [1, 2]


def _lose_power_inside_a_transaction(database: Database, disk: Disk) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO number VALUES (3)")
        disk.cut_power(Survival.KIND)
        connection.execute("INSERT INTO number VALUES (4)")


def test_the_commit_at_which_the_power_goes(disk: Disk) -> None:
    database = opened(disk)
    for after, kept in ((False, []), (True, [1])):
        disk.cut_power_at(2, after=after, survival=Survival.STRICT)
        with pytest.raises(PowerCutError):
            add(database, 1)
        disk.power_on()
        database = opened(disk)
        assert numbers(database) == kept


def test_half_a_commit_is_no_commit() -> None:
    for seed in range(10):
        with one_disk(seed) as disk:
            database = opened(disk)
            add(database, 1)
            disk.cut_power_at(2, survival=Survival.MIXED)
            with pytest.raises(PowerCutError):
                add(database, *range(2, 2000))
            log = (disk.root / "test.db-wal").stat().st_size
            disk.power_on()
            assert (disk.root / "test.db-wal").stat().st_size < log
            assert restarted(disk) == [1]


def test_a_log_that_was_taken_over_survives(disk: Disk) -> None:
    with closing(opened(disk)) as database:
        add(database, 1)
    assert not (disk.root / "test.db-wal").exists()
    assert restarted(disk) == [1]


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_commits_that_are_not_synced_are_lost_back_to_the_last_that_was(disk: Disk, synchronous: str) -> None:
    database = opened(disk)
    add(database, 1)
    with database.read() as connection:
        pass
    connection.execute(f"PRAGMA synchronous={synchronous}")
    add(database, 2)
    add(database, 3)
    assert restarted(disk) == [1]
    database = opened(disk)
    with database.read() as connection:
        pass
    connection.execute(f"PRAGMA synchronous={synchronous}")
    add(database, 2)
    assert restarted(disk, Survival.KIND) == [1, 2]


def test_a_log_that_is_taken_over_is_synced_before(disk: Disk) -> None:
    database = opened(disk)
    with database.read() as connection:
        pass
    connection.execute("PRAGMA synchronous=NORMAL")
    add(database, 1)
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    add(database, 2)
    assert restarted(disk) == [1]


def test_a_database_that_never_committed_has_no_name(disk: Disk) -> None:
    connection = sqlite3.connect(disk.root / "test.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    disk.cut_power(Survival.STRICT)
    disk.power_on()
    assert list(disk.root.iterdir()) == []


def test_connections_of_the_dead_touch_nothing_of_what_comes_after(disk: Disk) -> None:
    old = opened(disk)
    add(old, 1)
    disk.cut_power(Survival.KIND)
    disk.power_on()
    new = opened(disk)
    add(new, 2)
    old.close()
    del old
    add(new, 3)
    disk.cut_power_at(1)
    with pytest.raises(PowerCutError):
        add(new, 4)
    disk.power_on()
    with closing(opened(disk)) as database:
        assert numbers(database) == [1, 2, 3]


def test_several_connections_to_one_database(disk: Disk) -> None:
    one, two = opened(disk), opened(disk)
    add(one, 1)
    add(two, 2)
    one.close()
    add(two, 3)
    assert restarted(disk) == [1, 2, 3]


def test_a_full_disk(disk: Disk) -> None:
    with closing(opened(disk)) as database:
        add(database, 1)
        disk.room = 1000
        with pytest.raises(NoSpaceError):
            add(database, 2)
        with pytest.raises(NoSpaceError):
            add(database, *range(10_000))
        assert numbers(database) == [1]
        disk.room = 100_000
        add(database, 2)
        assert disk.room < 100_000
        disk.room = None
        add(database, *range(10_000))
        assert len(numbers(database)) == 10_002


def test_a_disk_that_fills_up_inside_a_transaction(disk: Disk) -> None:
    with closing(opened(disk)) as database:
        disk.room = 50_000
        with pytest.raises(NoSpaceError):
            add(database, *range(100_000))
        assert numbers(database) == []


def test_opening_and_reading_need_no_room(disk: Disk) -> None:
    with closing(opened(disk)) as database:
        add(database, 1)
    disk.room = 0
    with closing(opened(disk)) as database:
        assert numbers(database) == [1]


def test_a_page_that_rots(disk: Disk) -> None:
    with closing(opened(disk)) as database:
        add(database, *range(20_000))
        with pytest.raises(RuntimeError, match="switched off"):
            disk.rot_page()
    before = disk.digest()
    assert disk.rot_page() == "a bit of a page of the database turns"
    assert disk.digest() != before
    with one_disk() as empty:
        assert empty.rot_page() == ""


def test_a_database_in_a_backup_of_a_running_machine(disk: Disk, tmp_path: Path) -> None:
    database = opened(disk)
    add(database, 1)
    image = disk.image()
    assert list(image.files) == ["test.db"]
    add(database, 2)
    database.close()
    disk.put_back(image)
    assert restarted(disk) == [1]


def test_damage_is_noticed_or_harmless() -> None:
    noticed = 0
    for seed in range(20):
        with one_disk(seed) as disk:
            with closing(opened(disk)) as database:
                add(database, *range(3000))
            disk.rot_page()
            try:
                with closing(opened(disk)) as database, database.read() as connection:
                    noticed += connection.execute("PRAGMA integrity_check").fetchone() != ("ok",)
            except DamagedError:
                noticed += 1
    assert noticed
