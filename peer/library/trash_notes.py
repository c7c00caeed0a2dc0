"""Since when this device knows that a record is in the trash: noted in the transaction in which it learns it, for ``peer.library.retention``."""

from __future__ import annotations

from sqlite3 import Connection
from typing import NamedTuple

from crdt.trash import Trash
from store.ids import RecordId


class Moments(NamedTuple):
    """Now, in milliseconds since 1970: by this device's own clock, and by the disciplined one."""

    own: int
    disciplined: int


def note_trash(connection: Connection, record: RecordId, trashed: Trash | None, now: Moments) -> None:
    """``trashed``: what the record says. Another trashing of the same record begins its time anew."""
    if trashed is None:
        connection.execute("DELETE FROM trash_noted WHERE record = ?", (record,))
        return
    connection.execute(
        "INSERT INTO trash_noted VALUES (?1, ?2, ?3, ?4) ON CONFLICT (record) DO UPDATE SET stamp = ?2, own = ?3, disciplined = ?4 WHERE stamp <> ?2",
        (record, bytes(trashed.at), now.own, now.disciplined),
    )
