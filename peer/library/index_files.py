"""The index of a file with more blobs than its record names: kept as a small file of its own, so that its blobs can be sealed again."""

from __future__ import annotations

from collections.abc import Sequence

from peer.library.library import Library
from peer.library.placing import write_rendition
from peer.library.queues import Priority, Upload, uploads_of_file
from peer.library.segments import Sealing, blob_ids_in
from store.ids import BlobId, FileHash


def keep_index(library: Library, file: FileHash, sealing: Sealing) -> list[Upload]:
    """Keep the index of ``file``, if it has one, and give the uploads of the index's blobs; within a transaction of the caller."""
    if not sealing.index:
        return []
    held = write_rendition(library, "index", sealing.index)
    library.held.put(held)
    library.blob_index.note(file, sealing.blobs)
    library.blob_index.note(held.file, sealing.index_blobs)
    return uploads_of_file(held.file, len(sealing.index), sealing.index_blobs, Priority.ORIGINAL)


def keep_downloaded_index(library: Library, file: FileHash, index: bytes, index_blobs: Sequence[BlobId]) -> None:
    """The same of an index that came from a node, so that neighbours can get the file from here. ``SegmentError`` when it is none."""
    with library.database.write():
        keep_index(library, file, Sealing(blobs=blob_ids_in(index), index=index, index_blobs=tuple(index_blobs)))
