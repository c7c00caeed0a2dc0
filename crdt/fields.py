"""How live keys are read as fields (PROTOCOL.md section 6). Pure.

    register   the highest (stamp, writer) is read; other values that live beside it are an open conflict until a later write to the
               field deletes them. Equal values are no conflict
    set        an element is there while any of its keys lives
    derived    the highest (stamp, writer) is read; never a conflict

Writers are compared as text. A value that doesn't have its field's type is passed over before any of this, so it neither wins nor
contradicts. Causality needs no rule here: who had seen a key deleted it when writing the field.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from crdt.keys import Family, KeyFormatError, stem_of, unescape
from crdt.parsing import WrongTypeError
from crdt.record import Cell, Content
from crdt.values import Value
from store.encoding import encode

T = TypeVar("T")
E = TypeVar("E")

Cells: TypeAlias = "list[Cell]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Generic[T]):
    """A multi-value register, or with a name that ends in ``:`` one for each part that may follow.

    ``meaning`` gives what two values must have in common to be no conflict.
    """

    name: str
    parse: Callable[[Value], T]
    meaning: Callable[[Value], Hashable] = encode
    conflicts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementSet(Generic[E, T]):
    """An observed-remove set of ``E`` in which each element carries a ``T``."""

    name: str
    parse_element: Callable[[str], E]
    parse: Callable[[Value], T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Generic[T]):
    """What a program computed from the bytes."""

    name: str
    parse: Callable[[Value], T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Values of one register that were written concurrently and differ. ``others`` best first; any later write settles it."""

    field: str
    winner: Cell
    others: tuple[Cell, ...]


class Reading(NamedTuple, Generic[T]):
    """What a register says."""

    value: T
    cell: Cell
    conflict: Conflict | None


class Fields(NamedTuple):
    """A record's live cells by field; sets by element as it is spelled in keys."""

    registers: Mapping[str, Cells]
    sets: Mapping[str, Mapping[str, Cells]]
    derived: Mapping[str, Cells]


def fields_of(content: Content) -> Fields:
    """The live cells of ``content``, sorted into fields."""
    registers: dict[str, Cells] = {}
    sets: dict[str, dict[str, Cells]] = {}
    derived: dict[str, Cells] = {}
    for key, cell in content.live.items():
        family, name, *element = stem_of(key).split("/")
        if family == Family.REGISTER:
            registers.setdefault(name, []).append(cell)
        elif family == Family.DERIVED:
            derived.setdefault(name, []).append(cell)
        else:
            sets.setdefault(name, {}).setdefault(element[0], []).append(cell)
    return Fields(registers, sets, derived)


def read_register(fields: Fields, register: Register[T], part: str = "") -> Reading[T] | None:
    """What the register says; ``None`` when nobody wrote it."""
    name = register.name + part
    candidates = list(_candidates(fields.registers.get(name, []), register.parse))
    if not candidates:
        return None
    value, winner = candidates[0]
    others: tuple[Cell, ...] = ()
    if register.conflicts and len(candidates) > 1:
        meant = register.meaning(winner.value)
        others = tuple(cell for _, cell in candidates[1:] if register.meaning(cell.value) != meant)
    return Reading(value, winner, Conflict(field=name, winner=winner, others=others) if others else None)


def register_parts(fields: Fields, register: Register[T]) -> list[str]:
    """The parts for which a register with a name that ends in ``:`` has keys, sorted."""
    return sorted(name.removeprefix(register.name) for name in fields.registers if name.startswith(register.name))


def read_set(fields: Fields, elements: ElementSet[E, T]) -> dict[E, tuple[T, ...]]:
    """The elements that are there, sorted as spelled, each with its values, best first."""
    present: dict[E, tuple[T, ...]] = {}
    for spelled, cells in sorted(fields.sets.get(elements.name, {}).items()):
        try:
            element = elements.parse_element(unescape(spelled))
        except (WrongTypeError, KeyFormatError):
            continue
        values = tuple(value for value, _ in _candidates(cells, elements.parse))
        if values:
            present[element] = values
    return present


def read_derived(fields: Fields, derived: Derived[T]) -> T | None:
    """What was computed last; ``None`` when nothing was."""
    return next((value for value, _ in _candidates(fields.derived.get(derived.name, []), derived.parse)), None)


def _candidates(cells: Cells, parse: Callable[[Value], T]) -> Iterator[tuple[T, Cell]]:
    for cell in cells if len(cells) == 1 else sorted(cells, key=_rank, reverse=True):
        try:
            yield parse(cell.value), cell
        except WrongTypeError:
            continue


def _rank(cell: Cell) -> tuple[bytes, str]:
    return cell.stamp, cell.writer
