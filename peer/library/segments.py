"""Between files on this device and sealed blobs: which blobs a file is, sealing one of them, putting a file together again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

from crdt.facts import MAX_DIRECT_BLOBS, Rendition, Source, Way
from peer.buffers import Buffers
from peer.keys.blobs import SEGMENT_BYTES, SealedBlob, name_segment, seal_segment, segments_of
from peer.keys.epochs import Epoch
from peer.library.asset_files import located
from peer.library.carried import sealed_here
from peer.library.library import Library
from peer.library.queues import Upload
from store.durable import full_disk_translated
from store.errors import DamagedError
from store.ids import BlobId, FileHash

_segments = Buffers(SEGMENT_BYTES)


class SegmentError(Exception):
    """A blob can't be made from what lies on the disk; the text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The blobs of a file under one epoch. ``index``: plaintext of the index, where the file has too many blobs to name them in its record."""

    blobs: tuple[BlobId, ...]
    index: bytes
    index_blobs: tuple[BlobId, ...]

    def source(self, size: int) -> Source:
        if self.index:
            return Source(size=size, way=Way.INDEX, blobs=self.index_blobs)
        return Source(size=size, way=Way.BLOBS, blobs=self.blobs)


def name_blobs(path: Path, size: int, epoch: Epoch) -> Sealing:
    """Seal a file, segment by segment, only to learn the names of its blobs: the bytes are sealed again when they travel."""
    with path.open("rb", buffering=0) as stream, _segments.lend() as buffer:
        blobs = [name_segment(epoch, _read_segment(stream, buffer)) for _ in range(segments_of(size))]
    if len(blobs) <= MAX_DIRECT_BLOBS:
        return Sealing(blobs=tuple(blobs), index=b"", index_blobs=())
    index = b"".join(blobs)
    parts = (index[start : start + SEGMENT_BYTES] for start in range(0, len(index), SEGMENT_BYTES))
    return Sealing(blobs=tuple(blobs), index=index, index_blobs=tuple(name_segment(epoch, part) for part in parts))


def seal_held_segment(library: Library, upload: Upload) -> SealedBlob:
    """The blob that ``upload`` names, made from the file on this disk, or lying here sealed in the place of a file. ``SegmentError`` when it
    can't be had now."""
    if upload.file == FileHash(upload.blob):
        return _stored(library, upload.blob)
    held = library.held.get(upload.file)
    if held is None:
        raise SegmentError("the file is no longer on this device")
    with _segments.lend() as buffer:
        try:
            with located(library, held).open("rb", buffering=0) as stream:
                stream.seek(upload.segment * SEGMENT_BYTES)
                segment = _read_segment(stream, buffer)
        except OSError as error:
            raise SegmentError(f"{held.path} can't be read: {os.strerror(error.errno or 0)}") from error
        # Under which epoch it was sealed is known to nothing but the blob's name; there are as many epochs as devices were ever removed.
        for epoch in library.keyring().values() if segment else ():
            sealed = seal_segment(epoch, segment)
            if sealed.id == upload.blob:
                return sealed
    raise SegmentError(f"{held.path} was changed on the disk, or its key isn't here")


def _stored(library: Library, blob: BlobId) -> SealedBlob:
    try:
        sealed = sealed_here(library, blob)
    except DamagedError as error:
        raise SegmentError("the blob was damaged on the disk") from error
    if sealed is None:
        raise SegmentError("the blob is no longer on this device")
    return SealedBlob(id=blob, sealed=sealed)


def _read_segment(stream: RawIOBase, buffer: memoryview) -> memoryview:
    """The next segment, or what there is of it, in ``buffer``."""
    count = 0
    while read := stream.readinto(buffer[count:]):
        count += read
    return buffer[:count]


def blob_ids_in(index: bytes) -> tuple[BlobId, ...]:
    """The blob ids that an index's plaintext is made of; ``SegmentError`` when it isn't."""
    if not index or len(index) % BlobId.SIZE:
        raise SegmentError("the index of its blobs is no index")
    return tuple(BlobId(index[start : start + BlobId.SIZE]) for start in range(0, len(index), BlobId.SIZE))


def whole_rendition(rendition: Rendition) -> Source:
    """A thumbnail or preview as a source of its bytes."""
    return Source(size=rendition.size, way=Way.BLOBS, blobs=rendition.blobs)


def write_at(path: Path, offset: int, data: bytes) -> None:
    """Write into a file that is being put together; durable when it returns. ``NoSpaceError`` when the disk is full."""
    with full_disk_translated():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as stream:
            stream.seek(offset)
            view = memoryview(data)
            while view:
                view = view[stream.write(view) :]
            os.fsync(descriptor)
