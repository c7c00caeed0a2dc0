"""The reference model: what people did and who had seen what, in plain Python. It knows no keys, no engine, no deletions.

An operation counts while no other on the same field has it in its causal past. That is all; the rest is choosing among those that count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from store.ids import RecordId
from tests.unit.crdt.fleet import FleetEntry, Op, World


class Standing(NamedTuple):
    """An operation that nobody who saw it has written over."""

    entry: FleetEntry
    op: Op

    @property
    def rank(self) -> tuple[bytes, str]:
        return self.entry.stamp, self.entry.writer


class Model:
    def __init__(self, world: World) -> None:
        self.world = world

    def register(self, record: RecordId, field: str) -> list[Standing]:
        """Best first."""
        return self.standing(s for s in self.ops(record, field) if s.op.kind == "set")

    def elements(self, record: RecordId, field: str) -> set[str]:
        ops = list(self.ops(record, field))
        return {
            element
            for element in {s.op.element for s in ops}
            if any(s.op.kind == "add" for s in self.standing(s for s in ops if s.op.element == element))
        }

    def purged(self) -> set[RecordId]:
        return {record for entry in self.world.entries.values() for record in entry.purges}

    def ops(self, record: RecordId, field: str) -> Iterable[Standing]:
        for entry in self.world.entries.values():
            for op in entry.ops:
                if op.record == record and op.field == field:
                    yield Standing(entry, op)

    def standing(self, candidates: Iterable[Standing]) -> list[Standing]:
        pool = list(candidates)
        seen = set().union(*(self.world.past(s.entry.name) for s in pool))
        return sorted((s for s in pool if s.entry.name not in seen), key=lambda s: s.rank, reverse=True)
