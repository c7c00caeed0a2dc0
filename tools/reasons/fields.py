"""Fields as people name them: ``caption``, ``edit:crop``, ``keyword:beach``, ``album:3f2a``, ``exif``. Pure.

An element of a set stands behind the set's name; ids inside of names (albums, files) may be shortened to what is unambiguous in the record.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from crdt.fields import Derived, ElementSet, Register
from crdt.keys import Family, KeyFormatError, derived_stem, register_stem, set_stem, unescape
from crdt.parsing import WrongTypeError, album_element, file_element, in_key
from crdt.schema import POSITION, SCHEMAS, RecordSchema
from peer.errors import UsageError
from store.ids import FileHash, RecordId, RecordKind
from tools.looking.elements import SETS, Spec, names_id, spoken_element, spoken_part

_LISTED = 12
DERIVED = "derived "
"""Stands before the names of derived fields where all fields of a record are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldName:
    """One field, or one element of a set. ``label``: as people write it, ids in full; ``spec`` is ``None`` for what this version doesn't know."""

    family: Family
    name: str
    element: str | None
    label: str
    stem: str
    spec: Spec | None

    @property
    def part(self) -> str:
        """What stands behind the colon of a register."""
        return self.name.partition(":")[2]

    @property
    def spoken_element(self) -> str:
        """The element as text: file names may hold bytes that are none."""
        return self.label.partition(":")[2] if self.family is Family.SET else ""


def find_field(kind: RecordKind, text: str, stems: Collection[str]) -> FieldName:
    """The field that ``text`` names in a record of this kind, of which ``stems`` are known: what stands in it or was ever written.

    ``UsageError`` where there is none, or ids are ambiguous.
    """
    schema = SCHEMAS[kind]
    text = text.strip().removeprefix(DERIVED)
    name, colon, rest = text.partition(":")
    set_names = {stem.split("/")[1] for stem in stems if stem.startswith(f"{Family.SET.value}/")}
    if rest and (name in schema.sets or (name in set_names and schema.find_register(text) is None)):
        return _element(schema, name, rest, stems)
    if colon and (known := schema.registers.get(name + colon)):
        text = f"{name}:{_whole_part(name, known, rest, stems)}"
    found = _by_name(schema, text, stems)
    if found is not None:
        return found
    return _no_element(name, stems) if name in {*schema.sets, *set_names} else _unknown(schema, kind, text, stems)


def label_of(kind: RecordKind, stem: str) -> str:
    """The name of the field with this stem, as ``find_field`` takes it."""
    family, name, *spelled = stem.split("/")
    if family == Family.SET:
        return f"{name}:{_spoken(SCHEMAS[kind].sets.get(name), spelled[0])}"
    head, colon, part = name.partition(":")
    return f"{head}{colon}{_album_hex(part)}" if head == "position" else name


def _by_name(schema: RecordSchema, text: str, stems: Collection[str]) -> FieldName | None:
    try:
        register, derived = register_stem(text), derived_stem(text)
    except KeyFormatError:
        return None
    known: Register[Any] | Derived[Any] | None = schema.find_register(text)
    if known is not None or register in stems:
        head, colon, part = text.partition(":")
        label = f"{head}{colon}{_album_hex(part)}" if head == "position" else text
        return FieldName(family=Family.REGISTER, name=text, element=None, label=label, stem=register, spec=known)
    known = schema.derived.get(text)
    if known is not None or derived in stems:
        return FieldName(family=Family.DERIVED, name=text, element=None, label=text, stem=derived, spec=known)
    return None


def _element(schema: RecordSchema, name: str, text: str, stems: Collection[str]) -> FieldName:
    spec = schema.sets.get(name)
    spelled_here = [stem.split("/", 2)[2] for stem in stems if stem.startswith(f"{Family.SET.value}/{name}/")]
    found = [
        spelled for spelled in spelled_here if _spoken(spec, spelled) == text or unescape(spelled) == unicodedata.normalize("NFC", text)
    ]
    if not found and spec is not None and names_id(spec):
        found = [spelled for spelled in spelled_here if _spoken(spec, spelled).startswith(text.lower())]
    if len(found) > 1:
        raise UsageError(f"More than one {name} in this record begins with {text}.", hint="Give more of its digits.")
    try:
        element = unescape(found[0]) if found else _as_element(spec, text)
        stem = f"{Family.SET.value}/{name}/{found[0]}" if found else set_stem(name, element)
        if spec is not None and not found:
            spec.parse_element(element)
    except (KeyFormatError, WrongTypeError, ValueError) as error:
        raise UsageError(f"{text!r} can't be an element of {name}.", hint=_elements_hint(name, stems, spec)) from error
    spoken = _spoken(spec, stem.split("/", 2)[2])
    return FieldName(family=Family.SET, name=name, element=element, label=f"{name}:{spoken}", stem=stem, spec=spec)


def _no_element(name: str, stems: Collection[str]) -> FieldName:
    raise UsageError(f"{name} is a set: each of its elements has a history of its own.", hint=_elements_hint(name, stems, None))


def _elements_hint(name: str, stems: Collection[str], spec: Spec | None) -> str:
    spelled = sorted(stem.split("/", 2)[2] for stem in stems if stem.startswith(f"{Family.SET.value}/{name}/"))
    if not spelled:
        return f"Name one, like {name}:WORD. Nobody has written any into this record."
    return f"Name one: {_listed(f'{name}:{_spoken(spec or SETS.get(name), each)}' for each in spelled)}."


def _unknown(schema: RecordSchema, kind: RecordKind, text: str, stems: Collection[str]) -> FieldName:
    written = sorted({label_of(kind, stem) for stem in stems})
    known = [name.replace(":", ":…") for name in (*schema.registers, *schema.derived) if not (name.startswith("edit:") and name != "edit:")]
    hint = f"Written there: {_listed(written)}." if written else f"Known are {', '.join([*known, *(f'{name}:…' for name in schema.sets)])}."
    raise UsageError(f"This record has no field {text.strip()!r}.", hint=hint)


def _whole_part(name: str, register: Register[Any], part: str, stems: Collection[str]) -> str:
    """The part of a register's name, an album's shortened id written out."""
    if name != "position":
        return part
    prefix = f"{Family.REGISTER.value}/{register.name}"
    parts = [stem.removeprefix(prefix) for stem in stems if stem.startswith(prefix)]
    found = [each for each in parts if each == part or _album_hex(each).startswith(part.lower())]
    if len(found) > 1:
        raise UsageError(f"More than one album in this record has an id that begins with {part}.", hint="Give more of its digits.")
    return found[0] if found else _as_album(part)


def _as_element(spec: Spec | None, text: str) -> str:
    if spec is not None and isinstance(spec, ElementSet) and spec.parse_element is album_element:
        return _as_album(text)
    if spec is not None and isinstance(spec, ElementSet) and spec.parse_element is file_element and len(text) == 2 * FileHash.SIZE:
        return FileHash(bytes.fromhex(text)).base64()
    return text


def _as_album(text: str) -> str:
    try:
        return in_key(RecordId.make(RecordKind.ALBUM, bytes.fromhex(text)))
    except ValueError:
        return text


def _spoken(spec: Spec | None, spelled: str) -> str:
    return spoken_element(spec, unescape(spelled))


def _album_hex(part: str) -> str:
    return spoken_part(POSITION.name + part).removeprefix(POSITION.name)


def _listed(labels: Iterable[str]) -> str:
    every = list(labels)
    rest = f" and {len(every) - _LISTED} others" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + rest
