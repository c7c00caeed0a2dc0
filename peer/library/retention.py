"""How long what is in the trash stays there, and what keeps it there longer (PROTOCOL.md section 6.6).

A record is purged only when

1. the library's retention (30 days, unless its settings say otherwise) is over since *this* device learned of the trashing: by its own clock and by
   the disciplined one, whichever says less. So a clock that jumps ahead purges nothing, neither its own nor a relay's; nor does one that was years
   behind when this device learned of it: the time doesn't begin before that of the trashing's own stamp;
2. the newest seen report of every other active device covers the entry that trashed it. A member is active when it reported within 90 days, by
   whichever clock says less;
3. nothing contests the trashing.

What is shown as one photo goes as one: all of it has to be due.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crdt.asset import view_asset
from crdt.client import client_of
from crdt.clock import Stamp
from crdt.fields import fields_of, read_register
from crdt.record import EMPTY, Content
from crdt.settings import view_settings
from crdt.trash import TRASHED, read_trash
from peer.library.albums import writers_of_memberships
from peer.library.library import Library
from peer.library.queries import Queries
from store.branches import at_or_below
from store.ids import LIBRARY_RECORD, DeviceId, EntryHash, RecordId, RecordKind
from store.settlement import active_devices
from store.sqlite_rows import LibraryRows

DAY_MS = 24 * 60 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A photo or album in the trash. ``parts``: the records that go with it; ``left``: milliseconds of its time in the trash that are still to pass;
    ``contested``: somebody worked on it who didn't know; ``unseen_by``: active devices that haven't reported that they know."""

    record: RecordId
    parts: tuple[RecordId, ...]
    left: int
    contested: bool
    unseen_by: frozenset[DeviceId]

    @property
    def is_due(self) -> bool:
        return self.left <= 0 and not self.contested and not self.unseen_by


def retention_ms(library: Library) -> int:
    """How long the trash lasts in this library."""
    return view_settings(library.records.content(LIBRARY_RECORD) or EMPTY).retention * DAY_MS


def stays(library: Library) -> Iterator[Stay]:
    """Everything that is in the trash, photos first. Belongs inside one transaction with whatever follows from it."""
    seen = _Seen(library)
    retention = retention_ms(library)
    queries = Queries(library.database)
    for kind, query in _IN_TRASH.items():
        with library.database.read() as connection:
            records = [RecordId(row[0]) for row in connection.execute(query).fetchall()]
        for record in records:
            yield _stay(library, record, queries.parts(record) if kind is RecordKind.ASSET else [record], retention, seen)


def stay_of(library: Library, record: RecordId) -> Stay | None:
    """The same of one photo or album; ``None`` when it isn't in the trash."""
    parts = Queries(library.database).parts(record) if record.kind is RecordKind.ASSET else [record]
    content = library.records.content(record)
    if content is None or read_trash(fields_of(content), content).trash is None:
        return None
    return _stay(library, record, parts, retention_ms(library), _Seen(library))


_IN_TRASH: Mapping[RecordKind, str] = {
    RecordKind.ASSET: "SELECT record FROM asset WHERE trashed IS NOT NULL AND folded IS NULL ORDER BY trashed, record",
    RecordKind.ALBUM: "SELECT record FROM album WHERE trashed IS NOT NULL ORDER BY trashed, record",
}


def _stay(library: Library, record: RecordId, parts: list[RecordId], retention: int, seen: _Seen) -> Stay:
    contents = {part: library.records.content(part) or EMPTY for part in parts}
    return Stay(
        record=record,
        parts=tuple(parts),
        left=max(retention - _elapsed(library, part) for part in parts),
        contested=any(_is_contested(library, part, content) for part, content in contents.items()),
        unseen_by=frozenset().union(*(seen.lacking(content) for content in contents.values())),
    )


def _elapsed(library: Library, record: RecordId) -> int:
    """Milliseconds in the trash, by the clock that says less; none when this device didn't note it."""
    with library.database.read() as connection:
        row = connection.execute("SELECT own, disciplined, stamp FROM trash_noted WHERE record = ?", (record,)).fetchone()
    if row is None:
        return 0
    trashed_at = Stamp(row[2]).millis
    return min(_since(trashed_at, int(row[0]), library.clock.now()), _since(trashed_at, int(row[1]), library.hlc.physical()))


def _since(trashed_at: int, noted: int, now: int) -> int:
    """By one clock. What was noted before it was done was noted by a clock that had yet to be put right; a time to come tells nothing."""
    return now - (max(noted, trashed_at) if trashed_at <= now else noted)


def _is_contested(library: Library, record: RecordId, content: Content) -> bool:
    if record.kind is RecordKind.ASSET:
        asset = view_asset(content)
        return asset.trashed is None or asset.contested
    state = read_trash(fields_of(content), content, members=writers_of_memberships(library, record))
    return state.trash is None or bool(state.unseen)


class _Seen:
    """Who of the other active devices has seen what; looked up once for one answer."""

    def __init__(self, library: Library) -> None:
        self._library = library
        now = min(library.clock.now(), library.hlc.physical())
        reports = library.log.seen()
        active = active_devices(reports, library.roster().devices, now) - {library.device}
        with library.database.read() as connection:
            rows = LibraryRows(connection, library.id)
            branches = self._branches = rows.branches()
            self._reached = {
                report.device: at_or_below(report.heads, branches, rows.position) for report in reports if report.device in active
            }

    def lacking(self, content: Content) -> frozenset[DeviceId]:
        """The active devices that haven't reported that they have seen this trashing."""
        reading = read_register(fields_of(content), TRASHED)
        if reading is None or not self._reached:
            return frozenset()
        with self._library.database.read() as connection:
            query = "SELECT name FROM client JOIN past USING (arrival) WHERE client = ?"
            row = connection.execute(query, (client_of(reading.cell.writer),)).fetchone()
            position = None if row is None else LibraryRows(connection, self._library.id).position(EntryHash(row[0]))
        if position is None:
            return frozenset(self._reached)
        author = self._branches[position.branch].author
        return frozenset(
            device for device, reached in self._reached.items() if device != author and position.seq > reached.get(position.branch, -1)
        )
