"""Taking a settled checkpoint in, on a device that is new or was away for longer than everything.

A mark says that it is going on (``Library.is_loading``). While it stands nothing is applied, written or reported here: what arrives is stored and applied
afterwards. Every step leaves what it finds done as it is, so after a kill all of it begins again from the blobs, which are here by then. Order:

1. the content is read through once: what isn't a checkpoint changes nothing;
2. entries, as stubs where they aren't stored, with their places in the causal past and their client ids: so that the gate judges later entries as it does
   where everything is; then void updates and purged ids;
3. records, as plain data: an own one is merged with the checkpoint's. What this device has beyond the checkpoint stays, in its records as in its logs;
4. in one transaction: the mark goes, the checkpoint counts as acknowledged, what waited is applied, and a device that has a log begins a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from typing import TypeVar

from crdt.digest import record_digest
from crdt.lib0 import MalformedUpdateError
from crdt.record import Content
from crdt.state import read_state
from peer.errors import IntegrityError
from peer.library.checkpoints.contents import items_in, queue_uploads
from peer.library.checkpoints.format import CoveredEntry, Header, Item, PurgedRecord, RecordSnapshot, VoidUpdate
from peer.library.checkpoints.table import Verdict, acknowledge, judge
from peer.library.leaving import note_leaving
from peer.library.library import Library
from store.encoding import MalformedError
from store.log import SettledCheckpoint

ENTRIES_AT_ONCE = 2000
RECORDS_AT_ONCE = 500
VOID_IN_CHECKPOINT = "it was void in the checkpoint that this device began with"
T = TypeVar("T")


def checkpoint_to_load(library: Library) -> SettledCheckpoint | None:
    """The newest settled checkpoint, when something that it covers isn't stored here, or when the loading of one was killed."""
    newest = next(iter(library.log.settled()), None)
    if newest is None or (not library.is_loading and all(library.log.has(tip.name) for _, tip in newest.covered.tips())):
        return None
    return newest


def load(library: Library, checkpoint: SettledCheckpoint) -> None:
    """All of it, in many transactions; its blobs are here. ``IntegrityError`` when it isn't what it should be: then nothing was changed, but what an earlier,
    interrupted loading did stays."""
    try:
        for item in items_in(library, checkpoint.blobs):
            _check(library, checkpoint, item)
        library.meta.put("loading", checkpoint.checkpoint)
        for kind, items in groupby(items_in(library, checkpoint.blobs), type):
            if take := _STEPS.get(kind):
                take(library, items)
    except (MalformedError, MalformedUpdateError) as error:
        raise IntegrityError(f"A checkpoint that all devices agreed on can't be read: {error}. Nothing was lost.") from error
    with library.database.write():
        _finish(library, checkpoint)


def _check(library: Library, checkpoint: SettledCheckpoint, item: Item) -> None:
    match item:
        case Header() if item.library != library.id or item.heads != checkpoint.covered:
            raise MalformedError("its content is of another library, or covers something else than its entry says")
        case RecordSnapshot() if library.own_log() is not None:  # whoever is new begins again in an empty folder
            read_state(item.state)
        case _:
            pass


def _take_entries(library: Library, items: Iterable[Item]) -> None:
    for portion in _portions(_only(CoveredEntry, items), ENTRIES_AT_ONCE):
        with library.database.write():
            arrivals = library.log.adopt([item.entry for item in portion], now=library.clock.now())
            for arrival, item in zip(arrivals, portion, strict=True):
                library.applier.take_over(arrival, item.entry, item.client)


def _take_voids(library: Library, items: Iterable[Item]) -> None:
    query = "INSERT OR IGNORE INTO void SELECT arrival, ?, ? FROM past WHERE name = ?"
    for portion in _portions(_only(VoidUpdate, items), ENTRIES_AT_ONCE):
        with library.database.write() as connection:
            connection.executemany(query, [(item.record or b"", VOID_IN_CHECKPOINT, item.entry) for item in portion])


def _take_purged(library: Library, items: Iterable[Item]) -> None:
    for portion in _portions(_only(PurgedRecord, items), RECORDS_AT_ONCE):
        with library.database.write() as connection:
            purged = {item.record for item in portion}
            for record in purged:
                content = library.records.content(record)
                if content is not None:  # what whoever purged it had seen can't be told any more
                    note_leaving(connection, record, content, recover=True, now=library.clock.now())
                library.records.purge(record)
            library.projection.update({}, purged)


def _take_records(library: Library, items: Iterable[Item]) -> None:
    for portion in _portions(_only(RecordSnapshot, items), RECORDS_AT_ONCE):
        with library.database.write():
            changed = {item.record: merged for item in portion if (merged := _merged(library, item)) is not None}
            library.records.put(changed)
            library.projection.update({record: content for record, (_, content) in changed.items()}, set())
            for stamp in {cell.stamp for _, content in changed.values() for cell in content.live.values()}:
                library.hlc.observe(stamp)


def _merged(library: Library, item: RecordSnapshot) -> tuple[bytes, Content] | None:
    """The record as it is from now on; ``None`` when nothing changes."""
    if library.records.is_purged(item.record):
        return None
    theirs = read_state(item.state)
    content = theirs.content()
    own = library.records.state(item.record)
    if own is None:
        return item.state, content
    if record_digest(item.record, content) == library.records.stored_digest(item.record):
        return None
    merged = read_state(own).merged_with(theirs)
    return merged.encode(), merged.content()


def _finish(library: Library, checkpoint: SettledCheckpoint) -> None:
    library.meta.delete("loading")
    judge(library, checkpoint.checkpoint, Verdict.SAME)
    acknowledge(library, checkpoint.checkpoint)
    queue_uploads(library, checkpoint.blobs)
    library.applier.look_at_everything()  # before anything is written: what was written counts as looked at, and all that came before it
    if library.own_log() is not None:
        library.begin_log()


_STEPS: dict[type, Callable[[Library, Iterable[Item]], None]] = {
    CoveredEntry: _take_entries,
    VoidUpdate: _take_voids,
    PurgedRecord: _take_purged,
    RecordSnapshot: _take_records,
}


def _only(kind: type[T], items: Iterable[Item]) -> Iterator[T]:
    return (item for item in items if isinstance(item, kind))


def _portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(items)
    while portion := list(islice(remaining, size)):
        yield portion
