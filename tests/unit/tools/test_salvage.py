"""What is read of a database of which some pages are damaged."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peer.layout import LibraryFolder
from store.database import Database
from tests.bench.many_assets import fill
from tests.unit.tools.folders import make_pair
from tools.looking.folder import look_into
from tools.looking.logged import logged_entries
from tools.looking.opening import Place
from tools.looking.problems import Problems
from tools.looking.salvage import salvaged

TABLES = ("record", "asset", "log_entry", "log_branch", "log_library", "client", "past", "meta")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with enough rows for many pages."""
    root = tmp_path_factory.mktemp("filled")
    pair = make_pair(root)
    fill(pair.laptop, 150)
    pair.exchange()
    pair.close()
    return root / "laptop"


def rows(connection: sqlite3.Connection, table: str) -> set[tuple[object, ...]]:
    return set(connection.execute(f"SELECT * FROM {table}").fetchall())


def page_size(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[16:18], "big")


def damage(path: Path, pages: list[int], random: Random) -> None:
    size = page_size(path)
    with path.open("r+b") as stream:
        for page in pages:
            stream.seek(page * size)
            stream.write(random.randbytes(size))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_row_is_invented_and_whole_tables_are_whole(filled: Path, tmp_path: Path, data: st.DataObject) -> None:
    shutil.rmtree(tmp_path / "copy", ignore_errors=True)
    shutil.copytree(filled, tmp_path / "copy")
    folder = LibraryFolder(tmp_path / "copy")
    with closing(sqlite3.connect(folder.database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        before = {table: rows(connection, table) for table in TABLES}
    last = folder.database.stat().st_size // page_size(folder.database) - 1
    pages = data.draw(st.lists(st.integers(40, last), min_size=1, max_size=6, unique=True))
    damage(folder.database, pages, Random(len(pages)))
    problems = Problems(passes_on=False)
    with salvaged(Place(database=folder.database, library_folder=folder), problems) as database, database.read() as connection:
        for table in TABLES:
            found = rows(connection, table)
            is_damaged = any(f"table {table} " in problem for problem in problems.found)
            assert is_damaged or len(found) == len(before[table])


def test_one_page_of_the_log_costs_the_entries_on_it_and_no_others(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    folder = LibraryFolder(tmp_path / "copy")
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        leaves = [
            page
            for page, kind in connection.execute("SELECT pageno, pagetype FROM dbstat WHERE name = 'log_entry' ORDER BY path").fetchall()
            if kind == "leaf"
        ]
        before = rows(connection, "log_entry")
    damage(folder.database, [leaves[len(leaves) // 2] - 1], Random(1))
    with closing(Database(folder.database, (), read_only=True)) as database, pytest.raises(Exception), database.read() as connection:  # noqa: B017, PT011
        rows(connection, "log_entry")
    problems = Problems(passes_on=False)
    with salvaged(Place(database=folder.database, library_folder=folder), problems) as database, database.read() as connection:
        left = rows(connection, "log_entry")
    assert left < before
    assert len(before) - len(left) <= 40
    assert [problem for problem in problems.found if "log_entry" in problem] == [
        f"the table log_entry is damaged: {len(left)} rows of it could be read, some are missing"
    ]
    look = look_into(folder.root, lambda inspected: [each.arrival for each in logged_entries(inspected, inspected.libraries[0])])
    assert len(look.result) == len(left)
    assert "is damaged" in look.problems[0]


def test_what_lies_behind_a_damaged_page_of_a_table_without_row_numbers_is_found_from_the_end(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "copy")
    folder = LibraryFolder(tmp_path / "copy")
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        query = "SELECT pageno, ncell FROM dbstat WHERE name = 'record' AND pagetype = 'leaf' ORDER BY path"
        leaves = connection.execute(query).fetchall()
        before = sorted(rows(connection, "record"), key=lambda row: bytes(row[0]))  # type: ignore[call-overload]
    page, cells = leaves[len(leaves) // 2]
    damage(folder.database, [page - 1], Random(2))
    problems = Problems(passes_on=False)
    with salvaged(Place(database=folder.database, library_folder=folder), problems) as database, database.read() as connection:
        left = rows(connection, "record")
    assert len(left) >= len(before) - cells - 4, "the rows on the page, and those of inner pages beside it"
    assert before[0] in left
    assert before[-1] in left
