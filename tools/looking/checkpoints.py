"""What stands in a checkpoint that lies on a device, read so that nothing in its folder changes, not even what is damaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peer.keys.blobs import open_blob
from peer.keys.epochs import Keyring
from peer.layout import LibraryFolder
from peer.library.checkpoints.format import Item, ItemReader
from store.blobs import is_intact
from store.errors import DamagedError
from store.file_blobs import blob_path
from store.ids import BlobId


def checkpoint_items(folder: LibraryFolder, keyring: Keyring, blobs: Sequence[BlobId]) -> Iterator[Item]:
    """The items of the checkpoint with these blobs, a segment at a time. ``FileNotFoundError`` where one isn't here, ``DamagedError`` where one isn't
    what it was, ``UnsealError``, ``MalformedError``."""
    reader = ItemReader()
    for blob in blobs:
        sealed = blob_path(folder.checkpoints, blob).read_bytes()
        if not is_intact(blob, sealed):
            raise DamagedError(f"blob {blob.short()} isn't what was stored under its name")
        yield from reader.feed(open_blob(keyring, sealed))
    reader.finish()
