"""What became of entries on this device, and since when: for neighbours who ask (``relay.messages.trace``), and for people who look."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from relay.messages import EntryTrace, Standing
from store.database import Database
from store.ids import EntryHash, LibraryId
from store.sqlite_rows import LibraryRows

_JUDGED = """
    SELECT w.applied, EXISTS (SELECT 1 FROM void v WHERE v.arrival = p.arrival AND v.record = x'')
    FROM past p LEFT JOIN waited w ON w.name = p.name WHERE p.name = ?
"""


def entry_traces(database: Database, library: LibraryId, names: Sequence[EntryHash]) -> dict[EntryHash, EntryTrace]:
    """Of those that are stored here, attached or not. An entry that never waited was applied in the transaction in which it came."""
    with database.read() as connection:
        rows = LibraryRows(connection, library)
        received = {name: at for name in names if (at := rows.received(name)) is not None}
        return {name: _trace(connection, name, at) for name, at in received.items()}


def _trace(connection: sqlite3.Connection, name: EntryHash, received: int) -> EntryTrace:
    judged = connection.execute(_JUDGED, (name,)).fetchone()
    if judged is not None:
        applied, is_void = judged
        return EntryTrace(
            standing=Standing.VOID if is_void else Standing.APPLIED, stored=received, applied=received if applied is None else int(applied)
        )
    is_waiting = connection.execute("SELECT 1 FROM waiting WHERE name = ?", (name,)).fetchone() is not None
    return EntryTrace(standing=Standing.WAITING if is_waiting else Standing.STORED, stored=received)
