"""Writing: a person's or a program's edits become entries of this device's log.

One write transaction reads head, clock, deps and record states, builds the updates, seals and signs the entry, and commits entry, records
and projections together; whoever else writes the same library waits for it or is waited for. A bulk change is cut into entries of about
64 KiB of plaintext that carry one batch id, that of the action (``peer.library.actions``). What can be undone is noted in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from crdt.client import client_id
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.gate import Void, judge
from crdt.record import EMPTY, read, write
from peer.errors import IntegrityError
from peer.keys.change_body import ChangeBody
from peer.keys.epochs import Epoch
from peer.keys.identity import Identity
from peer.keys.sealing import seal_body
from peer.library.actions import UNNAMED, Action
from peer.library.applying import Applier, Touched
from peer.library.causality import CausalPasts, Past
from peer.library.frontier import Frontier
from peer.library.hlc import DeviceClock
from peer.library.journal import Journal, Notes
from peer.library.records import RecordTable
from peer.seams import Clock, Randomness
from store.database import Database
from store.entries import MAX_DEPS, Dep, EntryKind, make_prefix, seal_entry
from store.ids import NO_ENTRY, EntryHash, LogId, RecordId
from store.log import Arrived, Status
from store.sqlite_log import SqliteLogStore

BATCH_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Edit:
    """``change`` is called inside the transaction with a draft of ``record`` and the entry's stamp; it must depend on nothing else."""

    record: RecordId
    change: Callable[[Draft, Stamp], None]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What an author works with."""

    database: Database
    log: SqliteLogStore
    records: RecordTable
    pasts: CausalPasts
    frontier: Frontier
    applier: Applier
    hlc: DeviceClock
    journal: Journal
    clock: Clock
    randomness: Randomness


class Author:
    """Writes this device's log. ``epoch`` is asked for before each entry that is sealed, since a new one may have come meanwhile; it may then
    write control entries into this log itself."""

    def __init__(self, parts: Parts, keys: Identity, log: LogId, epoch: Callable[[], Epoch]) -> None:
        self._parts = parts
        self._keys = keys
        self._log = log
        self._epoch = epoch
        self._is_own = log != parts.log.library.master_log()
        """What the master writes is to be named by the device's entries like that of any other."""

    @property
    def log(self) -> LogId:
        """The log that it writes."""
        return self._log

    def control(self, kind: EntryKind, body: bytes, *, naming: Collection[Dep] = ()) -> EntryHash:
        """One control entry; its deps name ``naming`` too, although others of them may have these in their past."""
        with self._parts.database.write():
            previous, seq, deps, past = self._position(naming)
            prefix = make_prefix(
                kind=kind, library=self._parts.log.library, log=self._log, seq=seq, previous=previous, deps=deps, epoch=None
            )
            arrived = self._append(prefix, body)
            self._parts.applier.settle(arrived, past, Touched(), own=self._is_own)
            return arrived.entry.name

    def change(self, edits: Iterable[Edit], *, purges: Iterable[RecordId] = (), action: Action = UNNAMED) -> list[EntryHash]:
        """All of ``edits`` and ``purges``, or nothing. Edits that change nothing leave no trace. The names of the entries written."""
        with self._parts.database.write():
            batch = action.id
            written: list[EntryHash] = []
            building: _Building | None = None
            notes: Notes | None = None
            self._name_surplus()
            for edit in edits:
                if building is not None and (building.size >= BATCH_BYTES or edit.record in building.touched.contents):
                    batch = batch or building.random
                    written.append(self._finish(building, batch))
                    building = None
                building = building or self._begin()
                notes = notes or Notes(action=action, entry=building.random, at=self._parts.clock.now())
                self._add(building, edit, notes)
            purged = tuple(record for record in purges if not self._parts.records.is_purged(record))
            if purged:
                building = building or self._begin()
                building.touched.purges.update(purged)
            if building is not None and not building.touched.empty():
                written.append(self._finish(building, batch))
            if notes is not None:
                self._parts.journal.close(notes)
            return written

    def name_applied(self) -> None:
        """An entry that changes nothing, and has all in its past that was applied here."""
        with self._parts.database.write():
            self._name_surplus()
            self._finish(self._begin(), b"")

    def _begin(self) -> _Building:
        self._epoch()
        previous, seq, deps, past = self._position()
        stamp = self._parts.hlc.next()
        random = self._parts.randomness(16)
        return _Building(
            stamp=stamp,
            random=random,
            client=client_id(self._log, previous, stamp, random),
            previous=previous,
            seq=seq,
            deps=deps,
            past=past,
        )

    def _add(self, building: _Building, edit: Edit, notes: Notes) -> None:
        if self._parts.records.is_purged(edit.record):
            return
        state = self._parts.records.state(edit.record)
        draft = Draft(edit.record.kind, EMPTY if state is None else read(state))
        edit.change(draft, building.stamp)
        changes = draft.changes()
        if not changes:
            return
        written = write(state, building.client, building.stamp, changes)
        verdict = judge(
            written.update, client=building.client, stamp=building.stamp, made=self._parts.applier.made_in(building.past, draft.content)
        )
        if isinstance(verdict, Void):
            raise IntegrityError(f"An edit was not written because every device would refuse it: {verdict.reason}. Nothing was changed.")
        self._parts.journal.note(notes, building.client, edit.record, draft, written.content, is_new=state is None)
        building.touched.contents[edit.record] = (written.state, written.content)
        building.updates.append((edit.record, written.update))
        building.size += len(written.update) + RecordId.SIZE

    def _finish(self, building: _Building, batch: bytes) -> EntryHash:
        epoch = self._epoch()
        plain = ChangeBody(
            stamp=bytes(building.stamp),
            random=building.random,
            batch=batch,
            updates=tuple(building.updates),
            purges=tuple(sorted(building.touched.purges)),
        ).encode()
        prefix = make_prefix(
            kind=EntryKind.CHANGE,
            library=self._parts.log.library,
            log=self._log,
            seq=building.seq,
            previous=building.previous,
            deps=building.deps,
            epoch=epoch.id,
        )
        arrived = self._append(prefix, seal_body(epoch, prefix, plain))
        self._parts.applier.settle(arrived, building.past, building.touched, own=self._is_own, client=building.client)
        return arrived.entry.name

    def _name_surplus(self) -> None:
        """What was applied and doesn't fit into the deps of one entry is named by entries that change nothing, so that nobody's branches,
        however many, keep this device from writing."""
        while len(self._parts.frontier.deps()) > MAX_DEPS:
            self._finish(self._begin(), b"")

    def _position(self, naming: Collection[Dep] = ()) -> tuple[EntryHash, int, tuple[Dep, ...], Past]:
        tip = self._parts.pasts.newest(self._log, self._keys.id)
        previous, seq = (tip.name, tip.seq + 1) if tip is not None else (NO_ENTRY, 0)
        applied = (dep for dep in self._parts.frontier.deps() if dep not in naming)
        deps = tuple(dep for dep in (*naming, *applied) if dep.name != previous)[:MAX_DEPS]
        parents = [dep.name for dep in deps] + ([previous] if tip is not None else [])
        return previous, seq, deps, self._parts.pasts.of(parents)

    def _append(self, prefix: bytes, body: bytes) -> Arrived:
        entry = seal_entry(prefix, body, self._keys.sign)
        (outcome,) = self._parts.log.append([entry.raw], now=self._parts.clock.now())
        arrived = self._parts.log.get(entry.name)
        if outcome.status is not Status.STORED or arrived is None:
            raise IntegrityError(f"This device's own entry was not accepted ({outcome.code}: {outcome.detail}). Nothing was changed.")
        return arrived


@dataclass(slots=True, kw_only=True)
class _Building:
    """The entry that is being made."""

    stamp: Stamp
    random: bytes
    client: int
    previous: EntryHash
    seq: int
    deps: tuple[Dep, ...]
    past: Past
    touched: Touched = field(default_factory=Touched)
    updates: list[tuple[RecordId, bytes]] = field(default_factory=list)
    size: int = 0
