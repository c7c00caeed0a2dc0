"""A record, made again from its updates by the model in plain Python (``crdt.state``), each judged by the gate.

The gate asks which items the causal past of an entry made in this record. That is answered by places alone: of each client the entry that wrote here
under it, and of each judged entry how far its past reaches in the branches that matter here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.clock import Stamp
from crdt.gate import Void, judge
from crdt.keys import stem_of
from crdt.record import Cell, Content
from crdt.state import RecordState, read_state
from crdt.values import Value
from peer.library.applying import SAME_CLIENT
from store.encoding import encode

STATE_VECTOR = "state vector"
"""Stands for a field where two records differ in what they know and not in what they say."""

_FAMILIES = {"v": "", "s": "", "d": "derived "}


class Step(NamedTuple):
    """An update of the record, and of its entry: where it lies, what it writes under, and its past in the branches of those that wrote here."""

    arrival: int
    branch: int
    seq: int
    client: int
    stamp: Stamp
    past: Mapping[int, int]
    update: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """``state`` is ``None`` when nothing made the record. ``voids``: arrival and reason of each update that doesn't count."""

    state: RecordState | None
    voids: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class _Fold:
    state: RecordState
    makers: dict[int, tuple[int, int]]
    voids: list[tuple[int, str]] = field(default_factory=list)

    def take(self, step: Step) -> None:
        verdict = judge(step.update, client=step.client, stamp=step.stamp, made=self._made(step.past))
        if isinstance(verdict, Void):
            self.voids.append((step.arrival, verdict.reason))
        elif verdict.update.client in self.state.clients:
            self.voids.append((step.arrival, SAME_CLIENT))
        else:
            self.state = self.state.after(verdict.update)
            self.makers[step.client] = step.branch, step.seq

    def _made(self, past: Mapping[int, int]) -> Callable[[int], int | None]:
        def made(client: int) -> int | None:
            clocks, place = self.state.clients.get(client), self.makers.get(client)
            if clocks is None or place is None or place[1] > past.get(place[0], -1):
                return None
            return len(clocks)

        return made


def folded(base: bytes | None, makers: Mapping[int, tuple[int, int]], steps: Iterable[Step]) -> Folded:
    """``base``: the state that a checkpoint gives it; ``makers``: of each client in it, branch and number of its entry. ``steps`` in a causal order.

    ``MalformedUpdateError`` when the base is none, or when an accepted update can't be taken.
    """
    fold = _Fold(RecordState({}) if base is None else read_state(base), dict(makers))
    for step in steps:
        fold.take(step)
    return Folded(state=fold.state if base is not None or fold.state.clients else None, voids=tuple(fold.voids))


class FieldDifference(NamedTuple):
    """What two records say of one field: all values that stand there, the one that is read first."""

    field: str
    left: tuple[Value, ...]
    right: tuple[Value, ...]


def differences(left: Content, right: Content) -> list[FieldDifference]:
    """The fields in which two records differ, by name; empty when they are equal."""
    ours, theirs = _by_field(left), _by_field(right)
    found = [
        FieldDifference(name, _values(ours.get(name, {})), _values(theirs.get(name, {})))
        for name in sorted(ours.keys() | theirs.keys())
        if _wire(ours.get(name, {})) != _wire(theirs.get(name, {}))
    ]
    if not found and left.vector != right.vector:
        found.append(FieldDifference(STATE_VECTOR, tuple(sorted(left.vector)), tuple(sorted(right.vector))))
    return found


def differing_keys(left: Content, right: Content) -> list[str]:
    """The keys that stand in one of them alone, or with another value, sorted."""
    keys = left.live.keys() | right.live.keys()
    return sorted(key for key in keys if _wire(_one(left, key)) != _wire(_one(right, key)))


def _one(content: Content, key: str) -> dict[str, Cell]:
    return {key: content.live[key]} if key in content.live else {}


def _by_field(content: Content) -> dict[str, dict[str, Cell]]:
    fields: dict[str, dict[str, Cell]] = {}
    for key, cell in content.live.items():
        family, _, name = stem_of(key).partition("/")
        fields.setdefault(_FAMILIES[family] + name.replace("/", " ", 1), {})[key] = cell
    return fields


def _values(cells: Mapping[str, Cell]) -> tuple[Value, ...]:
    return tuple(cell.value for cell in sorted(cells.values(), key=lambda cell: (cell.stamp, cell.writer), reverse=True))


def _wire(cells: Mapping[str, Cell]) -> bytes:
    """Equal exactly when the same stands there: Python takes ``True`` for 1."""
    return encode([[key, bytes(cell.stamp), cell.value] for key, cell in sorted(cells.items())])
