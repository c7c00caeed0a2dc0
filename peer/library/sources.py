"""How to get the bytes of a file: what the records say."""

from __future__ import annotations

from crdt.asset import view_asset
from crdt.facts import Source
from peer.library.library import Library
from peer.library.queues import Download, Priority
from peer.library.segments import whole_rendition


def ways_to(library: Library, download: Download) -> list[Source]:
    """The ways to the file's bytes, best first; none when its record no longer needs it."""
    content = library.records.content(download.record)
    if content is None:
        return []
    asset = view_asset(content)
    if download.priority is Priority.ORIGINAL:
        return list(asset.sources.get(download.file, ()))
    rendition = asset.thumbnail if download.priority is Priority.THUMBNAIL else asset.preview
    return [whole_rendition(rendition)] if rendition is not None and rendition.file == download.file else []


def give_up_unless_named(library: Library, download: Download) -> None:
    """Take a file out of the queue that its record no longer leads to; an entry that names it again queues it again."""
    with library.database.write():
        if not ways_to(library, download):
            library.downloads.done([download.file])
