"""Which photos are edited, kept in the transaction that changes their records: from that follows which pictures have to be made here
(``peer.library.edited_pictures``).
"""

from __future__ import annotations

import hashlib
from sqlite3 import Connection

from crdt.asset import AssetView
from crdt.values import Value
from peer.rendering.parameters import Parameters
from peer.rendering.reading import read_parameters
from store.encoding import encode
from store.ids import RecordId

VERSION = 1
"""Of what the parameters mean: raised, every picture is made anew."""

KEY_BYTES = 16


def edits_key(view: AssetView) -> bytes:
    """What names the edits of a photo, and the file that they are edits of; empty when it looks as imported."""
    if view.primary is None or read_parameters(view.edits).parameters == Parameters():
        return b""
    edits: dict[str, Value] = dict(view.edits)
    return hashlib.sha256(encode([VERSION, edits, bytes(view.primary)])).digest()[:KEY_BYTES]


def note_edits(connection: Connection, record: RecordId, view: AssetView | None) -> None:
    """Bring the table up to date with a photo as it is shown; ``None``: it isn't any more, or only as part of another."""
    key = b"" if view is None else edits_key(view)
    row = connection.execute("SELECT edits, original, preview, thumbnail FROM edited_picture WHERE record = ?", (record,)).fetchone()
    if row is None and not key:
        return
    if view is None or view.primary is None or not key:
        connection.execute("UPDATE edited_picture SET edits = x'', due = due + 1 WHERE record = ? AND edits <> x''", (record,))
        return
    preview, thumbnail = (None if rendition is None else rendition.file for rendition in (view.preview, view.thumbnail))
    if row is None:
        connection.execute(
            "INSERT INTO edited_picture (record, edits, original, preview, thumbnail) VALUES (?, ?, ?, ?, ?)",
            (record, key, view.primary, preview, thumbnail),
        )
    elif tuple(row) != (key, view.primary, preview, thumbnail):
        connection.execute(
            "UPDATE edited_picture SET edits = ?, original = ?, preview = ?, thumbnail = ?, undrawn = 0, due = due + 1 WHERE record = ?",
            (key, view.primary, preview, thumbnail, record),
        )
