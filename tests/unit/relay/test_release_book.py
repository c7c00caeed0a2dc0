"""Both books keep the contract; what only a database does is tested below."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from importlib.resources import files
from pathlib import Path

import pytest

from relay.accounts import Libraries, TokenHash
from relay.memory_accounts import MemoryLibraries
from relay.memory_releases import MemoryReleases
from relay.release_book import ReleaseBook
from relay.sqlite_accounts import RELAY_SCHEMA, SqliteLibraries
from relay.sqlite_releases import SqliteReleases
from store.database import Database, SchemaPart
from tests.conformance.releases import ANNA, BLOBS, DEVICE, LOG, RELEASES, STORE, ReleaseBookConformance
from tests.fleet.authors import NOW

VERSION_1 = SchemaPart(name="relay", scripts=(files("relay").joinpath("schema.sql").read_text("utf-8"),))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "relay.db", (RELAY_SCHEMA,))) as database:
        yield database


class TestMemoryReleases(ReleaseBookConformance):
    @pytest.fixture
    def pair(self) -> tuple[Libraries, ReleaseBook]:
        libraries = MemoryLibraries()
        return libraries, MemoryReleases(libraries)


class TestSqliteReleases(ReleaseBookConformance):
    @pytest.fixture
    def pair(self, database: Database) -> tuple[Libraries, ReleaseBook]:
        return SqliteLibraries(database), SqliteReleases(database)

    def test_a_block_is_taken_back_whole(self, libraries: Libraries, book: ReleaseBook) -> None:
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS)
        with suppress(ZeroDivisionError), libraries.atomic():
            book.trash(ANNA, BLOBS)
            book.note(ANNA, 9)
            1 / 0  # noqa: B018
        assert libraries.held(ANNA, BLOBS) == {*BLOBS[:3]}
        assert book.released(ANNA, BLOBS) == {*BLOBS[:3]}
        assert book.noted(ANNA) is None


def test_a_database_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with closing(Database(path, (VERSION_1,))) as database, database.write() as connection:
        connection.execute("INSERT INTO relay_token VALUES (?, 100, 0, ?)", (TokenHash.of("token"), NOW))
        row = ANNA, TokenHash.of("token"), NOW
        connection.execute("INSERT INTO relay_library VALUES (1, ?, ?, 100, 1, 10, 0, ?)", row)
        connection.execute("INSERT INTO relay_holding VALUES (1, ?, 10, ?, ?)", (BLOBS[0], NOW, NOW + 1))
    with closing(Database(path, (RELAY_SCHEMA,))) as database:
        libraries, book = SqliteLibraries(database), SqliteReleases(database)
        book.begin(STORE)
        assert libraries.held(ANNA, BLOBS) == {BLOBS[0]}
        assert (book.running(), book.noted(ANNA), book.libraries(), book.age(ANNA, BLOBS[0])) == (0, None, [], 0)
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS)
        [found] = book.blobs_of(ANNA, RELEASES[0], after=None, limit=9)
        assert found.kept_until == NOW + 1
        assert found.kept_running > 0
