"""Which blobs a relay should get from this device. Peers get none: they fetch what they want."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from crdt.asset import AssetView, view_asset
from crdt.facts import Rendition, Source, Way
from crdt.record import read
from peer.library.asset_files import located
from peer.library.carried import carried_uploads
from peer.library.checkpoints.contents import uploads_of
from peer.library.index_files import keep_index
from peer.library.library import Library
from peer.library.nodes import NodeKind
from peer.library.patched_files import uploads_of_patch
from peer.library.queues import Download, Priority, Upload, uploads_of_file
from peer.library.segments import name_blobs
from store.ids import BlobId, FileHash, RecordKind, StoreId

PAGE = 500
PASS_ON_MS = 20_000
"""So long a file from another device isn't sent to a relay: most often that device does it itself, and the relay then says so."""

AUDIT_MS = 7 * 24 * 60 * 60_000
"""So long a relay is believed that it has what it acknowledged. Then it is asked about everything once more: it may have lied, or lost something and not
have noticed, and nobody else can know that it lacks what this device doesn't send."""


def met(library: Library, node: int, store: StoreId, now: int, clock_offset: int) -> None:
    """A node answered. When a relay's stores are new, and once a week, everything that is here is queued for it again: it says itself what it has.
    Only a relay's clock corrects this device's.

    That may take long, so others can write meanwhile: the stores count as met only when all is queued.
    """
    known = next((each for each in library.nodes.all() if each.number == node), None)
    is_relay = known is not None and known.kind is NodeKind.RELAY
    audited = f"audited:{node}"
    is_due = abs(now - library.meta.get_int(audited)) >= AUDIT_MS
    if known is not None and is_relay and (known.store != store or is_due):
        queue_everything(library, node)
        library.meta.put_int(audited, now)
    with library.database.write():
        if is_relay:
            library.hlc.discipline(clock_offset)
        if library.nodes.met(node, store, now):
            library.meta.put_int(f"reported:{node}", 0)
        library.uploads.hurry(node)
        library.downloads.hurry()


def queue_everything(library: Library, node: int) -> None:
    """Queue each blob of each file that is held here, in many transactions; done twice it is the same."""
    page: list[Upload] = uploads_of(library, (info.blob for info in library.checkpoint_blobs.blobs()))
    for _, state in library.records.all(RecordKind.ASSET):
        page.extend(_uploads_of(library, view_asset(read(state))))
        if len(page) >= PAGE:
            library.uploads.add([node], page)
            page = []
    library.uploads.add([node], [*page, *carried_uploads(library)])


def pass_on(library: Library, came_from: Collection[int], downloads: Sequence[Download], *, at_once: bool) -> bool:
    """Files came from some nodes: queue them for the relays among the others, which may lack them. True: there are such relays.

    ``at_once``: without a moment for the device that has them too.
    """
    others = [node.number for node in library.nodes.relays() if node.number not in came_from]
    not_before = 0 if at_once else library.clock.now() + PASS_ON_MS
    files = {download.file for download in downloads}
    for record in {download.record for download in downloads} if others else ():
        content = library.records.content(record)
        if content is not None:
            uploads = list(_uploads_of(library, view_asset(content), files))
            library.uploads.add(others, uploads, not_before=not_before)
    return bool(others)


def queue_again(library: Library, node: int, blobs: Sequence[BlobId]) -> None:
    """The node wants blobs back that it held."""
    wanted = frozenset(blobs)
    library.uploads.add([node], uploads_of(library, blobs))
    for _, state in library.records.all(RecordKind.ASSET):
        found = [upload for upload in _uploads_of(library, view_asset(read(state))) if upload.blob in wanted]
        if found:
            library.uploads.add([node], found)


def _uploads_of(library: Library, asset: AssetView, files: Collection[FileHash] | None = None) -> Iterator[Upload]:
    """What leads to the asset's files, or to ``files`` among them, indexes and patches included."""
    for rendition, priority in ((asset.thumbnail, Priority.THUMBNAIL), (asset.preview, Priority.PREVIEW)):
        if rendition is not None and (files is None or rendition.file in files) and library.held.get(rendition.file):
            yield from _uploads_of_rendition(rendition, priority)
    for file, sources in asset.sources.items():
        for source in sources if files is None or file in files else ():
            yield from uploads_of_source(library, file, source)


def _uploads_of_rendition(rendition: Rendition, priority: Priority) -> list[Upload]:
    return uploads_of_file(rendition.file, rendition.size, rendition.blobs, priority)


def uploads_of_source(library: Library, file: FileHash, source: Source) -> Iterator[Upload]:
    """The blobs of one way to a file that is here, or of a patch that is. What an index leads to is found by sealing the file."""
    if source.way is Way.PATCH:
        yield from uploads_of_patch(library, source)
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
                yield from keep_index(library, file, sealing)
