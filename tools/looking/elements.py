"""Elements of sets, and what else stands behind a colon in the name of a field, as people name them: ``keyword:beach``, ``album:3f2a…``. Pure.

Keys hold ids in base64; people see ids in hexadecimal, and nothing but that, wherever a field is shown or asked for.
"""

from __future__ import annotations

from typing import Any

from crdt.fields import Derived, ElementSet, Register
from crdt.parsing import WrongTypeError, album_element, file_element
from crdt.schema import POSITION, SCHEMAS

Spec = Register[Any] | ElementSet[Any, Any] | Derived[Any]
SETS: dict[str, ElementSet[Any, Any]] = {name: spec for schema in SCHEMAS.values() for name, spec in schema.sets.items()}
_SHOWN_DIGITS = 10


def names_id(spec: Spec | None) -> bool:
    """Whether its elements are ids, so that they may be shortened."""
    return isinstance(spec, ElementSet) and spec.parse_element in (album_element, file_element)


def spoken_element(spec: Spec | None, element: str) -> str:
    """An element, out of its key: ids in hexadecimal, names of files as text, with bytes that are none escaped."""
    try:
        if isinstance(spec, ElementSet) and spec.parse_element is album_element:
            return album_element(element).body.hex()
        if isinstance(spec, ElementSet) and spec.parse_element is file_element:
            return file_element(element).hex()
    except WrongTypeError:
        pass
    return element.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def spoken_part(name: str) -> str:
    """The name of a register, the album in ``position:ALBUM`` in hexadecimal."""
    head, colon, part = name.partition(":")
    if head + colon != POSITION.name:
        return name
    try:
        return head + colon + album_element(part).body.hex()
    except WrongTypeError:
        return name


def field_label(field: str, element: str | None) -> str:
    """A field as `why` and `history` take it, with its ids in full."""
    return f"{field}:{spoken_element(SETS.get(field), element)}" if element else spoken_part(field)


def short_label(field: str, element: str | None) -> str:
    """The same with the beginnings of ids, which `why` and `history` take as well."""
    label = field_label(field, element)
    is_id = names_id(SETS.get(field)) if element else label != field
    head, colon, tail = label.partition(":")
    return head + colon + tail[:_SHOWN_DIGITS] if is_id else label
