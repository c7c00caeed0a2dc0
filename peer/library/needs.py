"""Which blobs the records need: what a release must not take away (PROTOCOL.md section 3.2).

A record needs every blob that a live value of it names: sources with their indexes and patches, thumbnails and previews, those that lost and those
that nobody reads in this version's view too. What an index leads to isn't in the record; who needs the index needs all of it. As far as this device
knows the segments of a file that some record has (``blob_segment``), they are needed too, by whatever way: a film that broke off when it was copied
begins with the same segments as the whole one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from sqlite3 import Connection

from crdt import schema
from crdt.facts import Rendition, Way
from crdt.keys import derived_stem, set_prefix
from crdt.parsing import WrongTypeError
from crdt.record import Content
from store.database import Database
from store.ids import BlobId, RecordId

_SOURCES = set_prefix(schema.SOURCE.name)
_PICTURES = tuple(f"{derived_stem(rendition.name)}/" for rendition in (schema.THUMBNAIL, schema.PREVIEW))


def blobs_named_by(content: Content) -> frozenset[BlobId]:
    """All blobs that live values of an asset's record name."""
    return frozenset(blob for blob, _ in _named_by(content))


def _named_by(content: Content) -> Iterator[tuple[BlobId, bool]]:
    """Each with whether it is part of an index."""
    for key, cell in content.live.items():
        with suppress(WrongTypeError):
            if key.startswith(_SOURCES):
                source = schema.SOURCE.parse(cell.value)
                yield from ((blob, source.way is Way.INDEX) for blob in source.blobs)
            elif key.startswith(_PICTURES):
                yield from ((blob, False) for blob in Rendition.parse(cell.value).blobs)


def note_needs(connection: Connection, record: RecordId, content: Content) -> None:
    """Bring the table up to date with a record that changed. Most changes name no blob."""
    needed = {bytes(blob): int(is_index) for blob, is_index in sorted(_named_by(content))}
    noted = dict(connection.execute("SELECT blob, is_index FROM needed_blob WHERE record = ?", (record,)).fetchall())
    if needed != noted:
        connection.execute("DELETE FROM needed_blob WHERE record = ?", (record,))
        connection.executemany("INSERT INTO needed_blob VALUES (?, ?, ?)", [(blob, record, is_index) for blob, is_index in needed.items()])
        fresh = [(blob,) for blob in needed.keys() - noted.keys()]
        connection.executemany("INSERT OR IGNORE INTO claim_due SELECT blob FROM released_blob WHERE blob = ?", fresh)


def needing(database: Database, blob: BlobId) -> list[RecordId]:
    """The records that need a blob."""
    with database.read() as connection:
        rows = connection.execute("SELECT record FROM needed_blob WHERE blob = ? ORDER BY record", (blob,)).fetchall()
    return [RecordId(row[0]) for row in rows]


_IS_NEEDED = """
    SELECT EXISTS (SELECT 1 FROM needed_blob WHERE blob = ?1)
    OR EXISTS (SELECT 1 FROM blob_segment JOIN asset_file USING (file) WHERE blob_segment.blob = ?1)
"""


def needed_among(database: Database, blobs: Iterable[BlobId]) -> frozenset[BlobId]:
    """Those of ``blobs`` that some record needs, as far as it is known here."""
    with database.read() as connection:
        return frozenset(blob for blob in blobs if connection.execute(_IS_NEEDED, (blob,)).fetchone()[0])
