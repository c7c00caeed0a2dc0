"""Which files go when a record is deleted for good: noted in the transaction that purges it, taken away by ``peer.library.taking_away``.

Where the record held something that whoever purged it hadn't seen (an edit, an import), the originals go to the recovery folder, where a person
finds them: nothing that somebody worked on vanishes because of a decision that didn't know it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sqlite3 import Connection

from crdt.asset import AssetView, view_asset
from crdt.client import client_of
from crdt.facts import Way
from crdt.keys import Family, parse_key
from crdt.record import Content
from peer.library.file_names import name_of
from store.ids import FileHash, RecordId, RecordKind


def holds_unseen(content: Content, seen: Callable[[int], bool]) -> bool:
    """Whether a live field was written by an entry outside of what somebody had ``seen``, given by client id. What programs computed doesn't count."""
    writers = {cell.writer for key, cell in content.live.items() if parse_key(key).family is not Family.DERIVED}
    return not all(seen(client_of(writer)) for writer in writers)


def note_leaving(connection: Connection, record: RecordId, content: Content, *, recover: bool, now: int) -> None:
    """The record is being purged: remember its files, inside the transaction that does it."""
    if record.kind is not RecordKind.ASSET:
        return
    asset = view_asset(content)
    files = dict.fromkeys({*asset.files, *asset.sources}, 0)
    files |= {rendition.file: 1 for rendition in (asset.thumbnail, asset.preview) if rendition is not None}
    files |= dict.fromkeys(_kept_ways(connection, asset), 1)
    connection.executemany(  # what was moved out the last time may have come again since
        "INSERT INTO leaving (file, name, rendition, recover, since) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (file) DO UPDATE SET recover = max(recover, excluded.recover), moved = 0",
        [(file, _text(name_of(asset, file) or ""), is_rendition, recover, now) for file, is_rendition in files.items()],
    )


def _kept_ways(connection: Connection, asset: AssetView) -> Iterator[FileHash]:
    """Indexes and patches that are kept here as files of their own."""
    query = "SELECT file FROM blob_segment JOIN held USING (file) WHERE blob = ? AND held.kind = 'index'"
    for blob in {blob for sources in asset.sources.values() for source in sources if source.way is not Way.BLOBS for blob in source.blobs}:
        yield from (FileHash(row[0]) for row in connection.execute(query, (blob,)).fetchall())


def _text(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
