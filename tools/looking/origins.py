"""Who wrote a key of a record: its writer is an entry's CRDT client id, so it leads to the entry and its device."""

from __future__ import annotations

from crdt.client import client_of
from crdt.record import Cell
from peer.library.shown import plain
from store.database import Database
from store.ids import DeviceId, EntryHash, LibraryId, LogId
from tools.looking.documents import Document, device_document, entry_document, stamp_document

_ENTRY_OF_CLIENT = """
    SELECT b.author, b.log, e.seq, e.name FROM client c
    JOIN log_library l ON l.name = ?2
    JOIN log_entry e ON e.library = l.id AND e.arrival = c.arrival
    JOIN log_branch b ON b.id = e.branch
    WHERE c.client = ?1
"""


class Origins:
    """The entries that wrote under client ids, in the database of a device."""

    def __init__(self, database: Database, library: LibraryId, names: dict[DeviceId, str]) -> None:
        self._database = database
        self._library = library
        self._names = names

    def of_client(self, client: int) -> Document:
        """Device and entry; ``None`` for both when no entry that is applied here wrote under this id."""
        with self._database.read() as connection:
            row = connection.execute(_ENTRY_OF_CLIENT, (client, self._library)).fetchone()
        if row is None:
            return {**device_document(None, self._names), "entry": None}
        author, log, seq, name = row
        return {**device_document(DeviceId(author), self._names), "entry": entry_document(LogId(log), seq, EntryHash(name))}

    def of_cell(self, cell: Cell) -> Document:
        """What stands at a key, since when, and by whom."""
        return {"value": plain(cell.value), **stamp_document(cell.stamp), "writer": cell.writer, **self.of_client(client_of(cell.writer))}
