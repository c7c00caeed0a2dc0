"""What two states of a record, or two records, say differently. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tools.looking.documents import Document
from tools.looking.elements import SETS, names_id
from tools.replaying.readings import FieldName, Reading, Readings

OPENED, SETTLED, CHANGED = "opened", "settled", "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``None``: nothing is read there."""

    name: FieldName
    before: Reading | None
    after: Reading | None

    @property
    def conflict(self) -> str | None:
        """What became of an open conflict in this field; ``None`` when there was none, or it is as it was."""
        before, after = (() if each is None else each.beside for each in (self.before, self.after))
        if _wire(before) == _wire(after):
            return None
        return SETTLED if not after else OPENED if not before else CHANGED

    def document(self, before: str = "before", after: str = "after") -> Document:
        """``field``, ``element`` (null but in sets), both sides as ``side_document`` has them, ``conflict``."""
        return {
            "field": self.name.field,
            "element": self.name.element or None,
            before: side_document(self.before),
            after: side_document(self.after),
            "conflict": self.conflict,
        }


def side_document(reading: Reading | None) -> Document | None:
    """``value``, and ``beside``: the values in open conflict with it; null where nothing is read."""
    return None if reading is None else {"value": reading.value, "beside": list(reading.beside)}


def differences(before: Readings, after: Readings) -> list[Difference]:
    """The fields in which something else is read, in the order of ``readings_of``. Who wrote it, and when, makes no difference."""
    names = sorted(before.keys() | after.keys(), key=lambda name: (name.field.startswith("derived "), name))
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return [Difference(name=name, before=one, after=other) for name, one, other in pairs if _meaning(one) != _meaning(other)]


def is_about(name: FieldName, field: str) -> bool:
    """Whether a person who asks for ``field`` means this one: ``rating``; ``keyword`` for all its elements, ``keyword:sea`` for one, ``album:3f2a`` by the
    beginning of its id; ``edit:`` for all that begins so; derived fields with or without the word."""
    plain = name.field.removeprefix("derived ")
    if field in (name.field, plain, name.text) or (field.endswith(":") and plain.startswith(field)):
        return True
    has_id = names_id(SETS.get(name.field)) if name.element else name.text != name.field
    return has_id and ":" in field and name.text.startswith(field.lower())


def about(found: Iterable[Difference], field: str) -> list[Difference]:
    """Those that ``field`` means; all where it is empty."""
    return [each for each in found if not field or is_about(each.name, field)]


def _meaning(reading: Reading | None) -> str | None:
    return None if reading is None else _wire(reading.meaning)


def _wire(value: Any) -> str:
    """Equal exactly when people read the same: Python takes ``True`` for 1."""
    return json.dumps(value, sort_keys=True)
