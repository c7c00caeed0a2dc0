"""Which segment of which file a blob is: for neighbours, who ask by blob, while this device holds files.

Rows follow from records (renditions, and sources that name their blobs) and, for files with many blobs, from the index that leads to them; only
for files that are here, so that learning of a hundred thousand photos costs nothing here. They are written when a record says something about a file
that is held, and when a file that a record names comes to be held. None is ever taken back: whether the file is still here is looked up when somebody
asks, and whether it is still the same is found when it is sealed. A member that means harm may write records that claim anything, so a blob may have
several rows, and a few of them are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from sqlite3 import Connection
from typing import NamedTuple

from crdt.asset import AssetView
from crdt.facts import Way
from store.database import Database
from store.ids import BlobId, FileHash

MAX_CLAIMS = 4
BLOBS_INDEXED = "blobs_indexed"
"""1 in ``Meta`` when the index holds what it should: of libraries that are older than it, after it was filled."""


class Segment(NamedTuple):
    """Segment ``number`` of ``file``, counted from 0."""

    file: FileHash
    number: int


def segments_named_by(asset: AssetView) -> Iterator[tuple[BlobId, FileHash, int]]:
    """What an asset's record tells: (blob, file, number)."""
    for rendition in (asset.thumbnail, asset.preview):
        if rendition is not None:
            yield from ((blob, rendition.file, number) for number, blob in enumerate(rendition.blobs))
    for file, sources in asset.sources.items():
        for source in sources:
            if source.way is Way.BLOBS:
                yield from ((blob, file, number) for number, blob in enumerate(source.blobs))


def note_segments(connection: Connection, segments: Iterable[tuple[BlobId, FileHash, int]]) -> None:
    """Those of files that are held; inside the transaction in which that, or what is said of them, comes to be."""
    query = "INSERT OR IGNORE INTO blob_segment SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM held WHERE file = ?2)"
    connection.executemany(query, segments)


class BlobIndex:
    """The ``blob_segment`` table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, file: FileHash, blobs: Sequence[BlobId]) -> None:
        """These blobs are the segments of a file that is held, or is on its way here; in their order."""
        with self._database.write() as connection:
            rows = ((blob, file, number) for number, blob in enumerate(blobs))
            connection.executemany("INSERT OR IGNORE INTO blob_segment VALUES (?, ?, ?)", rows)

    def find(self, blob: BlobId) -> list[Segment]:
        """What the blob is said to be, at most four claims."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT file, segment FROM blob_segment WHERE blob = ? LIMIT ?", (blob, MAX_CLAIMS)).fetchall()
        return [Segment(FileHash(file), number) for file, number in rows]
