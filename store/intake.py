"""Taking a batch of entries in, whatever order they come in: shared by all log stores.

Entries of one batch that need each other are judged in causal order; what a batch needs from outside is looked up. Each
entry gets an answer of its own, and one that is refused changes nothing for the others but that what needs it waits.

What waits in the end is looked at again: some may be taken in detached (``store.admission``), and what that attached or made known may be what
others waited for. That ends after a few rounds, because a batch may be made so that each round finds one entry more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from store.admission import DETACHABLE, Admitted, StoredEntries, Waiting, admit
from store.causal import CausalBuffer
from store.entries import Entry, parse_entry, verify_signature
from store.errors import RefusedError
from store.ids import EntryHash
from store.log import Outcome, Status

ROUNDS = 16
_Buffer: TypeAlias = CausalBuffer[EntryHash, int]


class EntryTable(StoredEntries, Protocol):
    """What the intake asks a store, inside one transaction."""

    def holds(self, name: EntryHash, raw: bytes) -> bool:
        """Whether exactly these bytes are stored under ``name``, attached or not."""
        ...

    def insert(self, entry: Entry, raw: bytes, admitted: Admitted) -> Sequence[EntryHash]:
        """Stores it. The names that are attached now and weren't: none when it is detached, else its own and those that waited for it."""
        ...


class Batch:
    """Offered entries, parsed. Making one needs no store, so it is done before a transaction begins."""

    def __init__(self, raws: Sequence[bytes]) -> None:
        self._raws = raws
        self._outcomes: list[Outcome | None] = [None] * len(raws)
        self._entries: dict[int, Entry] = {}
        for index, raw in enumerate(raws):
            try:
                self._entries[index] = parse_entry(raw)
            except RefusedError as error:
                self._outcomes[index] = _refused(error, None)

    def store(self, table: EntryTable) -> list[Outcome]:
        """Judges every entry and inserts what is admitted; one outcome for each of the ``raws``, in their order."""
        names: dict[EntryHash, int] = {}
        for index, entry in self._entries.items():
            names.setdefault(entry.name, index)
        buffer: _Buffer = CausalBuffer(max_items=len(self._raws), max_bytes=sum(map(len, self._raws)))
        copies: list[int] = []
        for index, entry in self._entries.items():
            needs = [name for name in entry.needs if name in names]
            if not buffer.offer(entry.name, needs, index, size=len(self._raws[index])):
                copies.append(index)
        self._work_through(buffer, table)
        for index in copies:
            self._judge(index, buffer, table)
            self._work_through(buffer, table)
        self._look_again(buffer, table)
        for name, missing in buffer.waiting().items():
            if self._outcomes[names[name]] is None:
                self._outcomes[names[name]] = _waiting(name, tuple(missing))
        return [outcome for outcome in self._outcomes if outcome is not None]

    def _work_through(self, buffer: _Buffer, table: EntryTable) -> None:
        while (taken := buffer.take()) is not None:
            if self._is_waiting(taken[1]):
                self._judge(taken[1], buffer, table)

    def _look_again(self, buffer: _Buffer, table: EntryTable) -> None:
        for _ in range(ROUNDS):
            is_any_stored = False
            for index, entry in self._entries.items():
                if self._is_waiting(index) and _may_be_ready(entry, table):
                    is_any_stored |= self._judge(index, buffer, table)
                    self._work_through(buffer, table)
            if not is_any_stored:
                return

    def _is_waiting(self, index: int) -> bool:
        outcome = self._outcomes[index]
        return outcome is None or outcome.status is Status.WAITING

    def _judge(self, index: int, buffer: _Buffer, table: EntryTable) -> bool:
        """Whether it was stored. What is ready now because of it is next in ``buffer``."""
        outcome, attached = _judge(self._entries[index], self._raws[index], table)
        self._outcomes[index] = outcome
        for name in attached:
            buffer.settle(name)
        return outcome.status is Status.STORED


def _may_be_ready(entry: Entry, table: EntryTable) -> bool:
    """Cheaper than to judge it: no signature is verified."""
    return entry.kind in DETACHABLE or all(table.find(name) is not None for name in entry.needs)


def _judge(entry: Entry, raw: bytes, table: EntryTable) -> tuple[Outcome, Sequence[EntryHash]]:
    """The outcome, and the names that are attached."""
    known = Outcome(status=Status.KNOWN, name=entry.name)
    try:
        there = table.find(entry.name)
        if there is not None:
            if not table.holds(entry.name, raw):
                verify_signature(entry, table.authority().known_key(there.author) or b"")
            return known, (entry.name,)
        verdict = admit(entry, table)
    except RefusedError as error:
        return _refused(error, entry.name), ()
    if isinstance(verdict, Waiting):
        return _waiting(entry.name, verdict.missing), ()
    if verdict.is_detached and table.holds(entry.name, raw):
        return known, ()
    return Outcome(status=Status.STORED, name=entry.name), table.insert(entry, raw, verdict)


def _refused(error: RefusedError, name: EntryHash | None) -> Outcome:
    return Outcome(status=Status.REFUSED, name=name, code=error.code, detail=str(error))


def _waiting(name: EntryHash, missing: tuple[EntryHash, ...]) -> Outcome:
    return Outcome(
        status=Status.WAITING, name=name, detail=f"{len(missing)} entries that it needs aren't stored, {missing[0].short()} among them"
    )
