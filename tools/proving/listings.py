"""The rows of listings, made anew from records: in memory, for one portion of records at a time."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection
from types import TracebackType
from typing import Any, Self, TypeAlias

from crdt.record import Content
from peer.library.library import PEER_SCHEMA
from peer.library.projection import RecordProjection
from peer.library.queues import DownloadQueue
from peer.library.record_checks import PROJECTIONS
from store.database import Database
from store.ids import RecordId

Rows: TypeAlias = Mapping[str, frozenset[tuple[Any, ...]]]
"""By table; each row with its record before it."""


class _UndoneError(Exception):
    """Ends a transaction of which nothing should stay."""


class Listings:
    """The projection over a database of its own, empty between two portions."""

    def __init__(self) -> None:
        self._database = Database(":memory:", [PEER_SCHEMA])
        self._projection = RecordProjection(self._database, DownloadQueue(self._database))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._database.close()

    def rows(self, contents: Mapping[RecordId, Content], after: bytes, last: bytes) -> Rows:
        """Those of the records behind ``after`` and up to ``last``; ``contents`` holds all records that have a part in them."""
        made: Rows = {}
        try:
            with self._database.write() as connection:
                self._projection.update(contents, set())
                made = rows_between(connection, after, last)
                raise _UndoneError
        except _UndoneError:
            return made


def rows_between(connection: Connection, after: bytes, last: bytes) -> Rows:
    """The rows of all listings of the records behind ``after`` and up to ``last``."""
    query = "SELECT record, * FROM {} WHERE record > ? AND record <= ?"
    return {table: frozenset(connection.execute(query.format(table), (after, last)).fetchall()) for table in PROJECTIONS}
