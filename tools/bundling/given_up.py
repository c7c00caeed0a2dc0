"""What stands in the place of entries whose bytes aren't here any more: given up for a checkpoint, or damaged.

Their places in the graph are known, and so is what is left of their work: which clocks of a record they wrote, and what of that still stands. So each is told
as a change that writes just that. What was deleted since by others without bytes was some value or other; it is told as deleted by the first of them that had
seen it. Stamps are those of what stands. Checkpoints and settlements whose bytes are gone become changes of nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from crdt.client import MAX_CLIENT, RANDOM_BYTES, writer
from crdt.clock import Stamp
from crdt.lib0 import MalformedUpdateError
from crdt.state import Clocks, read_state
from crdt.update import MAX_ITEMS, DeleteRange, Item, decode_update, encode_update
from crdt.values import BadValueError
from peer.keys.change_body import ChangeBody
from peer.keys.errors import BodyError
from peer.library.causality import CausalPasts
from peer.library.meta import Meta
from peer.library.records import RecordTable
from store.entries import Entry, EntryKind
from store.ids import EpochId, LibraryId, RecordId
from tools.bundling.errors import CannotBeMadeAgainError
from tools.looking.contents import Opened
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry

Gone = tuple[RecordId, int, int]
"""A clock of a client in a record."""


@dataclass(slots=True)
class _Left:
    """What is left of one entry."""

    logged: LoggedEntry
    client: int
    clocks: dict[RecordId, Clocks] = field(default_factory=dict)
    deletes: dict[RecordId, list[DeleteRange]] = field(default_factory=dict)
    purges: list[RecordId] = field(default_factory=list)

    @property
    def stamp(self) -> Stamp:
        stamps = (item.stamp for clocks in self.clocks.values() for item in clocks if item is not None)
        return next(stamps, Stamp.of(max(self.logged.received, 0)))


class GivenUp:
    """Tells of entries without bytes, in one look."""

    def __init__(self, inspected: Inspected, library: LibraryId, epoch: EpochId, keeps: Callable[[RecordId], bool]) -> None:
        self._inspected = inspected
        self._library = library
        self._epoch = epoch
        self._keeps = keeps
        self._pasts = CausalPasts(inspected.database, library)

    def opened(
        self, gone: Sequence[LoggedEntry], deleted: Iterable[Gone], purged: Iterable[RecordId]
    ) -> list[tuple[LoggedEntry, Entry, Opened]]:
        """Of each of ``gone``, in the order of arrival, what is told in its place. ``deleted``, ``purged``: by entries that have their bytes."""
        left = [_Left(each, self._client(each)) for each in gone]
        self._find_clocks(left, {*deleted})
        if left:
            left[-1].purges = sorted(self._purged() - {*purged})
        return [self._told(each) for each in left]

    def _client(self, logged: LoggedEntry) -> int:
        with self._inspected.database.read() as connection:
            row = connection.execute("SELECT client FROM client WHERE arrival = ?", (logged.arrival,)).fetchone()
        return MAX_CLIENT - logged.arrival if row is None else int(row[0])

    def _purged(self) -> set[RecordId]:
        return {record for record in RecordTable(self._inspected.database, Meta(self._inspected.database)).purged() if self._keeps(record)}

    def _find_clocks(self, left: list[_Left], deleted: set[Gone]) -> None:
        by_client = {each.client: index for index, each in enumerate(left)}
        for record, state in RecordTable(self._inspected.database, Meta(self._inspected.database)).all():
            if not self._keeps(record):
                continue
            try:
                clients = read_state(state).clients
            except MalformedUpdateError as error:
                self._inspected.problems.note(f"a record is damaged: {error}")
                continue
            for client, clocks in clients.items():
                index = by_client.get(client)
                if index is None:
                    continue
                left[index].clocks[record] = clocks
                lost = [clock for clock, item in enumerate(clocks) if item is None and (record, client, clock) not in deleted]
                if lost:
                    self._deleter(left, index).deletes.setdefault(record, []).extend(DeleteRange(client, clock, 1) for clock in lost)

    def _deleter(self, left: list[_Left], index: int) -> _Left:
        """The first that has the entry at ``index`` in its past."""
        seen = left[index].logged
        for later in left[index + 1 :]:
            needs = later.logged.item.needs
            if (
                later.logged.item.kind is EntryKind.CHANGE
                and all(map(self._pasts.knows, needs))
                and self._pasts.of(needs).contains(seen.arrival)
            ):
                return later
        raise CannotBeMadeAgainError("what deleted a value isn't here any more")

    def _told(self, left: _Left) -> tuple[LoggedEntry, Entry, Opened]:
        records = sorted({*left.clocks, *left.deletes})
        try:
            updates = tuple((record, _update(left, record)) for record in records)
            body = ChangeBody(stamp=bytes(left.stamp), random=bytes(RANDOM_BYTES), updates=updates, purges=tuple(left.purges))
        except (BadValueError, BodyError) as error:
            raise CannotBeMadeAgainError("what is left of an entry doesn't fit into one") from error
        item = left.logged.item
        entry = Entry(
            kind=EntryKind.CHANGE,
            library=self._library,
            log=item.log,
            seq=item.seq,
            previous=item.previous,
            deps=item.deps,
            epoch=self._epoch,
            name=item.name,
            body=b"",
            prefix=b"",
            header=b"",
            signature=b"",
        )
        return left.logged, entry, Opened(body=body, stamp=left.stamp, client=left.client)


def deleted_by(updates: Iterable[tuple[RecordId, bytes]]) -> Iterable[Gone]:
    """The clocks that updates of an entry delete."""
    for record, raw in updates:
        try:
            deletes = decode_update(raw).deletes
        except MalformedUpdateError:
            continue
        for piece in deletes:
            yield from ((record, piece.client, clock) for clock in range(piece.clock, min(piece.end, piece.clock + MAX_ITEMS)))


def _update(left: _Left, record: RecordId) -> bytes:
    items = [_item(left, item, clock) for clock, item in enumerate(left.clocks.get(record, ()))]
    return encode_update(left.client, items, left.deletes.get(record, ()))


def _item(left: _Left, item: Item | None, clock: int) -> Item:
    return Item(f"d/gone:{clock}/{writer(left.client)}", left.stamp, None) if item is None else item
