"""Filling the blob index of a library that is older than the index. It may be killed, and begins again then."""

from __future__ import annotations

from collections import deque

from crdt.asset import AssetView, view_asset
from crdt.facts import Source, Way
from crdt.record import read
from peer.library.blob_index import BLOBS_INDEXED, note_segments, segments_named_by
from peer.library.library import Library
from peer.library.upload_planning import uploads_of_source
from store.ids import FileHash, RecordKind

PAGE = 500


def fill_blob_index(library: Library) -> None:
    """Once, in many transactions. Files with many blobs are read for it, since only their index names these."""
    if library.meta.get_int(BLOBS_INDEXED):
        return
    page: list[AssetView] = []
    for _, state in library.records.all(RecordKind.ASSET):
        page.append(view_asset(read(state)))
        if len(page) >= PAGE:
            _note(library, page)
            page = []
    _note(library, page)
    library.meta.put_int(BLOBS_INDEXED, 1)


def _note(library: Library, assets: list[AssetView]) -> None:
    with library.database.write() as connection:
        note_segments(connection, (segment for asset in assets for segment in segments_named_by(asset)))
    for asset in assets:
        for file, sources in asset.sources.items():
            for source in sources:
                if source.way is Way.INDEX:
                    _keep_indexes(library, file, source)


def _keep_indexes(library: Library, file: FileHash, source: Source) -> None:
    """Planning the uploads of such a file keeps its index, and notes what is in it."""
    deque(uploads_of_source(library, file, source), maxlen=0)
