"""How to get the bytes of a file: what the records say, and in which order it is worth trying.

A patch whose base is here costs least. Then come the blobs of the file itself. A patch whose base isn't here comes last: the base is fetched first, by
a way of its own, at most four patches deep; a file that waits for one says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crdt.asset import AssetView, view_asset
from crdt.facts import Source, Way
from peer.library.asset_files import located
from peer.library.library import Library
from peer.library.patches import MAX_CHAIN
from peer.library.queues import Download, Priority
from peer.library.segments import whole_rendition
from store.ids import FileHash, RecordId

WAITS_FOR_BASE = "it comes as a patch of an older version, which is fetched first"


def ways_to(library: Library, download: Download) -> list[Source]:
    """The ways to the file's bytes, best first; none when its record no longer needs it."""
    asset = _view(library, download.record)
    if asset is None:
        return []
    if download.priority is Priority.ORIGINAL:
        return cheapest_first(library, asset.sources.get(download.file, ()))
    rendition = asset.thumbnail if download.priority is Priority.THUMBNAIL else asset.preview
    return [whole_rendition(rendition)] if rendition is not None and rendition.file == download.file else []


def cheapest_first(library: Library, sources: Iterable[Source]) -> list[Source]:
    """Equal ones stay in their order."""

    def cost(source: Source) -> int:
        if source.base is None:
            return 1
        return 0 if is_here(library, source.base) else 2

    return sorted(sources, key=cost)


def is_here(library: Library, file: FileHash) -> bool:
    """Whether an original lies on this disk, as far as can be told without reading it."""
    held = library.held.get(file)
    return held is not None and held.kind == "original" and located(library, held).exists()


def want_bases(library: Library, download: Download, source: Source) -> None:
    """``source`` is a patch whose base isn't here: ask for what is at the end of the chain, and then for its next link, one at a time.

    Nothing is asked for when the chain goes round, is longer than four, or ends in a file that no record tells a way to: then the file stays
    where it is in the queue, with its reason.
    """
    seen: set[FileHash] = {download.file}
    base, record = source.base, download.record
    for _ in range(MAX_CHAIN):
        if base is None or base in seen:
            return
        seen.add(base)
        found = next(_telling(library, record, base), None)
        if found is None:
            return
        record, ways = found
        best = cheapest_first(library, ways)[0]
        if best.base is None or is_here(library, best.base):
            library.downloads.ask(Download(file=base, record=record, size=best.size, priority=Priority.ORIGINAL))
            return
        base = best.base


def _telling(library: Library, record: RecordId, file: FileHash) -> Iterator[tuple[RecordId, tuple[Source, ...]]]:
    """The records that name ways to a file, ``record`` first."""
    with library.database.read() as connection:
        rows = connection.execute("SELECT DISTINCT record FROM asset_file WHERE file = ? ORDER BY record LIMIT 16", (file,)).fetchall()
    for each in dict.fromkeys([record, *(RecordId(row[0]) for row in rows)]):
        asset = _view(library, each)
        if asset is not None and (ways := asset.sources.get(file)):
            yield each, ways


def hurry_patched(library: Library, base: FileHash) -> bool:
    """A file came: what waits for it as the base of a patch is due now. True: something is."""
    with library.database.read() as connection:
        rows = connection.execute("SELECT DISTINCT record FROM asset_file WHERE file = ? LIMIT 16", (base,)).fetchall()
    views = [asset for row in rows if (asset := _view(library, RecordId(row[0]))) is not None]
    waiting = {file for asset in views for file, ways in asset.sources.items() if any(source.base == base for source in ways)}
    with library.database.write() as connection:
        before = connection.total_changes
        connection.executemany("UPDATE download SET next_try = 0 WHERE file = ? AND next_try > 0", [(file,) for file in waiting])
        return connection.total_changes > before


def give_up_unless_named(library: Library, download: Download) -> None:
    """Take a file out of the queue that its record no longer leads to; an entry that names it again queues it again."""
    with library.database.write():
        if not ways_to(library, download):
            library.downloads.done([download.file])


def needs_base(library: Library, source: Source) -> bool:
    """Whether the way is a patch of a file that isn't here."""
    return source.way is Way.PATCH and source.base is not None and not is_here(library, source.base)


def _view(library: Library, record: RecordId) -> AssetView | None:
    content = library.records.content(record)
    return None if content is None else view_asset(content)
