"""What a record says, field by field, as people read it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from crdt.fields import Cells, Conflict, Fields, Register, fields_of, read_register
from crdt.keys import Family, KeyFormatError, parse_key, unescape
from crdt.parsing import WrongTypeError
from crdt.record import Cell, Content
from crdt.schema import SCHEMAS
from crdt.trash import TRASHED, read_trash
from crdt.values import Value
from peer.library.shown import shown
from store.ids import RecordKind
from tools.looking.elements import field_label

IN_TRASH, RESTORED = "trashed", "restored"


class FieldName(NamedTuple):
    """``element`` is empty but in sets: there each element is a field of its own, which is there or isn't."""

    field: str
    element: str = ""

    @property
    def text(self) -> str:
        """``rating``, ``keyword:sea``, as `why` takes it."""
        return field_label(self.field, self.element)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is read in a field, and what stands beside that in open conflict; values as JSON. ``others``: the cells of ``beside``, as far as they are
    in the same record and field."""

    value: Any
    cell: Cell
    beside: tuple[Any, ...] = ()
    others: tuple[Cell, ...] = ()

    @property
    def meaning(self) -> tuple[Any, tuple[Any, ...]]:
        """Equal where people read the same."""
        return self.value, self.beside


Readings = Mapping[FieldName, Reading]


def readings_of(kind: RecordKind, content: Content) -> Readings:
    """All fields in which something is read: registers, then elements of sets, then what programs derived, each by name.

    Whether the trash of an album is contested by photos that were added to it isn't told here: that stands in other records.
    """
    fields = fields_of(content)
    found = {
        **dict(_registers(kind, fields, content)),
        **dict(_elements(kind, fields)),
        **dict(_derived(kind, fields)),
    }
    return dict(sorted(found.items(), key=lambda each: (each[0].field.startswith("derived "), each[0])))


def name_of_key(key: str) -> FieldName:
    """The field that a key belongs to, of any text; that is the text itself where it is no key."""
    try:
        parsed = parse_key(key)
    except KeyFormatError:
        return FieldName(key)
    if parsed.family is Family.DERIVED:
        return FieldName(f"derived {parsed.name}")
    return FieldName(parsed.name, "" if parsed.element is None else _legible(parsed.element))


def spoken(field: str, value: Value) -> Any:
    """A value as JSON; of the trash whether something is in it, and not who had seen what."""
    if field == TRASHED.name:
        return RESTORED if value is None else IN_TRASH
    return shown(field, value)


def _registers(kind: RecordKind, fields: Fields, content: Content) -> Iterator[tuple[FieldName, Reading]]:
    for name, cells in fields.registers.items():
        register = SCHEMAS[kind].find_register(name)
        if register is None:
            best = _ranked(cells)[0]
            yield FieldName(name), Reading(value=spoken(name, best.value), cell=best)
        elif (reading := _register(register, name, fields)) is not None:
            yield FieldName(name), _contested(reading, fields, content) if name == TRASHED.name else reading


def _register(register: Register[Any], name: str, fields: Fields) -> Reading | None:
    reading = read_register(fields, register, name.removeprefix(register.name))
    if reading is None:
        return None
    conflict: Conflict | None = reading.conflict
    others = () if conflict is None else conflict.others
    return Reading(
        value=spoken(name, reading.cell.value),
        cell=reading.cell,
        others=others,
        beside=tuple(spoken(name, other.value) for other in others),
    )


def _contested(reading: Reading, fields: Fields, content: Content) -> Reading:
    """In the trash, and somebody who didn't know that did something to it."""
    if reading.value != IN_TRASH or not read_trash(fields, content).unseen:
        return reading
    return Reading(value=reading.value, cell=reading.cell, others=reading.others, beside=(RESTORED,))


def _elements(kind: RecordKind, fields: Fields) -> Iterator[tuple[FieldName, Reading]]:
    for name, elements in fields.sets.items():
        known = SCHEMAS[kind].sets.get(name)
        for spelled, cells in elements.items():
            element = unescape(spelled)
            if known is not None and not _parses(known.parse_element, element):
                continue
            best = _best(cells, None if known is None else known.parse)
            if best is not None:
                yield FieldName(name, _legible(element)), Reading(value=True if best.value is None else spoken(name, best.value), cell=best)


def _derived(kind: RecordKind, fields: Fields) -> Iterator[tuple[FieldName, Reading]]:
    for name, cells in fields.derived.items():
        known = SCHEMAS[kind].derived.get(name)
        best = _best(cells, None if known is None else known.parse)
        if best is not None:
            yield FieldName(f"derived {name}"), Reading(value=spoken(name, best.value), cell=best)


def _best(cells: Cells, parse: Callable[[Value], object] | None) -> Cell | None:
    return next((cell for cell in _ranked(cells) if parse is None or _parses(parse, cell.value)), None)


def _ranked(cells: Cells) -> list[Cell]:
    return sorted(cells, key=lambda cell: (cell.stamp, cell.writer), reverse=True)


def _parses(parse: Callable[[Any], object], value: Any) -> bool:
    try:
        parse(value)
    except WrongTypeError:
        return False
    return True


def _legible(element: str) -> str:
    """Bytes that are no UTF-8 (file names) show escaped."""
    return element.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
