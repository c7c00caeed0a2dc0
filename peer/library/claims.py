"""Claims: this device needs blobs that somebody released (PROTOCOL.md section 3.2).

Whoever releases blobs knows only what it has applied. So every device claims what its records need and somebody released, whichever of both it learned
first, in the transaction in which it learns the second; its seen reports cover that only afterwards, and relays delete nothing before they do. A claim
that came stands for all devices: it cancels the releases that came before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from typing import TYPE_CHECKING

from peer.library.needs import needed_among
from store.bodies import MAX_BLOBS, Claim, Release, parse_control
from store.entries import EntryKind
from store.ids import BlobId, EntryHash

if TYPE_CHECKING:
    from peer.library.library import Library

LOOKED_AT = "releases_looked_at"
"""In ``Meta``: the arrival number up to which releases and claims were looked at."""

PAGE_BYTES = 4 * 1024 * 1024
RELEASES_NAMED = 1000


def claim_needed(library: Library) -> int:
    """Claim what records need of what was released; inside the transaction that applied either. How many entries it wrote."""
    with library.database.write() as connection:
        releases = _look_at_new(library, connection)
        due = _blobs(connection, "claim_due")
        if _any_is_index(library, due):  # which of the others it leads to may not be known here
            due = sorted({*due, *_blobs(connection, "released_blob")})
        connection.execute("DELETE FROM claim_due")
        return _claim(library, due, releases)


def _look_at_new(library: Library, connection: Connection) -> list[EntryHash]:
    """Note the releases and claims that came. The newest releases that named something needed."""
    looked_at, reached = library.meta.get_int(LOOKED_AT), library.log.arrival()
    releases: list[EntryHash] = []
    while looked_at < reached and (page := library.log.control(looked_at, limit_bytes=PAGE_BYTES)):
        for arrived in page:
            if arrived.is_detached or arrived.entry.kind not in (EntryKind.RELEASE, EntryKind.CLAIM):
                continue
            body = parse_control(arrived.entry)
            if isinstance(body, Release):
                _note(connection, "INSERT OR IGNORE INTO released_blob VALUES (?)", body.blobs)
                if needed := needed_among(library.database, body.blobs):
                    _note(connection, "INSERT OR IGNORE INTO claim_due VALUES (?)", needed)
                    releases.append(arrived.entry.name)
            elif isinstance(body, Claim):
                _note(connection, "DELETE FROM released_blob WHERE blob = ?", body.blobs)
                _note(connection, "DELETE FROM claim_due WHERE blob = ?", body.blobs)
        looked_at = page[-1].arrival
    if reached > library.meta.get_int(LOOKED_AT):
        library.meta.put_int(LOOKED_AT, reached)
    return releases[-RELEASES_NAMED:]


def _blobs(connection: Connection, table: str) -> list[BlobId]:
    return [BlobId(row[0]) for row in connection.execute(f"SELECT blob FROM {table} ORDER BY blob").fetchall()]  # noqa: S608 - names are ours


def _note(connection: Connection, statement: str, blobs: Iterable[BlobId]) -> None:
    connection.executemany(statement, [(blob,) for blob in blobs])


def _any_is_index(library: Library, blobs: Iterable[BlobId]) -> bool:
    """Whether some of these lead to further blobs."""
    with library.database.read() as connection:
        query = "SELECT 1 FROM needed_blob WHERE blob = ? AND is_index LIMIT 1"
        return any(connection.execute(query, (blob,)).fetchone() is not None for blob in blobs)


def _claim(library: Library, blobs: list[BlobId], releases: list[EntryHash]) -> int:
    starts = range(0, len(blobs), MAX_BLOBS)
    for start in starts:
        body = Claim(blobs=tuple(blobs[start : start + MAX_BLOBS]), releases=tuple(releases))
        library.author().control(EntryKind.CLAIM, body.encode())
    return len(starts)
