"""Which records were written in a stretch of time, and by which entries at all: one walk through the log."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from peer.library.findings import Progress
from store.entries import EntryKind
from store.ids import LibraryId, RecordId
from tools.looking.contents import Contents
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, logged_entries
from tools.replaying.moments import By


@dataclass(slots=True, kw_only=True)
class Touched:
    """``records``: those that were written in the stretch, in the order of their first write in it, with the arrivals of all entries that ever did.
    ``entries``: how many wrote in it. ``given_up``: entries without bytes that may have; only their arrival is known."""

    records: Mapping[RecordId, array[int]] = field(default_factory=dict)
    entries: int = 0
    given_up: int = 0


def touched(inspected: Inspected, library: LibraryId, contents: Contents, *, since: int, until: int, by: By, progress: Progress) -> Touched:
    """Those written after ``since`` and not after ``until``, milliseconds since 1970. Every change that is here is opened, whatever became of it."""
    wrote: dict[RecordId, array[int]] = {}
    within: dict[RecordId, None] = {}
    found = Touched()
    for logged in logged_entries(inspected, library):
        progress("entries", 1)
        if logged.item.kind is not EntryKind.CHANGE:
            continue
        opened = None if logged.entry is None else contents.opened(logged.entry)
        if opened is None:
            found.given_up += _may_be_within(logged, since, until, by)
            continue
        moment = opened.stamp.millis if by is By.MADE else logged.received
        is_within = since < moment <= until
        found.entries += is_within
        for record in (*(record for record, _ in opened.body.updates), *opened.body.purges):
            wrote.setdefault(record, array("q")).append(logged.arrival)
            if is_within:
                within.setdefault(record)
    found.records = {record: wrote[record] for record in within}
    return found


def _may_be_within(logged: LoggedEntry, since: int, until: int, by: By) -> bool:
    """What came here before ``since`` was made before it, too, unless a clock was wrong."""
    return logged.received > since and (by is By.MADE or logged.received <= until)
