"""Memory and SQLite accounts pass the same suites; what only a database does is tested below them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from relay.accounts import Libraries, LibraryAccount, Mailboxes, Sessions, TokenHash
from relay.memory_accounts import MemoryLibraries, MemoryMailboxes, MemorySessions
from relay.sqlite_accounts import RELAY_SCHEMA, SqliteLibraries, SqliteMailboxes, SqliteSessions, store_id
from store.database import Database
from store.log import Status
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.conformance.accounts import ANNA, TOKEN, LibrariesConformance, MailboxesConformance, SessionsConformance
from tests.fleet.authors import NOW, make_library


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "relay.db", (LOG_SCHEMA, RELAY_SCHEMA))) as database:
        yield database


class TestMemoryLibraries(LibrariesConformance):
    @pytest.fixture
    def libraries(self) -> Libraries:
        return MemoryLibraries()


class TestMemorySessions(SessionsConformance):
    @pytest.fixture
    def sessions(self) -> Sessions:
        return MemorySessions()


class TestMemoryMailboxes(MailboxesConformance):
    @pytest.fixture
    def mailboxes(self) -> Mailboxes:
        return MemoryMailboxes()


class TestSqliteLibraries(LibrariesConformance):
    @pytest.fixture
    def libraries(self, database: Database) -> Libraries:
        return SqliteLibraries(database)

    def test_a_block_is_taken_back_whole(self, database: Database) -> None:
        library = make_library()
        libraries, log = SqliteLibraries(database), SqliteLogStore(database, library.id)
        libraries.add_token(TOKEN, quota=1, uses=1, now=NOW)
        with suppress(ZeroDivisionError), libraries.atomic():
            libraries.register(library.id, TOKEN, now=NOW)
            assert log.append(library.raws(), now=NOW)[0].status is Status.STORED
            1 / 0  # noqa: B018
        assert libraries.accounts() == []
        assert log.count() == 0
        assert libraries.register(ANNA, TOKEN, now=NOW) == 1

    def test_what_was_stored_is_there_when_the_file_is_opened_again(self, tmp_path: Path) -> None:
        path = tmp_path / "relay.db"
        with closing(Database(path, (RELAY_SCHEMA,))) as database:
            first = store_id(database, lambda count: b"s" * count)
            SqliteLibraries(database).add_token(TOKEN, quota=5, uses=1, now=NOW)
            SqliteLibraries(database).register(ANNA, TOKEN, now=NOW)
        with closing(Database(path, (RELAY_SCHEMA,))) as database:
            assert store_id(database, lambda count: b"t" * count) == first
            assert SqliteLibraries(database).account(ANNA) == LibraryAccount(
                library=ANNA, quota=5, blobs=0, blob_bytes=0, entry_bytes=0, registered_at=NOW
            )

    def test_no_token_is_in_the_file(self, database: Database, tmp_path: Path) -> None:
        SqliteLibraries(database).add_token(TokenHash.of("a-very-secret-token"), quota=1, uses=1, now=NOW)
        database.close()
        assert not any(b"a-very-secret-token" in path.read_bytes() for path in tmp_path.iterdir())


class TestSqliteSessions(SessionsConformance):
    @pytest.fixture
    def sessions(self, database: Database) -> Sessions:
        return SqliteSessions(database)


class TestSqliteMailboxes(MailboxesConformance):
    @pytest.fixture
    def mailboxes(self, database: Database) -> Mailboxes:
        return SqliteMailboxes(database)
