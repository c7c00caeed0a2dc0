"""Which entries `dag` shows: the newest of all, of some time, of one log, or of those that wrote a record. No more of them is read than is shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from store.ids import LibraryId, LogId
from store.sqlite_rows import LibraryRows
from tools.looking.folder import Inspected
from tools.looking.logged import NEWEST, LoggedEntry, logged_at, logged_entries
from tools.looking.writes import RecordWrites

_FIRST_SINCE = "SELECT min(arrival) FROM log_entry WHERE library = ? AND received >= ?"
_LAST_UNTIL = "SELECT max(arrival) FROM log_entry WHERE library = ? AND received <= ?"
_NEWEST = "SELECT arrival FROM log_entry WHERE library = ? AND arrival BETWEEN ? AND ? ORDER BY arrival DESC LIMIT 1 OFFSET ?"
_COUNT = "SELECT count(*) FROM log_entry WHERE library = ? AND arrival BETWEEN ? AND ?"
_OF_LOG = """
    SELECT e.arrival FROM log_branch b JOIN log_entry e ON e.branch = b.id
    WHERE b.library = ? AND b.log = ? AND e.arrival BETWEEN ? AND ? ORDER BY e.arrival DESC
"""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """``entries`` come in a causal order, once. ``is_unbroken``: of all entries between the first and the last none is left out, so nothing that isn't here
    lies between two of them. ``older``, ``newer``: how many more there are."""

    entries: Iterator[LoggedEntry]
    is_unbroken: bool
    older: int
    newer: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for. ``since`` and ``until``: milliseconds since 1970, when entries came here."""

    log: LogId | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 40


def select(inspected: Inspected, library: LibraryId, asked: Asked) -> Selection:
    """The newest entries, of one log or of all."""
    with inspected.database.read() as connection:
        key = LibraryRows(connection, library).key
        first, last = _bounds(connection, key, asked)
        if asked.log is not None:
            arrivals = [int(row[0]) for row in connection.execute(_OF_LOG, (key, asked.log, first, last))]
            shown = arrivals[: asked.limit][::-1]
            return Selection(
                entries=_at(inspected, library, shown),
                is_unbroken=False,
                older=len(arrivals) - len(shown),
                newer=_count(connection, key, last),
            )
        row = connection.execute(_NEWEST, (key, first, last, asked.limit - 1)).fetchone()
        begin = first if row is None else int(row[0])
        older = connection.execute(_COUNT, (key, 0, begin - 1)).fetchone()[0]
        newer = _count(connection, key, last)
    entries = logged_entries(inspected, library, after=begin - 1, until=last)
    return Selection(entries=entries, is_unbroken=True, older=older, newer=newer)


def select_writes(inspected: Inspected, library: LibraryId, found: RecordWrites, asked: Asked) -> Selection:
    """The newest of those that wrote the record, stubs among them."""
    with inspected.database.read() as connection:
        first, last = _bounds(connection, LibraryRows(connection, library).key, asked)
    wrote = {write.logged.arrival: write.logged for write in found.writes} | {stub.arrival: stub for stub in found.stubs}
    arrivals = sorted(
        arrival for arrival, each in wrote.items() if first <= arrival <= last and (asked.log is None or each.item.log == asked.log)
    )
    shown = arrivals[-asked.limit :]
    return Selection(
        entries=(wrote[arrival] for arrival in shown),
        is_unbroken=False,
        older=sum(arrival < shown[0] for arrival in wrote) if shown else 0,
        newer=sum(arrival > shown[-1] for arrival in wrote) if shown else len(wrote),
    )


def _bounds(connection: sqlite3.Connection, key: int, asked: Asked) -> tuple[int, int]:
    """The first and the last arrival number of the time that is asked for. Clocks jump: what arrived between two of them belongs to it."""
    first, last = 0, NEWEST
    if asked.since is not None:
        (found,) = connection.execute(_FIRST_SINCE, (key, asked.since)).fetchone()
        first = NEWEST if found is None else found
    if asked.until is not None:
        (found,) = connection.execute(_LAST_UNTIL, (key, asked.until)).fetchone()
        last = 0 if found is None else found
    return first, last


def _count(connection: sqlite3.Connection, key: int, last: int) -> int:
    return 0 if last == NEWEST else int(connection.execute(_COUNT, (key, last + 1, NEWEST)).fetchone()[0])


def _at(inspected: Inspected, library: LibraryId, arrivals: Iterable[int]) -> Iterator[LoggedEntry]:
    found = (logged_at(inspected, library, arrival) for arrival in arrivals)
    return (logged for logged in found if logged is not None)
