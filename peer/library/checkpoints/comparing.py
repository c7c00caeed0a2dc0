"""Whether a checkpoint that another device wrote says exactly what is here. Who acknowledges one has found no difference in any byte.

All of it happens in one snapshot. The two sides were read at different moments, so what this device has applied beyond the checkpoint is added to it:

- the entries that it covers, their client ids and the void updates must be those that are here at or below its heads;
- purged ids: those that are here, less what uncovered entries purged;
- a record that no uncovered entry touched must be equal, clock by clock; for the others the updates of these entries are added to the checkpoint's
  state, in the order of their arrival, and the result must be what is here.

Nothing that comes from the checkpoint reaches the engine: states are compared as canonical bytes, or as plain data (``crdt.state``). Sets of entries are
compared by sums of keyed hashes under a key that nobody knows who wrote either side: so neither their order nor any memory is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from crdt.lib0 import MalformedUpdateError
from crdt.state import RecordState, read_canonical
from crdt.update import decode_update
from peer.keys.errors import MissingEpochError, UnsealError
from peer.library.checkpoints.alongside import Alongside
from peer.library.checkpoints.contents import items_in
from peer.library.checkpoints.format import CoveredEntry, End, Header, Item, PurgedRecord, RecordSnapshot, VoidUpdate
from peer.library.checkpoints.snapshot import Snapshot, snapshot
from peer.library.checkpoints.uncovered import Uncovered, uncovered
from peer.library.library import Library
from store.bodies import Checkpoint
from store.encoding import MalformedError, encode
from store.heads import Heads
from store.ids import RecordId

SPARE_BLOBS = 8
_BLOB_BYTES = 4 * 1024 * 1024


class DifferenceError(Exception):
    """The checkpoint doesn't say what is here; the text is a clause for people."""


def is_plausible(library: Library, body: Checkpoint) -> bool:
    """Whether a checkpoint of this library can have so many blobs: twice what one of this device would have, and some. Nobody makes others fetch more."""
    with library.database.read() as connection:
        (states,) = connection.execute("SELECT coalesce(sum(length(state)), 0) FROM record").fetchone()
        (entries,) = connection.execute("SELECT count(*) FROM past").fetchone()
        (purged,) = connection.execute("SELECT count(*) FROM purged").fetchone()
    size: int = states + 512 * entries + 32 * purged
    return len(body.blobs) <= SPARE_BLOBS + 2 * size // _BLOB_BYTES


def is_applied(library: Library, heads: Heads) -> bool:
    """Whether everything at or below ``heads`` is applied here."""
    with library.database.read() as connection:
        query = "SELECT 1 FROM past WHERE name = ?"
        return all(connection.execute(query, (tip.name,)).fetchone() for _, tip in heads.tips())


def compare(library: Library, body: Checkpoint) -> None:
    """Returns when every byte is as it is here; everything that it covers has to be applied. ``DifferenceError``; and when it can't be found out
    ``MissingBlobError``, ``MissingEpochError``, ``TooFarAheadError``, ``DamagedError``."""
    with snapshot(library) as now:
        _Comparison(library, now, body, uncovered(library, now, body.heads)).run()


class _Comparison:
    """One pass over the checkpoint, and beside it one over what is here."""

    def __init__(self, library: Library, now: Snapshot, body: Checkpoint, beyond: Uncovered) -> None:
        self._library = library
        self._now = now
        self._body = body
        self._beyond = beyond
        self._key = library.randomness(32)
        self._entries = self._voids = 0
        self._purged = Alongside((record, True) for record in now.purged())
        self._records = Alongside(now.states())

    def run(self) -> None:
        for item in self._items():
            match item:
                case Header():
                    self._header(item)
                case CoveredEntry():
                    self._entries += self._hash(_entry_wire(item))
                case VoidUpdate():
                    if item.record is None or not self._now.records.is_purged(item.record):
                        self._voids += self._hash(_void_wire(item))
                case PurgedRecord():
                    self._purged_record(item.record)
                case RecordSnapshot():
                    self._record(item)
                case End():
                    self._end(item)

    def _items(self) -> Iterator[Item]:
        try:
            yield from items_in(self._library, self._body.blobs)
        except MissingEpochError:
            raise
        except (MalformedError, UnsealError) as error:
            raise DifferenceError(f"its content is not what it should be: {error}") from error

    def _header(self, header: Header) -> None:
        if header.library != self._library.id or header.heads != self._body.heads:
            raise DifferenceError("its content is of another library, or covers something else than its entry says")

    def _purged_record(self, record: RecordId) -> None:
        self._pass_purged(record)
        if self._purged.take(record) is None:
            raise DifferenceError(f"record {_name(record)} is purged in it and not here")

    def _pass_purged(self, up_to: RecordId | None) -> None:
        for record, _ in self._purged.before(up_to):
            if record not in self._beyond.purged:
                raise DifferenceError(f"record {_name(record)} is purged here and not in it")

    def _record(self, theirs: RecordSnapshot) -> None:
        self._pass_records(theirs.record)
        ours = self._records.take(theirs.record)
        updates = self._beyond.updates.get(theirs.record)
        if ours is None:
            if theirs.record not in self._beyond.purged:
                raise DifferenceError(f"record {_name(theirs.record)} is in it and not here")
        elif updates is not None:
            self._become(theirs.record, _state_in(theirs), updates, ours)
        elif ours.encode() != theirs.state:
            raise DifferenceError(f"record {_name(theirs.record)} is another one in it than here")

    def _pass_records(self, up_to: RecordId | None) -> None:
        """Records that are here and not in the checkpoint: entries beyond it made them."""
        for record, ours in self._records.before(up_to):
            updates = self._beyond.updates.get(record)
            if updates is None:
                raise DifferenceError(f"record {_name(record)} is here and not in it")
            self._become(record, RecordState({}), updates, ours)

    def _become(self, record: RecordId, state: RecordState, updates: list[bytes], ours: RecordState) -> None:
        try:
            for update in updates:
                state = state.after(decode_update(update))
        except MalformedUpdateError as error:
            raise DifferenceError(f"record {_name(record)} can't become in it what it is here: {error}") from error
        if state.encode() != ours.encode():
            raise DifferenceError(f"record {_name(record)} is another one in it than here")

    def _end(self, end: End) -> None:
        self._pass_purged(None)
        self._pass_records(None)
        if end.records != self._body.records:
            raise DifferenceError(f"it holds {end.records} records, and says that it holds {self._body.records}")
        if sum(self._hash(_entry_wire(self._now.covered(entry))) for entry in self._now.log.skeleton(self._body.heads)) != self._entries:
            raise DifferenceError("it names other entries, or other client ids, than those that are here")
        voids = (void for void in self._now.voids() if void.entry not in self._beyond.names)
        if sum(self._hash(_void_wire(void)) for void in voids) != self._voids:
            raise DifferenceError("other updates are void in it than here")

    def _hash(self, wire: object) -> int:
        return int.from_bytes(hashlib.blake2b(encode(wire), key=self._key, digest_size=32).digest(), "big")


def _state_in(theirs: RecordSnapshot) -> RecordState:
    try:
        return read_canonical(theirs.state)
    except MalformedUpdateError as error:
        raise DifferenceError(f"record {_name(theirs.record)} has a state that is none: {error}") from error


def _entry_wire(item: CoveredEntry) -> list[object]:
    entry = item.entry
    deps = [[dep.log, dep.seq, dep.name] for dep in entry.deps]
    return [int(entry.kind), entry.log, entry.seq, entry.name, entry.previous, deps, entry.author, item.client]


def _void_wire(void: VoidUpdate) -> list[bytes]:
    return [void.entry, void.record or b""]


def _name(record: RecordId) -> str:
    return f"{record.body.hex()[:10]} ({record.kind.name.lower()})"
