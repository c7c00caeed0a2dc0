"""The release book in the relay's database: what it says and what it moves is one transaction with accounts and log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence

from relay.accounts import PROMISE_MS
from relay.release_book import NotedRelease, ReleasedBlob, Trashed
from store.database import Database
from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId, StoreId
from store.releases import Wait, Witness

_KEY = "(SELECT id FROM relay_library WHERE name = ?)"
_OPEN = """
    SELECT name, log, author, blobs, cancelled FROM relay_release AS r WHERE library = ?
    AND EXISTS (SELECT 1 FROM relay_released AS b WHERE b.library = r.library AND b.release = r.name) ORDER BY name
"""
_BLOBS = """
    SELECT r.blob, h.size, r.is_judged, r.since, r.agreed, h.kept_until, h.kept_running
    FROM relay_released AS r JOIN relay_holding AS h ON h.library = r.library AND h.blob = r.blob
    WHERE r.library = ? AND r.release = ? AND r.blob > ? ORDER BY r.blob LIMIT ?
"""
_CANCELLED = "UPDATE relay_release SET cancelled = cancelled + 1 WHERE library = ? AND name = ?"
_RESET = (
    "DELETE FROM relay_released",
    "DELETE FROM relay_release",
    "DELETE FROM relay_heard",
    "UPDATE relay_checkpoint SET noted_at = 0",
    "UPDATE relay_trash SET trashed_at = 0",
    "UPDATE relay_holding SET stored_running = 0, kept_running = iif(kept_until > 0, ?1, 0) WHERE stored_running > 0 OR kept_until > 0",
    "UPDATE relay_library SET noted = NULL",
)


class SqliteReleases:
    """A ``ReleaseBook`` over a ``Database`` that was opened with ``RELAY_SCHEMA``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Time

    def begin(self, store: StoreId) -> None:
        with self._database.write() as connection:
            row = connection.execute("SELECT store FROM relay_running").fetchone()
            if row is not None and row[0] == store:
                return
            for statement in _RESET:
                connection.execute(statement, (PROMISE_MS,) if "?1" in statement else ())
            connection.execute("INSERT OR REPLACE INTO relay_running VALUES (1, ?, 0)", (store,))

    def running(self) -> int:
        with self._database.read() as connection:
            return _running(connection)

    def count(self, milliseconds: int) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE relay_running SET running = running + ?", (milliseconds,))

    # What entries and reports say

    def noted(self, library: LibraryId) -> int | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT noted FROM relay_library WHERE name = ?", (library,)).fetchone()
        return None if row is None else row[0]

    def note(self, library: LibraryId, arrival: int) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE relay_library SET noted = ? WHERE name = ?", (arrival, library))

    def add_release(self, library: LibraryId, name: EntryHash, log: LogId, author: DeviceId | None, blobs: Sequence[BlobId]) -> None:
        with self._database.write() as connection:
            key = _key(connection, library)
            query = "SELECT 1 FROM relay_release WHERE library = ? AND name = ?"
            if connection.execute(query, (key, name)).fetchone() is None:
                query = "SELECT 1 FROM relay_holding WHERE library = ? AND blob = ?"
                held = [blob for blob in blobs if connection.execute(query, (key, blob)).fetchone()]
                connection.execute("INSERT INTO relay_release (library, name, log, blobs) VALUES (?, ?, ?, ?)", (key, name, log, len(held)))
                query = "INSERT INTO relay_released (library, release, blob, is_judged) VALUES (?, ?, ?, 0)"
                connection.executemany(query, [(key, name, blob) for blob in held])
                connection.executemany("DELETE FROM relay_wanted WHERE library = ? AND blob = ?", [(key, blob) for blob in blobs])
            if author is not None:
                connection.execute("UPDATE relay_release SET author = ? WHERE library = ? AND name = ?", (author, key, name))
                connection.execute(
                    "UPDATE relay_released AS r SET is_judged = 1 WHERE library = ? AND release = ?"
                    " AND NOT EXISTS (SELECT 1 FROM relay_claim AS c WHERE c.library = r.library AND c.blob = r.blob)",
                    (key, name),
                )

    def add_claim(self, library: LibraryId, name: EntryHash, blobs: Sequence[BlobId]) -> None:
        with self._database.write() as connection:
            key = _key(connection, library)
            connection.executemany("INSERT OR IGNORE INTO relay_claim VALUES (?, ?, ?)", [(key, blob, name) for blob in blobs])
            for blob in blobs:
                query = (
                    "DELETE FROM relay_released AS r WHERE library = ? AND blob = ? AND"
                    " (SELECT author FROM relay_release AS e WHERE e.library = r.library AND e.name = r.release) IS NOT NULL RETURNING release"
                )
                _count_cancelled(connection, key, connection.execute(query, (key, blob)).fetchall())

    def add_checkpoint(self, library: LibraryId, name: EntryHash) -> None:
        with self._database.write() as connection:
            query = "INSERT OR IGNORE INTO relay_checkpoint VALUES (?, ?, ?)"
            connection.execute(query, (_key(connection, library), name, _running(connection)))

    def checkpoints(self, library: LibraryId) -> Mapping[EntryHash, int]:
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT name, noted_at FROM relay_checkpoint WHERE library = {_KEY}", (library,)).fetchall()  # noqa: S608
        return {EntryHash(name): noted_at for name, noted_at in rows}

    def forget_checkpoint(self, library: LibraryId, name: EntryHash) -> None:
        with self._database.write() as connection:
            connection.execute(f"DELETE FROM relay_checkpoint WHERE library = {_KEY} AND name = ?", (library, name))  # noqa: S608

    def hear(self, library: LibraryId, devices: Collection[DeviceId], *, reported: bool) -> None:
        with self._database.write() as connection:
            verb = "INSERT OR REPLACE" if reported else "INSERT OR IGNORE"
            key, running = _key(connection, library), _running(connection)
            query = f"{verb} INTO relay_heard VALUES (?, ?, ?, ?)"
            connection.executemany(query, [(key, device, running, int(reported)) for device in devices])

    def witnesses(self, library: LibraryId) -> Mapping[DeviceId, Witness]:
        query = f"SELECT device, heard_at, has_reported FROM relay_heard WHERE library = {_KEY}"  # noqa: S608
        with self._database.read() as connection:
            rows = connection.execute(query, (library,)).fetchall()
        return {DeviceId(device): Witness(heard_at, bool(has_reported)) for device, heard_at, has_reported in rows}

    # Blobs that were released

    def released(self, library: LibraryId, blobs: Collection[BlobId]) -> frozenset[BlobId]:
        query = (
            "SELECT EXISTS (SELECT 1 FROM relay_released WHERE library = ?1 AND blob = ?2)"
            " OR EXISTS (SELECT 1 FROM relay_trash WHERE library = ?1 AND blob = ?2)"
        )
        with self._database.read() as connection:
            key = _key(connection, library)
            return frozenset(blob for blob in blobs if connection.execute(query, (key, blob)).fetchone()[0])

    def want(self, library: LibraryId, blobs: Collection[BlobId], *, is_there: Callable[[BlobId], bool]) -> None:
        with self._database.write() as connection:
            key = _key(connection, library)
            for blob in blobs:
                query = "DELETE FROM relay_released WHERE library = ? AND blob = ? RETURNING release"
                _count_cancelled(connection, key, connection.execute(query, (key, blob)).fetchall())
                query = "DELETE FROM relay_trash WHERE library = ? AND blob = ? RETURNING size, stored_at"
                trashed = connection.execute(query, (key, blob)).fetchone()
                if trashed is not None and is_there(blob):
                    query = "INSERT INTO relay_holding (library, blob, size, stored_at, stored_running) VALUES (?, ?, ?, ?, ?)"
                    connection.execute(query, (key, blob, *trashed, _running(connection)))
                    _give_room(connection, key, blobs=-1, size=-trashed[0])

    def libraries(self) -> list[LibraryId]:
        query = "SELECT name FROM relay_library WHERE id IN (SELECT library FROM relay_released) ORDER BY name"
        with self._database.read() as connection:
            return [LibraryId(name) for (name,) in connection.execute(query)]

    def open_releases(self, library: LibraryId) -> list[NotedRelease]:
        with self._database.read() as connection:
            rows = connection.execute(_OPEN, (_key(connection, library),)).fetchall()
        return [
            NotedRelease(
                name=EntryHash(name), log=LogId(log), author=None if author is None else DeviceId(author), blobs=blobs, cancelled=cancelled
            )
            for name, log, author, blobs, cancelled in rows
        ]

    def cancelled(self, library: LibraryId) -> int:
        query = f"SELECT coalesce(sum(cancelled), 0) FROM relay_release WHERE library = {_KEY}"  # noqa: S608
        with self._database.read() as connection:
            return int(connection.execute(query, (library,)).fetchone()[0])

    def blobs_of(self, library: LibraryId, release: EntryHash, *, after: BlobId | None, limit: int) -> list[ReleasedBlob]:
        with self._database.read() as connection:
            rows = connection.execute(_BLOBS, (_key(connection, library), release, after or b"", limit)).fetchall()
        return [
            ReleasedBlob(
                blob=BlobId(blob),
                size=size,
                is_judged=bool(is_judged),
                wait=Wait(since, agreed),
                kept_until=kept_until,
                kept_running=kept_running,
            )
            for blob, size, is_judged, since, agreed, kept_until, kept_running in rows
        ]

    def claims(self, library: LibraryId, release: EntryHash) -> Mapping[BlobId, frozenset[EntryHash]]:
        query = (
            "SELECT r.blob, c.claim FROM relay_released AS r JOIN relay_claim AS c ON c.library = r.library AND c.blob = r.blob"
            " WHERE r.library = ? AND r.release = ? AND r.is_judged = 0"
        )
        found: dict[BlobId, set[EntryHash]] = {}
        with self._database.read() as connection:
            for blob, claim in connection.execute(query, (_key(connection, library), release)):
                found.setdefault(BlobId(blob), set()).add(EntryHash(claim))
        return {blob: frozenset(names) for blob, names in found.items()}

    def judge(self, library: LibraryId, release: EntryHash, looked_at: Collection[BlobId], *, cancelled: Collection[BlobId]) -> None:
        with self._database.write() as connection:
            key = _key(connection, library)
            query = "UPDATE relay_released SET is_judged = 1 WHERE library = ? AND release = ? AND blob = ?"
            connection.executemany(query, [(key, release, blob) for blob in looked_at])
            query = "DELETE FROM relay_released WHERE library = ? AND release = ? AND blob = ? RETURNING release"
            for blob in cancelled:
                _count_cancelled(connection, key, connection.execute(query, (key, release, blob)).fetchall())

    def wait(self, library: LibraryId, release: EntryHash, waits: Mapping[BlobId, Wait]) -> None:
        with self._database.write() as connection:
            key = _key(connection, library)
            query = "UPDATE relay_released SET since = ?, agreed = ? WHERE library = ? AND release = ? AND blob = ?"
            connection.executemany(query, [(*wait, key, release, blob) for blob, wait in waits.items()])

    # Trash

    def trash(self, library: LibraryId, blobs: Collection[BlobId]) -> None:
        with self._database.write() as connection:
            key, running = _key(connection, library), _running(connection)
            for blob in blobs:
                connection.execute("DELETE FROM relay_released WHERE library = ? AND blob = ?", (key, blob))
                query = "DELETE FROM relay_holding WHERE library = ? AND blob = ? RETURNING size, stored_at"
                held = connection.execute(query, (key, blob)).fetchone()
                if held is not None:
                    connection.execute("INSERT INTO relay_trash VALUES (?, ?, ?, ?, ?)", (key, blob, *held, running))
                    _give_room(connection, key, blobs=1, size=held[0])

    def trashed(self, library: LibraryId) -> Trashed:
        query = f"SELECT count(*), coalesce(sum(size), 0) FROM relay_trash WHERE library = {_KEY}"  # noqa: S608
        with self._database.read() as connection:
            return Trashed(*connection.execute(query, (library,)).fetchone())

    def overdue(self, before: int, *, limit: int) -> list[tuple[LibraryId, BlobId, int]]:
        query = (
            "SELECT l.name, t.blob, t.size FROM relay_trash AS t JOIN relay_library AS l ON l.id = t.library"
            " WHERE t.trashed_at < ? ORDER BY t.trashed_at, t.blob, l.name LIMIT ?"
        )
        with self._database.read() as connection:
            rows = connection.execute(query, (before, limit)).fetchall()
        return [(LibraryId(name), BlobId(blob), size) for name, blob, size in rows]

    def empty(self, library: LibraryId, blob: BlobId) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM relay_holding WHERE blob = ?1) OR EXISTS (SELECT 1 FROM relay_trash WHERE blob = ?1)"
        with self._database.write() as connection:
            connection.execute(f"DELETE FROM relay_trash WHERE library = {_KEY} AND blob = ?", (library, blob))  # noqa: S608
            return not connection.execute(query, (blob,)).fetchone()[0]

    def age(self, library: LibraryId, blob: BlobId) -> int:
        query = f"SELECT stored_running FROM relay_holding WHERE library = {_KEY} AND blob = ?"  # noqa: S608
        with self._database.read() as connection:
            row = connection.execute(query, (library, blob)).fetchone()
            return 0 if row is None else _running(connection) - int(row[0])


def _key(connection: sqlite3.Connection, library: LibraryId) -> int:
    """0 for a library that isn't registered: it has no rows."""
    row = connection.execute("SELECT id FROM relay_library WHERE name = ?", (library,)).fetchone()
    return 0 if row is None else int(row[0])


def _running(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT running FROM relay_running").fetchone()
    return 0 if row is None else int(row[0])


def _count_cancelled(connection: sqlite3.Connection, key: int, releases: Sequence[tuple[bytes]]) -> None:
    connection.executemany(_CANCELLED, [(key, release) for (release,) in releases])


def _give_room(connection: sqlite3.Connection, key: int, *, blobs: int, size: int) -> None:
    connection.execute("UPDATE relay_library SET blobs = blobs - ?, blob_bytes = blob_bytes - ? WHERE id = ?", (blobs, size, key))
