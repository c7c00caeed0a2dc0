"""The stored entries one after the other, as far as each can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from sqlite3 import Row

from store.entries import Entry, EntryKind
from store.errors import DamagedError
from store.ids import NO_ENTRY, DeviceId, EntryHash, LibraryId, LogId
from store.skeleton import SkeletonEntry, decode_deps
from store.sqlite_rows import intact_entry
from tools.looking.folder import Inspected

PAGE_ENTRIES = 500
NEWEST = (1 << 63) - 1
"""Above every arrival number."""

_ATTACHED = """
    SELECT e.arrival, e.received, e.kind, e.seq, e.name, b.log, b.author, coalesce(p.name, b.follows), e.raw, e.deps, 0
    FROM log_library l JOIN log_entry e ON e.library = l.id
    JOIN log_branch b ON b.id = e.branch
    LEFT JOIN log_entry p ON p.branch = iif(e.seq > b.first_seq, e.branch, b.parent) AND p.seq = e.seq - 1
    WHERE l.name = ?1
"""
_DETACHED = """
    SELECT d.arrival, d.received, d.kind, d.seq, d.name, d.log, NULL, NULL, d.raw, NULL, 1
    FROM log_library l JOIN log_detached d ON d.library = l.id WHERE l.name = ?1 AND d.arrival > ?2 AND d.arrival <= ?3 ORDER BY d.arrival
"""
_DETACHED_OF_LOG = """
    SELECT d.arrival, d.received, d.kind, d.seq, d.name, d.log, NULL, NULL, d.raw, NULL, 1
    FROM log_library l JOIN log_detached d ON d.library = l.id
    WHERE l.name = ?1 AND d.log = ?2 AND d.seq BETWEEN ?3 AND ?4 ORDER BY d.seq DESC, d.arrival DESC LIMIT ?5
"""
_PAGE = f"{_ATTACHED} AND e.arrival > ?2 AND e.arrival <= ?3 ORDER BY e.arrival LIMIT {PAGE_ENTRIES}"
_AT = f"{_ATTACHED} AND e.arrival = ?2"
_NAMED = f"{_ATTACHED} AND e.name = ?2"
_OF_LOG = f"{_ATTACHED} AND b.log = ?2 AND e.seq BETWEEN ?3 AND ?4 ORDER BY e.seq DESC, e.arrival DESC LIMIT ?5"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEntry:
    """An entry where it is stored. ``entry`` is ``None`` for a stub, whose bytes were given up for a checkpoint, and where the bytes are damaged.
    ``received``: milliseconds since 1970 by this node's clock. ``is_detached``: what it builds on isn't here, so nobody knows yet who wrote it:
    then ``author`` is ``None`` and ``item.author`` means nothing."""

    arrival: int
    received: int
    item: SkeletonEntry
    author: DeviceId | None
    entry: Entry | None
    is_detached: bool = False
    is_damaged: bool = False

    @property
    def name(self) -> EntryHash:
        return self.item.name

    @property
    def place(self) -> str:
        """``LOG:SEQ`` as `entry` takes it."""
        return f"{self.item.log.hex()[:10]}:{self.item.seq}"


def logged_entries(inspected: Inspected, library: LibraryId, *, after: int = 0, until: int = NEWEST) -> Iterator[LoggedEntry]:
    """All entries that arrived behind number ``after``, up to ``until``: the attached ones and stubs in the order of arrival, then the detached ones.
    What is damaged is noted as a problem, and given without its bytes."""
    arrival = after
    while True:
        with inspected.database.read() as connection:
            rows = connection.execute(_PAGE, (library, arrival, until)).fetchall()
        if not rows:
            break
        for row in rows:
            yield _logged(inspected, row)
        arrival = rows[-1][0]
    with inspected.database.read() as connection:
        rows = connection.execute(_DETACHED, (library, after, until)).fetchall()
    for row in rows:
        yield _logged(inspected, row)


def logged_at(inspected: Inspected, library: LibraryId, arrival: int) -> LoggedEntry | None:
    """The attached entry, or stub, that arrived as this number."""
    return _one(inspected, _AT, (library, arrival))


def logged_named(inspected: Inspected, library: LibraryId, name: EntryHash) -> LoggedEntry | None:
    """The attached entry, or stub, of this name."""
    return _one(inspected, _NAMED, (library, name))


def newest_logged(inspected: Inspected, library: LibraryId, log: LogId, *, first: int, last: int, limit: int) -> list[LoggedEntry]:
    """The newest of the attached entries and stubs of one log with numbers from ``first`` to ``last``, at most ``limit``, the newest first."""
    with inspected.database.read() as connection:
        rows = connection.execute(_OF_LOG, (library, log, first, last, limit)).fetchall()
    return [_logged(inspected, row) for row in rows]


def newest_detached(inspected: Inspected, library: LibraryId, log: LogId, *, first: int, last: int, limit: int) -> list[LoggedEntry]:
    """Likewise of those entries of a log that came before what they build on."""
    with inspected.database.read() as connection:
        rows = connection.execute(_DETACHED_OF_LOG, (library, log, first, last, limit)).fetchall()
    return [_logged(inspected, row) for row in rows]


def _one(inspected: Inspected, query: str, parameters: tuple[object, ...]) -> LoggedEntry | None:
    with inspected.database.read() as connection:
        row = connection.execute(query, parameters).fetchone()
    return None if row is None else _logged(inspected, row)


def _logged(inspected: Inspected, row: Row) -> LoggedEntry:
    arrival, received, kind, seq, name, log, author, previous, raw, deps, is_detached = row
    entry: Entry | None = None
    is_damaged = False
    if raw:
        try:
            entry = intact_entry(name, raw)
        except DamagedError as error:
            is_damaged = True
            inspected.problems.note(str(error))
    item = SkeletonEntry(
        kind=EntryKind(kind),
        log=LogId(log),
        seq=seq,
        name=EntryHash(name),
        previous=entry.previous if entry is not None else NO_ENTRY if previous is None else EntryHash(previous),
        deps=entry.deps if entry is not None else () if is_damaged else decode_deps(deps),
        author=DeviceId(author or bytes(DeviceId.SIZE)),
    )
    return LoggedEntry(
        arrival=arrival,
        received=received,
        item=item,
        author=None if author is None else DeviceId(author),
        entry=entry,
        is_detached=bool(is_detached),
        is_damaged=is_damaged,
    )
