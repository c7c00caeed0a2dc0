"""Blobs that lie here sealed, as they came: those that this device carries for others, and those of checkpoints.

A neighbour that is in touch with no relay gives its blobs to one that is. They are kept in `.calotype/carried/`, queued for every relay, and dropped
when each of them has said that it has them. In the queue such a blob stands in the place of a file, as those of checkpoints do.
"""

from __future__ import annotations

from collections.abc import Iterator

from peer.library.library import Library
from peer.library.queues import Priority, Upload
from store.blobs import BlobInfo, BlobStore
from store.ids import BlobId, FileHash

THUMBNAIL_BYTES = 128 * 1024
"""A blob that is no larger goes before the originals: it is likely a thumbnail."""


def carry(library: Library, blob: BlobId, sealed: bytes) -> bool:
    """Keep a blob, durably, and queue it for the relays. True: it was new. ``RefusedError`` as the store's."""
    now = library.clock.now()
    info = BlobInfo(blob=blob, size=len(sealed), stored_at=now)
    with library.database.write():  # so that nobody drops it before it is queued
        is_new = library.carried.put(blob, sealed, now=now)
        library.uploads.add([node.number for node in library.nodes.relays()], [_upload(info)])
    return is_new


def carried_uploads(library: Library) -> Iterator[Upload]:
    """All that is carried, for a relay that is new, or lost its stores."""
    return map(_upload, library.carried.blobs())


def sealed_here(library: Library, blob: BlobId) -> bytes | None:
    """A blob that lies here sealed, verified. ``DamagedError`` when the disk changed it; then it is held no longer."""
    for store in _stores(library):
        if (sealed := store.get(blob)) is not None:
            return sealed
    return None


def lies_sealed(library: Library, blob: BlobId) -> BlobInfo | None:
    """The same without reading it."""
    return next((info for store in _stores(library) if (info := store.info(blob)) is not None), None)


def drop_delivered(library: Library) -> int:
    """Remove what every relay has by now, and nobody was promised. How many blobs. Nothing goes while a relay wasn't reached yet."""
    relays = library.nodes.relays()
    if not relays or any(node.store is None for node in relays):
        return 0
    dropped = 0
    for info in list(library.carried.blobs()):
        with library.database.write() as connection:
            queued = connection.execute("SELECT 1 FROM upload WHERE blob = ? LIMIT 1", (info.blob,)).fetchone()
            promised = connection.execute(
                "SELECT 1 FROM blob_promise WHERE blob = ? AND until > ?", (info.blob, min(library.clock.now(), library.hlc.physical()))
            ).fetchone()
            if queued is None and promised is None:
                library.carried.delete(info.blob)
                dropped += 1
    return dropped


def _stores(library: Library) -> tuple[BlobStore, ...]:
    return library.carried, library.checkpoint_blobs


def _upload(info: BlobInfo) -> Upload:
    priority = Priority.PREVIEW if info.size <= THUMBNAIL_BYTES else Priority.ORIGINAL
    return Upload(blob=info.blob, file=FileHash(info.blob), segment=0, size=info.size, priority=priority)
