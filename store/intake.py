"""Taking a batch of entries in, whatever order they come in: shared by all log stores.

Entries of one batch that need each other are judged in causal order; what a batch needs from outside is looked up. Each
entry gets an answer of its own, and one that is refused changes nothing for the others but that what needs it waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from store.admission import Admitted, StoredEntries, Waiting, admit
from store.causal import CausalBuffer
from store.entries import Entry, parse_entry, verify_signature
from store.errors import RefusedError
from store.ids import EntryHash
from store.log import Outcome, Status


class EntryTable(StoredEntries, Protocol):
    """What the intake asks a store, inside one transaction."""

    def holds(self, name: EntryHash, raw: bytes) -> bool:
        """Whether exactly these bytes are stored under ``name``."""
        ...

    def insert(self, entry: Entry, raw: bytes, admitted: Admitted) -> None: ...


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
        buffer: CausalBuffer[EntryHash, int] = CausalBuffer(max_items=len(self._raws), max_bytes=sum(map(len, self._raws)))
        copies: list[int] = []
        for index, entry in self._entries.items():
            needs = [name for name in entry.needs if name in names]
            if not buffer.offer(entry.name, needs, index, size=len(self._raws[index])):
                copies.append(index)
        self._work_through(buffer, table)
        for index in copies:
            self._judge(index, buffer, table)
            self._work_through(buffer, table)
        for name, missing in buffer.waiting().items():
            self._outcomes[names[name]] = _waiting(name, tuple(missing))
        return [outcome for outcome in self._outcomes if outcome is not None]

    def _work_through(self, buffer: CausalBuffer[EntryHash, int], table: EntryTable) -> None:
        while (taken := buffer.take()) is not None:
            self._judge(taken[1], buffer, table)

    def _judge(self, index: int, buffer: CausalBuffer[EntryHash, int], table: EntryTable) -> None:
        entry, raw = self._entries[index], self._raws[index]
        outcome = self._outcomes[index] = _judge(entry, raw, table)
        if outcome.status in (Status.STORED, Status.KNOWN):
            buffer.settle(entry.name)


def _judge(entry: Entry, raw: bytes, table: EntryTable) -> Outcome:
    try:
        known = table.find(entry.name)
        if known is not None:
            if not table.holds(entry.name, raw):
                verify_signature(entry, table.authority().signing_key(known.author) or b"")
            return Outcome(status=Status.KNOWN, name=entry.name)
        verdict = admit(entry, table)
    except RefusedError as error:
        return _refused(error, entry.name)
    if isinstance(verdict, Waiting):
        return _waiting(entry.name, verdict.missing)
    table.insert(entry, raw, verdict)
    return Outcome(status=Status.STORED, name=entry.name)


def _refused(error: RefusedError, name: EntryHash | None) -> Outcome:
    return Outcome(status=Status.REFUSED, name=name, code=error.code, detail=str(error))


def _waiting(name: EntryHash, missing: tuple[EntryHash, ...]) -> Outcome:
    return Outcome(
        status=Status.WAITING, name=name, detail=f"{len(missing)} entries that it needs aren't stored, {missing[0].short()} among them"
    )
