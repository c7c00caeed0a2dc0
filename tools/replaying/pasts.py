"""The pasts of records, found in a device's folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from crdt.gate import Accepted, judge
from crdt.state import RecordState
from crdt.update import MAX_ITEMS
from peer.errors import UsageError
from peer.library.findings import Progress, in_silence
from store.ids import LibraryId, RecordId
from tools.looking.contents import Contents
from tools.looking.folder import Inspected
from tools.looking.lookup import record_name
from tools.looking.writes import RecordWrites, Write, Writes
from tools.replaying.beginnings import Beginning, BeginsWith, CheckpointStates, covers, read_checkpoint
from tools.replaying.moments import By, parted_at
from tools.replaying.replay import NOTHING, Standing, Step, end_of, remains_of, replay
from tools.replaying.stored import is_purged, stored_state

RecordStep: TypeAlias = Step[Write]


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """A record as of a time. ``known``: the writes that made it so, from the beginning on; ``later``: those that came after. ``surprises``: made before that
    time, arrived on this device later. ``is_whole``: nothing that it said then is missing."""

    standing: Standing
    known: tuple[Write, ...]
    later: tuple[Write, ...]
    surprises: tuple[Write, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPast:
    """All that is known of how a record came to be; good for the look that it was found in.

    ``covered``: writes that are here and that the beginning has in it already, without their steps. ``writes``: those that came after.
    """

    record: RecordId
    beginning: Beginning
    covered: tuple[Write, ...]
    writes: tuple[Write, ...]
    _seen: Writes
    _arrived: Mapping[int, int] = field(default_factory=dict)

    def steps(self) -> Iterator[RecordStep]:
        """What each write did, in the order in which they arrived."""
        return replay(self.beginning.standing, self.writes)

    def end(self) -> Standing:
        """The record as it is now."""
        return end_of(self.beginning.standing, self.writes)

    def at(self, time: int, by: By) -> Then:
        """The record as of ``time``, milliseconds since 1970, by when its writes were made, or had arrived."""
        moment = made_at if by is By.MADE else arrived_at
        parted = parted_at(
            self.writes, time, moment=moment, builds_on=lambda write, earlier: self._seen.has_seen(write.logged, earlier.logged)
        )
        reaches_to = self.beginning.reaches_to
        is_whole = reaches_to is None or time >= reaches_to
        base = self.beginning.standing if is_whole else self._base_at(time, by)
        return Then(
            standing=end_of(base, parted.before),
            known=parted.before,
            later=parted.after,
            surprises=tuple(write for write in self.writes if made_at(write) <= time < arrived_at(write)),
            is_whole=is_whole,
        )

    def _base_at(self, time: int, by: By) -> Standing:
        """What of the beginning was there at an earlier time, as far as it was still there at the beginning."""
        standing = self.beginning.standing
        if by is By.ARRIVED:
            return standing.without(lambda client: self._arrived.get(client, 0) > time)
        clients = standing.state.clients
        return standing.without(lambda client: any(item is not None and item.stamp.millis > time for item in clients[client]))


class Pasts:
    """Finds them, for one look. The device's keys are needed: ``UsageError`` without them."""

    def __init__(self, inspected: Inspected, library: LibraryId, *, progress: Progress = in_silence) -> None:
        self._inspected = inspected
        self._library = library
        self._progress = progress
        self.contents = keys_of(inspected, library)
        self._writes = Writes(inspected, library, self.contents)

    def of(self, record: RecordId) -> RecordPast:
        """The whole past of one record; every change in the log is opened for it."""
        return self._past(self._writes.of(record, complete=True, progress=self._progress), None)

    def among(self, arrivals: Mapping[RecordId, Sequence[int]]) -> Iterator[RecordPast]:
        """The pasts of several, by whoever knows the arrivals of all entries whose bodies name them."""
        states = read_checkpoint(self._inspected, self._library, self.contents, arrivals.keys(), self._progress) if self._stubs else None
        for record, numbers in arrivals.items():
            yield self._past(self._writes.among(record, numbers), states)

    @property
    def _stubs(self) -> int:
        return self._inspected.log(self._library).figures().stubs

    def _past(self, found: RecordWrites, states: CheckpointStates | str | None) -> RecordPast:
        found = replace(found, writes=tuple(map(self._judged, found.writes)))
        record, stored = found.record, stored_state(self._inspected, found.record)
        if not found.stubs and self._fits(NOTHING, found.writes, stored) and not (is_purged(self._inspected, record) and self._stubs):
            return self._made(found, Beginning(begins_with=BeginsWith.FIRST))
        if self._stubs:
            states = states or read_checkpoint(self._inspected, self._library, self.contents, {record}, self._progress)
        if isinstance(states, CheckpointStates):
            beginning = states.beginning(record, len(found.stubs))
            covered = [covers(self._inspected, self._library, states.covered, write.logged) for write in found.writes]
            after = tuple(write for write, is_covered in zip(found.writes, covered, strict=True) if not is_covered)
            if self._fits(beginning.standing, after, stored):
                return self._made(found, beginning, len(found.writes) - len(after), covered)
        return self._made(found, self._remaining(found, stored, states))

    def _judged(self, write: Write) -> Write:
        """With the gate's reason where it refuses the bytes themselves, and only lost bookkeeping lets them count: nothing could read them."""
        if not write.counts or write.update is None:
            return write
        verdict = judge(
            write.raw, client=write.client, stamp=write.stamp, made=lambda client: None if client == write.client else MAX_ITEMS
        )
        if isinstance(verdict, Accepted):
            return write
        self._inspected.problems.note(f"entry {write.logged.place} isn't known to be void, and is: {verdict.reason}")
        return replace(write, void=verdict.reason)

    def _fits(self, base: Standing, writes: Sequence[Write], stored: RecordState | None) -> bool:
        """Whether a replay ends in what is stored; where nothing is stored, because the record is purged or damaged, it can't be told."""
        return stored is None or end_of(base, writes).content == stored.content()

    def _remaining(self, found: RecordWrites, stored: RecordState | None, states: CheckpointStates | str | None) -> Beginning:
        written = {write.client for write in found.writes if write.counts and write.update is not None and write.update.items}
        standing = NOTHING if stored is None else remains_of(stored, written)
        if not found.stubs and not self._stubs:
            self._inspected.problems.note(
                f"{record_name(found.record)} isn't what its entries make of it; `calotype-inspect verify` says more"
            )
        last = max((stub.received for stub in found.stubs), default=None)
        why = states if isinstance(states, str) else "no checkpoint that is here leads to what is stored"
        return Beginning(
            begins_with=BeginsWith.REMAINS,
            standing=standing,
            reaches_to=last if last is not None else max((write.logged.received for write in found.writes), default=0),
            given_up=len(found.stubs),
            sentence=f"The log doesn't reach back to the beginning, and {why}: of what was before, only what still stands is known.",
        )

    def _made(self, found: RecordWrites, beginning: Beginning, covered: int = 0, is_covered: Sequence[bool] = ()) -> RecordPast:
        marks = is_covered if covered else [False] * len(found.writes)
        return RecordPast(
            record=found.record,
            beginning=beginning,
            covered=tuple(write for write, mark in zip(found.writes, marks, strict=True) if mark),
            writes=tuple(write for write, mark in zip(found.writes, marks, strict=True) if not mark),
            _seen=self._writes,
            _arrived=self._arrivals(beginning.standing.state),
        )

    def _arrivals(self, state: RecordState) -> dict[int, int]:
        """When the entries of its clients came here, as far as that is known."""
        query = """SELECT max(e.received) FROM client c JOIN log_library l ON l.name = ?
            JOIN log_entry e ON e.library = l.id AND e.arrival = c.arrival WHERE c.client = ?"""
        with self._inspected.database.read() as connection:
            rows = {client: connection.execute(query, (self._library, client)).fetchone() for client in state.clients}
        return {client: received for client, (received,) in rows.items() if received is not None}


def keys_of(inspected: Inspected, library: LibraryId) -> Contents:
    """What opens the bodies of changes; ``UsageError`` where nothing does, saying why."""
    contents = Contents.of(inspected, library)
    if not contents.keyring:
        raise UsageError(
            f"What happened to a record can be told only with the library's keys: {contents.reason.rstrip('.')}.",
            hint="Envelopes show without keys: `calotype-inspect log`, `calotype-inspect entry LOG:SEQ`, `calotype-inspect dag`.",
        )
    return contents


def made_at(write: Write) -> int:
    """By the clock of the device that wrote it; milliseconds since 1970."""
    return write.stamp.millis


def arrived_at(write: Write) -> int:
    """By this device's clock."""
    return write.logged.received
