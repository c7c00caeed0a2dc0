"""What became of a stored entry on the device whose folder this is."""

from __future__ import annotations

from peer.library.meta import Meta
from store.database import Database
from store.entries import Entry
from store.ids import LibraryId, RecordId
from store.sqlite_log import SqliteLogStore
from tools.looking.documents import Document


def verdict_of(database: Database, library: LibraryId, entry: Entry) -> Document:
    """``verdict``: applied, void (refused for good), waiting (can't be judged yet) or unseen (not looked at yet); and why."""
    arrival = _arrival(database, library, entry)
    with database.read() as connection:
        waiting = connection.execute("SELECT reason FROM waiting WHERE arrival = ?", (arrival,)).fetchone()
        void = connection.execute("SELECT reason FROM void WHERE arrival = ? AND record = x''", (arrival,)).fetchone()
    if waiting is not None:
        return {"arrival": arrival, "verdict": "waiting", "reason": waiting[0]}
    if void is not None:
        return {"arrival": arrival, "verdict": "void", "reason": void[0]}
    is_seen = arrival <= Meta(database).get_int("looked_at")
    return {"arrival": arrival, "verdict": "applied" if is_seen else "unseen", "reason": ""}


def void_updates(database: Database, library: LibraryId, entry: Entry) -> dict[RecordId, str]:
    """The records whose updates in this entry are void, each with the gate's reason."""
    arrival = _arrival(database, library, entry)
    with database.read() as connection:
        rows = connection.execute("SELECT record, reason FROM void WHERE arrival = ? AND record <> x''", (arrival,)).fetchall()
    return {RecordId(record): reason for record, reason in rows}


def _arrival(database: Database, library: LibraryId, entry: Entry) -> int:
    arrived = SqliteLogStore(database, library).get(entry.name)
    return 0 if arrived is None else arrived.arrival
