"""What this device has applied beyond a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

from peer.keys.change_body import ChangeBody
from peer.keys.errors import BodyError, UnsealError
from peer.keys.sealing import open_body
from peer.library.checkpoints.snapshot import Snapshot
from peer.library.library import Library
from store.entries import Entry, EntryKind
from store.heads import Heads
from store.ids import EntryHash, RecordId

PAGE_BYTES = 4 * 1024 * 1024
MOST_BYTES = 64 * 1024 * 1024
"""Updates that are kept in memory. Who is further ahead than that waits for the next checkpoint."""


class TooFarAheadError(Exception):
    """More than can be kept in memory."""


@dataclass(slots=True)
class Uncovered:
    """Applied entries that a checkpoint doesn't cover: their names, their updates that aren't void, by record and in the order of arrival, and
    what they purged."""

    names: set[EntryHash] = field(default_factory=set)
    updates: dict[RecordId, list[bytes]] = field(default_factory=dict)
    purged: set[RecordId] = field(default_factory=set)
    size: int = 0


def uncovered(library: Library, now: Snapshot, heads: Heads) -> Uncovered:
    """What is applied in the snapshot and not at or below ``heads``, whose tips are all stored. ``TooFarAheadError``."""
    found = Uncovered()
    after = 0
    while page := now.log.missing(heads, limit_bytes=PAGE_BYTES, after=after):
        after = page[-1].arrival
        for arrived in page:
            if not arrived.is_detached and now.is_applied(arrived.entry.name):
                _add(found, library, now, arrived.entry)
    return found


def _add(found: Uncovered, library: Library, now: Snapshot, entry: Entry) -> None:
    found.names.add(entry.name)
    change = _change_in(library, entry)
    if change is None:
        return
    found.purged.update(change.purges)
    for record, update in change.updates:
        if not now.records.is_purged(record) and not now.is_void(entry.name, record):
            found.updates.setdefault(record, []).append(update)
            found.size += len(update)
    if found.size > MOST_BYTES:
        raise TooFarAheadError


def _change_in(library: Library, entry: Entry) -> ChangeBody | None:
    """``None`` for a control entry, and for a body that is void as a whole: it was applied, so its key is here."""
    if entry.kind is not EntryKind.CHANGE or entry.epoch is None:
        return None
    try:
        return ChangeBody.decode(open_body(library.keyring().require(entry.epoch), entry.prefix, entry.body))
    except (UnsealError, BodyError):
        return None
