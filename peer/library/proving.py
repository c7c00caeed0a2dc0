"""What a holder is asked to prove of a file, and whether it did.

The proof is compared with one that is made here, of this device's own bytes: each segment is read, sealed, and must come out under the name that its record
gives. So bytes that have rotted here never match, whatever the other side holds, and such a file is never given up.
"""

from __future__ import annotations

import hashlib
import hmac

from crdt.asset import view_asset
from crdt.facts import Way
from peer.library.library import Library
from peer.library.queues import Upload
from peer.library.segments import seal_held_segment
from peer.library.upload_planning import uploads_of_source
from store.ids import FileHash, RecordId


def ways_to_prove(library: Library, file: FileHash) -> list[tuple[tuple[Upload, ...], ...]]:
    """For each record that says how to get a file: its ways, each the blobs that lead to it. Whoever has all blobs of one has the file; but what one record
    names alone may go with it, so of each record a way has to be kept. A patch is none: what it builds on would have to be proven too, so a file that some
    record knows as nothing else stays: its ways are empty. Reads files that have an index."""
    with library.database.read() as connection:
        rows = connection.execute("SELECT DISTINCT record FROM asset_file WHERE file = ? ORDER BY record", (file,)).fetchall()
    ways: dict[tuple[tuple[Upload, ...], ...], None] = {}
    for (record,) in rows:
        content = library.records.content(RecordId(record))
        sources = () if content is None else view_asset(content).sources.get(file, ())
        whole = (tuple(uploads_of_source(library, file, source)) for source in sources if source.way is not Way.PATCH)
        if sources:
            ways[tuple(dict.fromkeys(way for way in whole if way))] = None
    return list(ways)


def is_proven(library: Library, upload: Upload, nonce: bytes, proof: bytes) -> bool:
    """Whether ``proof`` is that of the blob. ``SegmentError`` when the blob can't be made here any more."""
    sealed = seal_held_segment(library, upload).sealed
    return hmac.compare_digest(hashlib.sha256(nonce + sealed).digest(), proof)
