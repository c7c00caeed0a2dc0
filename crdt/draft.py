"""A draft collects what one entry changes in one record (PROTOCOL.md section 6). It knows no engine and no writer: only stems, values, keys to delete.

    draft = Draft(RecordKind.ASSET, content)
    draft.set("rating", 4)
    draft.add("keyword", "sea")
    written = record.write(state, client, stamp, draft.changes())

Every write of a field deletes the keys of that field that the author saw in ``content``: so causality decides before stamps do, and any
write settles an open conflict. Fields and values are checked against the schema, so nothing is written that readers would ignore.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from crdt.clock import Stamp
from crdt.fields import Fields, fields_of
from crdt.keys import derived_stem, register_stem, set_prefix, set_stem, stem_of, unescape
from crdt.record import EMPTY, Changes, Content
from crdt.schema import SCHEMAS
from crdt.trash import TRASHED, Trash, observed_writers
from crdt.values import Plain, Value, canonical
from store.ids import RecordKind

_ANY = object()
"""Stands for whatever value a key has."""


class Draft:
    """Changes of one record, made over ``content``. What is done last to a field counts.

    All methods that write raise ``ValueError`` when this kind of record has no such field, or the value isn't of its type.
    """

    def __init__(self, kind: RecordKind, content: Content = EMPTY) -> None:
        self.content = content
        self.fields: Fields = fields_of(content)
        self._schema = SCHEMAS[kind]
        self._keys: dict[str, list[str]] = {}
        for key in content.live:
            self._keys.setdefault(stem_of(key), []).append(key)
        self._sets: dict[str, Value] = {}
        self._deletes: set[str] = set()

    def set(self, field: str, value: Plain) -> None:
        """Writes a register."""
        plain = canonical(value)
        self._schema.register(field).parse(plain)
        self._write(register_stem(field), plain)

    def derive(self, name: str, value: Plain) -> None:
        """Writes a derived field."""
        plain = canonical(value)
        self._schema.derived_field(name).parse(plain)
        self._write(derived_stem(name), plain)

    def add(self, name: str, element: str, value: Plain = None, *, beside: bool = False) -> None:
        """Puts an element into a set, afresh if it is there. ``beside``: other values of the element stay as alternatives."""
        plain = canonical(value)
        schema = self._schema.element_set(name)
        schema.parse_element(element)
        schema.parse(plain)
        for stem in self._spellings(name, element):
            self._forget(stem, equal_to=plain if beside else _ANY)
        self._sets[set_stem(name, element)] = plain

    def discard(self, name: str, element: str) -> None:
        """Takes an element out of a set; nothing happens when it isn't there."""
        self._schema.element_set(name)
        for stem in self._spellings(name, element):
            self._forget(stem)
            self._sets.pop(stem, None)

    def retract(self, stem: str, writer: str) -> None:
        """Takes away what one entry wrote into a field (``crdt.keys``), beside whatever else stands there; nothing happens when it is gone."""
        key = f"{stem}/{writer}"
        if key in self.content.live:
            self._deletes.add(key)

    def trash(self, at: Stamp, *, members: Iterable[str] = ()) -> None:
        """Puts the record into the trash, having seen ``content``, and the writers of an album's memberships. ``at``: the entry's stamp."""
        self.set(TRASHED.name, Trash(at=at, seen=observed_writers(self.content).union(members)).value())

    def restore(self) -> None:
        """Takes the record out of the trash."""
        self.set(TRASHED.name, None)

    def resolve(self, field: str, value: Plain, *, at: Stamp) -> None:
        """Settles an open conflict by writing ``value``, one of those in conflict or another.

        Where ``value`` says that the record is in the trash, it is trashed afresh: having seen what is there now, at the stamp ``at``.
        """
        if field == TRASHED.name and value is not None:
            self.trash(at)
        else:
            self.set(field, value)

    def changes(self) -> Changes:
        """All that was collected; false when that is nothing."""
        return Changes(sets=dict(self._sets), deletes=frozenset(self._deletes))

    def _write(self, stem: str, value: Value) -> None:
        self._forget(stem)
        self._sets[stem] = value

    def _forget(self, stem: str, *, equal_to: object = _ANY) -> None:
        self._deletes.update(key for key in self._keys.get(stem, ()) if equal_to is _ANY or self.content.live[key].value == equal_to)

    def _spellings(self, name: str, element: str) -> list[str]:
        """The stem that this program writes for ``element``, and those that others may have written without normalising."""
        prefix, normal = set_prefix(name), unicodedata.normalize("NFC", element)
        others = (spelled for spelled in self.fields.sets.get(name, ()) if unicodedata.normalize("NFC", unescape(spelled)) == normal)
        return [set_stem(name, element), *(prefix + spelled for spelled in others)]
