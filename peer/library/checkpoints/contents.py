"""The blobs of checkpoints on this device: sealed files in `.calotype/checkpoints/`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from peer.keys.blobs import SEGMENT_BYTES, open_blob, seal_segment
from peer.keys.epochs import Epoch
from peer.library.checkpoints.format import Item, ItemReader
from peer.library.library import Library
from peer.library.queues import Priority, Upload
from store.encoding import MalformedError
from store.ids import BlobId, FileHash


class MissingBlobError(LookupError):
    """A blob of the checkpoint isn't on this device."""


def keep_sealed(library: Library, epoch: Epoch, pieces: Iterable[bytes]) -> tuple[BlobId, ...]:
    """Cut, seal and keep the content of a checkpoint; the names of its blobs, in order."""
    return tuple(_keep(library, epoch, segment) for segment in _segments(pieces))


def items_in(library: Library, blobs: Sequence[BlobId]) -> Iterator[Item]:
    """What stands in a checkpoint, a segment at a time. ``MissingBlobError``, ``UnsealError``, ``MalformedError``, and ``DamagedError`` when
    the disk changed a blob, which is then no longer held."""
    reader = ItemReader()
    for blob in blobs:
        sealed = library.checkpoint_blobs.get(blob)
        if sealed is None:
            raise MissingBlobError
        yield from reader.feed(open_blob(library.keyring(), sealed))
    reader.finish()
    if not blobs:
        raise MalformedError("a checkpoint without content")


def missing_blobs(library: Library, blobs: Iterable[BlobId]) -> list[BlobId]:
    """Those that aren't held here, each once."""
    return [blob for blob in dict.fromkeys(blobs) if library.checkpoint_blobs.info(blob) is None]


def queue_uploads(library: Library, blobs: Sequence[BlobId], *, besides: int | None = None) -> None:
    """Every relay gets them, but for the node that they came from. They go before originals and after thumbnails: somebody who joins waits for them."""
    nodes = [node.number for node in library.nodes.relays() if node.number != besides]
    library.uploads.add(nodes, uploads_of(library, blobs))


def uploads_of(library: Library, blobs: Iterable[BlobId]) -> list[Upload]:
    """The uploads of those that are held here. What is uploaded is the blob itself, so it stands in the place of a file."""
    infos = [info for blob in dict.fromkeys(blobs) if (info := library.checkpoint_blobs.info(blob)) is not None]
    return [Upload(blob=info.blob, file=FileHash(info.blob), segment=0, size=info.size, priority=Priority.PREVIEW) for info in infos]


def drop_others(library: Library, wanted: frozenset[BlobId]) -> None:
    """Remove the blobs of checkpoints that nobody needs any more, and what was queued of them. That they may be released is noted (``superseded``)."""
    for info in list(library.checkpoint_blobs.blobs()):
        if info.blob not in wanted:
            with library.database.write() as connection:
                connection.execute("DELETE FROM upload WHERE blob = ? AND file = ?", (info.blob, info.blob))
                connection.execute("INSERT OR IGNORE INTO superseded_blob VALUES (?)", (info.blob,))
            library.checkpoint_blobs.delete(info.blob)


def _segments(pieces: Iterable[bytes]) -> Iterator[bytes]:
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) >= SEGMENT_BYTES:
            yield bytes(memoryview(buffer)[:SEGMENT_BYTES])
            del buffer[:SEGMENT_BYTES]
    if buffer:
        yield bytes(buffer)


def _keep(library: Library, epoch: Epoch, segment: bytes) -> BlobId:
    sealed = seal_segment(epoch, segment)
    library.checkpoint_blobs.put(sealed.id, sealed.sealed, now=library.clock.now())
    return sealed.id
