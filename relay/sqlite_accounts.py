"""Accounts in the relay's database, which the log store shares: a push and what it costs are one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib.resources import files

from relay.accounts import (
    MAIL_LIFETIME_MS,
    MAX_MAIL_AT_ONCE,
    PROMISE_MS,
    LibraryAccount,
    Session,
    TokenHash,
    box_is_full,
    library_unknown,
    node_mail_is_full,
    over_quota,
    token_invalid,
)
from relay.messages import BoxId
from relay.messages.limits import MAX_MAIL_MESSAGES
from relay.seams import Randomness
from store.database import Database, SchemaPart
from store.ids import BlobId, DeviceId, LibraryId, StoreId

RELAY_SCHEMA = SchemaPart(
    name="relay",
    scripts=tuple(files("relay").joinpath(script).read_text("utf-8") for script in ("schema.sql", "schema_2.sql")),
)
_RUNNING = "coalesce((SELECT running FROM relay_running), 0)"
_ACCOUNT_COLUMNS = "name, quota, blobs, blob_bytes, entry_bytes, registered_at"


def store_id(database: Database, randomness: Randomness) -> StoreId:
    """The id of the stores in this database, made when it is asked for first."""
    with database.write() as connection:
        connection.execute("INSERT OR IGNORE INTO relay_store VALUES (1, ?)", (randomness(StoreId.SIZE),))
        return StoreId(connection.execute("SELECT store FROM relay_store").fetchone()[0])


class SqliteLibraries:
    """``Libraries`` over a ``Database`` that was opened with ``RELAY_SCHEMA``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def atomic(self) -> AbstractContextManager[object]:
        return self._database.write()

    def add_token(self, token: TokenHash, *, quota: int, uses: int, now: int) -> None:
        with self._database.write() as connection:
            connection.execute("INSERT INTO relay_token VALUES (?, ?, ?, ?)", (token, quota, uses, now))

    def unused_tokens(self) -> int:
        with self._database.read() as connection:
            return int(connection.execute("SELECT count(*) FROM relay_token WHERE uses_left > 0").fetchone()[0])

    def register(self, library: LibraryId, token: TokenHash, *, now: int) -> int:
        with self._database.write() as connection:
            known = connection.execute("SELECT quota, uses_left FROM relay_token WHERE hash = ?", (token,)).fetchone()
            registered = connection.execute("SELECT quota, token FROM relay_library WHERE name = ?", (library,)).fetchone()
            is_same_again = registered is not None and registered[1] == token
            if known is None or (not is_same_again and not known[1]):
                raise token_invalid()
            if registered is not None:
                return int(registered[0])
            quota = int(known[0])
            connection.execute("UPDATE relay_token SET uses_left = uses_left - 1 WHERE hash = ?", (token,))
            connection.execute(
                "INSERT INTO relay_library (name, token, quota, registered_at) VALUES (?, ?, ?, ?)", (library, token, quota, now)
            )
            return quota

    def account(self, library: LibraryId) -> LibraryAccount | None:
        with self._database.read() as connection:
            row = connection.execute(f"SELECT {_ACCOUNT_COLUMNS} FROM relay_library WHERE name = ?", (library,)).fetchone()  # noqa: S608
        return None if row is None else _account(*row)

    def accounts(self) -> list[LibraryAccount]:
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT {_ACCOUNT_COLUMNS} FROM relay_library ORDER BY name").fetchall()  # noqa: S608
        return [_account(*row) for row in rows]

    def add_entry_bytes(self, library: LibraryId, size: int) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE relay_library SET entry_bytes = entry_bytes + ? WHERE name = ?", (size, library))

    def add_blob(self, library: LibraryId, blob: BlobId, size: int, *, now: int) -> bool:
        with self._database.write() as connection:
            row = connection.execute("SELECT id, quota, blob_bytes FROM relay_library WHERE name = ?", (library,)).fetchone()
            if row is None:
                raise library_unknown()
            key, quota, blob_bytes = row
            if connection.execute("SELECT 1 FROM relay_holding WHERE library = ? AND blob = ?", (key, blob)).fetchone():
                return False
            if blob_bytes + size > quota:
                raise over_quota()
            query = f"INSERT INTO relay_holding (library, blob, size, stored_at, stored_running) VALUES (?, ?, ?, ?, {_RUNNING})"  # noqa: S608
            connection.execute(query, (key, blob, size, now))
            connection.execute("DELETE FROM relay_wanted WHERE library = ? AND blob = ?", (key, blob))
            connection.execute("UPDATE relay_library SET blobs = blobs + 1, blob_bytes = blob_bytes + ? WHERE id = ?", (size, key))
            return True

    def held(self, library: LibraryId, blobs: Sequence[BlobId]) -> frozenset[BlobId]:
        query = "SELECT 1 FROM relay_holding WHERE library = (SELECT id FROM relay_library WHERE name = ?) AND blob = ?"
        with self._database.read() as connection:
            return frozenset(blob for blob in blobs if connection.execute(query, (library, blob)).fetchone())

    def held_since(self, library: LibraryId, blobs: Sequence[BlobId]) -> dict[BlobId, int | None]:
        query = "SELECT stored_at FROM relay_holding WHERE library = (SELECT id FROM relay_library WHERE name = ?) AND blob = ?"
        with self._database.read() as connection:
            rows = {blob: connection.execute(query, (library, blob)).fetchone() for blob in blobs}
        return {blob: int(row[0]) for blob, row in rows.items() if row is not None}

    def keep(self, library: LibraryId, blobs: Sequence[BlobId], *, until: int) -> None:
        with self._database.write() as connection:
            connection.executemany(
                f"UPDATE relay_holding SET kept_until = max(kept_until, ?), kept_running = {_RUNNING} + ?"  # noqa: S608
                " WHERE library = (SELECT id FROM relay_library WHERE name = ?) AND blob = ?",
                [(until, PROMISE_MS, library, blob) for blob in blobs],
            )

    def kept_until(self, library: LibraryId, blob: BlobId) -> int:
        query = "SELECT kept_until FROM relay_holding WHERE library = (SELECT id FROM relay_library WHERE name = ?) AND blob = ?"
        with self._database.read() as connection:
            row = connection.execute(query, (library, blob)).fetchone()
        return int(row[0]) if row else 0

    def forget_blob(self, blob: BlobId) -> list[LibraryId]:
        with self._database.write() as connection:
            holders = connection.execute(
                "SELECT id, name, size FROM relay_holding JOIN relay_library ON id = library WHERE blob = ? ORDER BY name", (blob,)
            ).fetchall()
            for key, _, size in holders:
                connection.execute("UPDATE relay_library SET blobs = blobs - 1, blob_bytes = blob_bytes - ? WHERE id = ?", (size, key))
                connection.execute("DELETE FROM relay_released WHERE library = ? AND blob = ?", (key, blob))
                connection.execute("INSERT OR IGNORE INTO relay_wanted VALUES (?, ?)", (key, blob))
            connection.execute("DELETE FROM relay_holding WHERE blob = ?", (blob,))
            connection.execute("DELETE FROM relay_trash WHERE blob = ?", (blob,))
        return [LibraryId(name) for _, name, _ in holders]

    def wanted(self, library: LibraryId, *, limit: int) -> list[BlobId]:
        query = "SELECT blob FROM relay_wanted WHERE library = (SELECT id FROM relay_library WHERE name = ?) ORDER BY blob LIMIT ?"
        with self._database.read() as connection:
            return [BlobId(blob) for (blob,) in connection.execute(query, (library, limit))]

    def known_blobs(self, *, after: BlobId | None, limit: int) -> list[BlobId]:
        """Blobs that some library holds or has in the trash, in order."""
        query = "SELECT blob FROM relay_holding WHERE blob > ?1 UNION SELECT blob FROM relay_trash WHERE blob > ?1 ORDER BY blob LIMIT ?2"
        with self._database.read() as connection:
            return [BlobId(blob) for (blob,) in connection.execute(query, (after or b"", limit))]

    def is_known(self, blob: BlobId) -> bool:
        """Whether it is one of these."""
        query = "SELECT EXISTS (SELECT 1 FROM relay_holding WHERE blob = ?1) OR EXISTS (SELECT 1 FROM relay_trash WHERE blob = ?1)"
        with self._database.read() as connection:
            return bool(connection.execute(query, (blob,)).fetchone()[0])


class SqliteSessions:
    """``Sessions`` over a ``Database`` that was opened with ``RELAY_SCHEMA``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, token: TokenHash, session: Session, *, nonce: bytes, nonce_until: int, now: int) -> bool:
        with self._database.write() as connection:
            connection.execute("DELETE FROM relay_session WHERE expires <= ?", (now,))
            connection.execute("DELETE FROM relay_nonce WHERE until <= ?", (now,))
            try:
                connection.execute("INSERT INTO relay_nonce VALUES (?, ?, ?)", (session.device, nonce, nonce_until))
            except sqlite3.IntegrityError:
                return False
            connection.execute("INSERT INTO relay_session VALUES (?, ?, ?, ?)", (token, session.library, session.device, session.expires))
            return True

    def find(self, token: TokenHash, *, now: int) -> Session | None:
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT library, device, expires FROM relay_session WHERE token = ? AND expires > ?", (token, now)
            ).fetchone()
        return None if row is None else Session(library=LibraryId(row[0]), device=DeviceId(row[1]), expires=row[2])

    def close(self, token: TokenHash) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM relay_session WHERE token = ?", (token,))

    def count(self, *, now: int) -> int:
        with self._database.read() as connection:
            return int(connection.execute("SELECT count(*) FROM relay_session WHERE expires > ?", (now,)).fetchone()[0])


class SqliteMailboxes:
    """``Mailboxes`` over a ``Database`` that was opened with ``RELAY_SCHEMA``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def post(self, box: BoxId, message: bytes, *, now: int) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM relay_mail WHERE expires <= ?", (now,))
            in_box, newest = connection.execute("SELECT count(*), max(number) FROM relay_mail WHERE box = ?", (box,)).fetchone()
            if in_box >= MAX_MAIL_MESSAGES:
                raise box_is_full()
            if connection.execute("SELECT count(*) FROM relay_mail").fetchone()[0] >= MAX_MAIL_AT_ONCE:
                raise node_mail_is_full()
            number = 0 if newest is None else newest + 1
            connection.execute("INSERT INTO relay_mail VALUES (?, ?, ?, ?)", (box, number, message, now + MAIL_LIFETIME_MS))

    def messages(self, box: BoxId, *, after: int, now: int) -> list[bytes]:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT message FROM relay_mail WHERE box = ? AND number >= ? AND expires > ? ORDER BY number", (box, after, now)
            ).fetchall()
        return [bytes(row[0]) for row in rows]


def _account(name: bytes, quota: int, blobs: int, blob_bytes: int, entry_bytes: int, registered_at: int) -> LibraryAccount:
    return LibraryAccount(
        library=LibraryId(name), quota=quota, blobs=blobs, blob_bytes=blob_bytes, entry_bytes=entry_bytes, registered_at=registered_at
    )
