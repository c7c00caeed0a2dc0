"""Patches on this device: kept as files, so that their blobs can be sealed again, and applied to the files that are their bases.

What one zstd writes another may write differently, so a patch can't be made again: it is kept, under the kind of those small files that lead to the
bytes of others (``index``), and served, uploaded and checked like them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crdt.facts import MAX_DIRECT_BLOBS, Source, Way
from peer.keys.blobs import SEGMENT_BYTES, name_segment, segments_of
from peer.keys.epochs import Epoch
from peer.library.asset_files import located
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.patches import PatchError, apply_patch
from peer.library.placing import keep_original, partial_path, write_rendition
from peer.library.queues import Download, Priority, Upload, uploads_of_file
from peer.library.segments import SegmentError
from store.ids import BlobId, FileHash


def patch_source(patch: bytes, epoch: Epoch, *, size: int, base: FileHash) -> Source | None:
    """The way to a file of ``size`` bytes over a patch; ``None`` when the patch has more blobs than a record names."""
    blobs = tuple(name_segment(epoch, patch[start : start + SEGMENT_BYTES]) for start in range(0, len(patch), SEGMENT_BYTES))
    return Source(size=size, way=Way.PATCH, blobs=blobs, base=base) if len(blobs) <= MAX_DIRECT_BLOBS else None


def keep_patch(library: Library, patch: bytes, blobs: Sequence[BlobId]) -> list[Upload]:
    """Keep a patch, and give the uploads of its blobs; within a transaction of the caller."""
    held = write_rendition(library, "index", patch)
    library.held.put(held)
    library.blob_index.note(held.file, blobs)
    return uploads_of_file(held.file, len(patch), blobs, Priority.ORIGINAL)


def uploads_of_patch(library: Library, source: Source) -> list[Upload]:
    """The uploads of a patch that is kept here; none of one that isn't."""
    return next((uploads_of_file(kept.file, kept.size, source.blobs, Priority.ORIGINAL) for kept in _kept(library, source)), [])


def patch_here(library: Library, source: Source) -> bytes | None:
    """The patch, if it is kept here. What makes something else is found out when it is applied."""
    for kept in _kept(library, source):
        try:
            return located(library, kept).read_bytes()
        except OSError:
            continue  # removed by hand: it is fetched again
    return None


def _kept(library: Library, source: Source) -> Iterator[HeldFile]:
    """Of the files that are said to be this patch, those that could be: kept here, and of the right length."""
    for file, number in library.blob_index.find(source.blobs[0]) if source.blobs else ():
        held = library.held.get(file)
        if held is not None and held.kind == "index" and number == 0 and segments_of(held.size) == len(source.blobs):
            yield held


def put_together(library: Library, download: Download, source: Source, patch: bytes) -> None:
    """Make the wanted file out of ``patch`` and its base, prove it, and keep both. ``SegmentError`` when something else comes out, or the base is gone."""
    held = None if source.base is None else library.held.get(source.base)
    if held is None:
        raise SegmentError("the older version that it is a patch of is not here")
    path = partial_path(library, download.file)
    try:
        apply_patch(patch, located(library, held), path, size=source.size, wanted=download.file)
    except PatchError as error:
        raise SegmentError(str(error)) from error
    except FileNotFoundError as error:
        raise SegmentError("the older version that it is a patch of is not here") from error
    with library.database.write():
        keep_patch(library, patch, source.blobs)
    keep_original(library, download, path)
