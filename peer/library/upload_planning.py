"""Which blobs a node should get from this device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crdt.asset import AssetView, view_asset
from crdt.facts import Rendition, Source, Way
from crdt.record import read
from peer.library.asset_files import located
from peer.library.index_files import keep_index
from peer.library.library import Library
from peer.library.queues import Download, Priority, Upload, uploads_of_file
from peer.library.segments import name_blobs
from store.ids import BlobId, FileHash, RecordKind, StoreId

PAGE = 500


def met(library: Library, node: int, store: StoreId, now: int, clock_offset: int) -> None:
    """A node answered. When its stores are new, everything that is here is queued for it again: it says itself what it has.

    That may take long, so others can write meanwhile: the stores count as met only when all is queued.
    """
    if any(each.number == node and each.store != store for each in library.nodes.all()):
        queue_everything(library, node)
    with library.database.write():
        library.hlc.discipline(clock_offset)
        if library.nodes.met(node, store, now):
            library.meta.put_int(f"reported:{node}", 0)
        library.uploads.hurry(node)
        library.downloads.hurry()


def queue_everything(library: Library, node: int) -> None:
    """Queue each blob of each file that is held here, in many transactions; done twice it is the same."""
    page: list[Upload] = []
    for _, state in library.records.all(RecordKind.ASSET):
        page.extend(_uploads_of(library, view_asset(read(state))))
        if len(page) >= PAGE:
            library.uploads.add([node], page)
            page = []
    library.uploads.add([node], page)


def pass_on(library: Library, came_from: int, downloads: Sequence[Download]) -> bool:
    """Files came from one node: queue them for the others, which may lack them. True: there are others."""
    others = [node.number for node in library.nodes.all() if node.number != came_from]
    files = {download.file for download in downloads}
    for record in {download.record for download in downloads} if others else ():
        content = library.records.content(record)
        if content is not None:
            library.uploads.add(others, [upload for upload in _uploads_of(library, view_asset(content)) if upload.file in files])
    return bool(others)


def queue_again(library: Library, node: int, blobs: Sequence[BlobId]) -> None:
    """The node wants blobs back that it held."""
    wanted = frozenset(blobs)
    for _, state in library.records.all(RecordKind.ASSET):
        found = [upload for upload in _uploads_of(library, view_asset(read(state))) if upload.blob in wanted]
        if found:
            library.uploads.add([node], found)


def _uploads_of(library: Library, asset: AssetView) -> Iterator[Upload]:
    for rendition, priority in ((asset.thumbnail, Priority.THUMBNAIL), (asset.preview, Priority.PREVIEW)):
        if rendition is not None and library.held.get(rendition.file):
            yield from _uploads_of_rendition(rendition, priority)
    for file, sources in asset.sources.items():
        for source in sources:
            yield from _uploads_of_source(library, file, source)


def _uploads_of_rendition(rendition: Rendition, priority: Priority) -> list[Upload]:
    return uploads_of_file(rendition.file, rendition.size, rendition.blobs, priority)


def _uploads_of_source(library: Library, file: FileHash, source: Source) -> Iterator[Upload]:
    held = library.held.get(file)
    if held is None:
        return
    if source.way is Way.BLOBS:
        yield from uploads_of_file(file, source.size, source.blobs, Priority.ORIGINAL)
    elif source.way is Way.INDEX:
        for epoch in library.keyring().values():
            try:
                sealing = name_blobs(located(library, held), held.size, epoch)
            except OSError:
                return  # removed by hand, or not readable: what isn't here can't be sent
            if sealing.index_blobs == source.blobs:
                yield from uploads_of_file(file, source.size, sealing.blobs, Priority.ORIGINAL)
                yield from keep_index(library, sealing)
