"""Blobs as neighbours see them: segments of files that lie here, sealed when somebody asks, and blobs that lie here sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peer.library.asset_files import located
from peer.library.carried import carry, lies_sealed, sealed_here
from peer.library.library import Library
from peer.library.queues import Priority, Upload
from peer.library.segments import SegmentError, seal_held_segment
from peer.originals.held import HeldStamp, still_held
from store.blobs import BlobInfo
from store.ids import BlobId, FileHash


class PeerBlobs:
    """``BlobStore`` over a library. Listing, deleting and counting concern what is carried for others; files are not a neighbour's to delete."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def put(self, blob: BlobId, sealed: bytes, *, now: int) -> bool:
        return carry(self._library, blob, sealed)

    def get(self, blob: BlobId) -> bytes | None:
        sealed = sealed_here(self._library, blob)
        return self._sealed_now(blob) if sealed is None else sealed

    def info(self, blob: BlobId) -> BlobInfo | None:
        return lies_sealed(self._library, blob)

    def blobs(self) -> Iterator[BlobInfo]:
        return self._library.carried.blobs()

    def delete(self, blob: BlobId) -> bool:
        return self._library.carried.delete(blob)

    def total_bytes(self) -> int:
        return self._library.carried.total_bytes()

    def held(self, blobs: Sequence[BlobId]) -> frozenset[BlobId]:
        """Those that could be given now, as far as can be told without reading: of a file its size, time and inode are looked at."""
        with self._library.database.read():
            return frozenset(blob for blob in dict.fromkeys(blobs) if self._is_held(blob))

    def held_since(self, blobs: Sequence[BlobId]) -> dict[BlobId, int | None]:
        """The same, each with the time at which it came; ``None`` where that wasn't written down."""
        with self._library.database.read():
            return {blob: self._since(blob) for blob in self.held(blobs)}

    def _since(self, blob: BlobId) -> int | None:
        lies = lies_sealed(self._library, blob)
        if lies is not None:
            return lies.stored_at
        files = [segment.file for segment in self._library.blob_index.find(blob) if self._is_file_here(segment.file)]
        return min((at for file in files if (at := self._library.held.since(file)) is not None), default=None)

    def _is_held(self, blob: BlobId) -> bool:
        return lies_sealed(self._library, blob) is not None or any(
            self._is_file_here(segment.file) for segment in self._library.blob_index.find(blob)
        )

    def _is_file_here(self, file: FileHash) -> bool:
        held = self._library.held.get(file)
        return held is not None and still_held(
            located(self._library, held), HeldStamp(size=held.size, mtime_ns=held.mtime_ns, inode=held.inode)
        )

    def _sealed_now(self, blob: BlobId) -> bytes | None:
        for file, number in self._library.blob_index.find(blob):
            wanted = Upload(blob=blob, file=file, segment=number, size=0, priority=Priority.ORIGINAL)
            try:
                return seal_held_segment(self._library, wanted).sealed
            except SegmentError:
                continue  # another claim may be the right one
        return None
