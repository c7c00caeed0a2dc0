"""Pinned photos: their originals stay on this device whatever its policy. Known to this device alone."""

from __future__ import annotations

from collections.abc import Iterable

from peer.library.library import Library
from peer.library.wanting import want_originals
from peer.library.wishes import is_pinned
from store.ids import RecordId


def pin(library: Library, records: Iterable[RecordId]) -> int:
    """Keep these photos here, and fetch what isn't. How many weren't pinned before."""
    changed = 0
    with library.database.write() as connection:
        for record in records:
            changed += connection.execute("INSERT OR IGNORE INTO pinned VALUES (?)", (record,)).rowcount
            want_originals(library, record)
    return changed


def unpin(library: Library, records: Iterable[RecordId]) -> int:
    """Let the policy decide about these photos again. How many were pinned."""
    with library.database.write() as connection:
        return sum(connection.execute("DELETE FROM pinned WHERE record = ?", (record,)).rowcount for record in records)


def is_photo_pinned(library: Library, record: RecordId) -> bool:
    """Whether somebody pinned the photo."""
    with library.database.read() as connection:
        return is_pinned(connection, record)
