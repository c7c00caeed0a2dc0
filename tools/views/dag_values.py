"""What a record said after each of the entries that wrote it, as what each changed: the values of a slider through time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest

from crdt.client import client_of
from crdt.record import Cell
from store.ids import RecordKind
from tools.looking.documents import SHORT_VALUE, Document, short_value
from tools.looking.writes import Write
from tools.replaying.readings import FieldName, Reading, readings_of
from tools.replaying.replay import Standing, replay

Who = Callable[[int], str]
"""The name of the device that wrote under a client id."""


def values_after(base: Standing, writes: Iterable[Write], kind: RecordKind, who: Who) -> Iterator[dict[str, Document | None]]:
    """For each write the fields that read otherwise after it than after the one before: ``value`` (short text), ``by`` (a device), ``others``: values that
    stand beside it in conflict, each with ``value`` and ``by`` (empty where they stand in another record). ``None`` for a field that is gone. Before the
    first write nothing is read yet, also when the replay doesn't begin with an empty record."""
    before: dict[str, Document] = {}
    for step in replay(base, writes):
        readings = readings_of(kind, step.after.content)
        now = {_short(name.text): _reading(name, reading, who) for name, reading in readings.items()}
        changed: dict[str, Document | None] = {name: value for name, value in now.items() if before.get(name) != value}
        yield changed | {name: None for name in before if name not in now}
        before = now


def _reading(name: FieldName, reading: Reading, who: Who) -> Document:
    value = "there" if name.element and reading.value is True else short_value(reading.value)
    others = [
        {"value": short_value(other), "by": "" if cell is None else _by(cell, who)}
        for other, cell in zip_longest(reading.beside, reading.others)
    ]
    return {"value": value, "by": _by(reading.cell, who), "others": others}


def _by(cell: Cell, who: Who) -> str:
    return who(client_of(cell.writer))


def _short(text: str) -> str:
    return text if len(text) <= SHORT_VALUE else text[: SHORT_VALUE - 1] + "…"
