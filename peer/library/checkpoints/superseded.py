"""Releasing the blobs of checkpoints that a newer settled one stands for (PROTOCOL.md section 6.7): its author does it, for all."""

from __future__ import annotations

from peer.library.library import Library
from peer.library.purging import release
from store.ids import BlobId


def release_superseded(library: Library) -> None:
    """Say what relays may give up of what was dropped here since the last time. On devices that didn't write the newest settled checkpoint nothing is said."""
    with library.database.write() as connection:
        dropped = {BlobId(row[0]) for row in connection.execute("SELECT blob FROM superseded_blob").fetchall()}
        newest = next(iter(library.log.settled()), None)
        if not dropped or newest is None:
            return
        entry = library.log.get(newest.checkpoint)
        if entry is not None and library.device in library.roster().authors.get(entry.entry.log, ()):
            release(library, dropped - {*newest.blobs})
        connection.execute("DELETE FROM superseded_blob")
