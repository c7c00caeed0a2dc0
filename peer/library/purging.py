"""Deleting for good: the purge of records, and the release of the blobs that nothing needs any more, in one transaction.

Whoever purges also says which blobs relays may give up (PROTOCOL.md section 3.2): all that the purged records named, and what their indexes lead to, less
what other records need. That is only this device's word: relays wait until every device has seen it, and whoever needs one of them claims it.

Any file of a photo may be imported again by itself: a version from a backup, the film of a Live Photo. So the ids that they would get as photos are
purged with it, unless another record has them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from crdt.asset import view_asset
from crdt.facts import Source, Way
from crdt.record import Content
from peer.keys.change_body import MAX_PURGES
from peer.keys.errors import UnsealError
from peer.library.asset_files import located
from peer.library.library import Library
from peer.library.needs import blobs_named_by, needed_among
from peer.library.retention import Stay, stay_of, stays
from peer.library.segments import name_blobs
from store.bodies import MAX_BLOBS, Release
from store.entries import EntryKind
from store.ids import BlobId, FileHash, RecordId, RecordKind

AT_ONCE = 500
"""Photos that one transaction purges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """``purged``: photos and albums that are gone; ``kept``: those that stay in the trash, and why they do."""

    purged: tuple[RecordId, ...]
    kept: tuple[Stay, ...] = ()


def purge_due(library: Library, *, margin: int = 0) -> Purged:
    """Purge what is due, for at least ``margin`` milliseconds. What isn't yet is told too."""
    purged: list[RecordId] = []
    with library.database.read():
        waiting = list(stays(library))
    due = [stay for stay in waiting if stay.is_due and stay.left <= -margin]
    for start in range(0, len(due), AT_ONCE):
        with library.database.write():
            again = [stay_of(library, stay.record) for stay in due[start : start + AT_ONCE]]
            going = [stay for stay in again if stay is not None and stay.is_due]
            _purge(library, going)
            purged += [stay.record for stay in going]
    gone = frozenset(purged)
    return Purged(purged=tuple(purged), kept=tuple(stay for stay in waiting if stay.record not in gone))


def purge_now(library: Library, records: Sequence[RecordId]) -> Purged:
    """Purge these at once, though their time isn't over; what is contested stays, and what isn't in the trash."""
    with library.database.write():
        found = [stay for record in dict.fromkeys(records) if (stay := stay_of(library, record)) is not None]
        going = [stay for stay in found if not stay.contested]
        for start in range(0, len(going), AT_ONCE):
            _purge(library, going[start : start + AT_ONCE])
    return Purged(purged=tuple(stay.record for stay in going), kept=tuple(stay for stay in found if stay.contested))


def _purge(library: Library, going: Sequence[Stay]) -> None:
    records = [part for stay in going for part in stay.parts]
    if not records:
        return
    contents = [content for record in records if record.kind is RecordKind.ASSET and (content := library.records.content(record))]
    ids = [*records, *_would_be(library, contents, frozenset(records))]
    for start in range(0, len(ids), MAX_PURGES):
        library.change([], purges=ids[start : start + MAX_PURGES])
    release(library, frozenset(blob for content in contents for blob in _all_blobs(library, content)))


def _would_be(library: Library, contents: Iterable[Content], going: Collection[RecordId]) -> list[RecordId]:
    """The photos that the files of these records would be by themselves."""
    files = sorted({file for content in contents for file in view_asset(content).files})
    return [record for file in files if (record := RecordId.asset(file)) not in going and not _is_elsewhere(library, file, record, going)]


def _is_elsewhere(library: Library, file: FileHash, record: RecordId, going: Collection[RecordId]) -> bool:
    with library.database.read() as connection:
        rows = connection.execute("SELECT record FROM asset_file WHERE file = ?", (file,)).fetchall()
    return library.records.content(record) is not None or any(row[0] not in going for row in rows)


def release(library: Library, blobs: Collection[BlobId]) -> None:
    """Say that relays may give up those of ``blobs`` that nothing needs; inside the transaction that made them superfluous."""
    superfluous = sorted({*blobs} - needed_among(library.database, blobs))
    for start in range(0, len(superfluous), MAX_BLOBS):
        body = Release(blobs=tuple(superfluous[start : start + MAX_BLOBS]))
        library.author().control(EntryKind.RELEASE, body.encode())


def _all_blobs(library: Library, content: Content) -> Iterator[BlobId]:
    """Those that the record names, and those that its indexes lead to, as far as this device can tell."""
    yield from blobs_named_by(content)
    for file, sources in view_asset(content).sources.items():
        yield from _behind_indexes(library, file, (source for source in sources if source.way is Way.INDEX))


def _behind_indexes(library: Library, file: FileHash, sources: Iterable[Source]) -> Iterator[BlobId]:
    """By what was noted when the index came; else by sealing the file, where it is here. Nothing of a file that another record has."""
    indexes = list(sources)
    if not indexes:
        return
    with library.database.read() as connection:
        if connection.execute("SELECT 1 FROM asset_file WHERE file = ? LIMIT 1", (file,)).fetchone() is not None:
            return
        rows = connection.execute("SELECT blob FROM blob_segment WHERE file = ?", (file,)).fetchall()
    yield from (BlobId(row[0]) for row in rows)
    held = library.held.get(file)
    if rows or held is None:
        return
    for epoch in library.keyring().values():
        try:
            sealing = name_blobs(located(library, held), held.size, epoch)
        except (OSError, UnsealError):
            return
        if any(sealing.index_blobs == source.blobs for source in indexes):
            yield from sealing.blobs
