"""Plain values: what a record's field can hold (PROTOCOL.md section 6). Pure.

Null, booleans, whole numbers below 2^53, other finite numbers, text, bytes, lists, and maps with text keys. The engine gives back
something else than it was given (whole numbers as ``float``, bytes as ``bytearray``) and dies of some values instead of
refusing them, so values pass ``canonical`` in both directions: two values are the same exactly when their canonical forms
encode to the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TypeAlias

Value: TypeAlias = "bool | int | float | str | bytes | list[Value] | dict[str, Value] | None"
"""A value in canonical form."""

Plain: TypeAlias = "bool | int | float | str | bytes | Sequence[Plain] | Mapping[str, Plain] | None"
"""What is offered to be written; ``canonical`` decides."""

MAX_DEPTH = 8
"""How deep lists and maps may stand in each other, counting the pair ``[stamp, value]`` that holds a field's value."""

FIELD_DEPTH = MAX_DEPTH - 1
"""The same for a field's value alone."""

MAX_WHOLE_NUMBER = (1 << 53) - 1
"""The largest whole number that every part of the way keeps exactly; larger ones travel as bytes."""


class BadValueError(ValueError):
    """A value that a record can't hold. Nothing was written."""


def canonical(value: object, depth: int = FIELD_DEPTH) -> Value:
    """``value`` in its one form: numbers without a fraction as ``int``, bytes as ``bytes``, sequences as ``list``.

    ``BadValueError`` for what a record can't hold, or when lists and maps stand in each other more than ``depth`` deep.
    """
    match value:
        case str():
            return value if type(value) is str and value.isascii() else _text(value)
        case None | bool():
            return value
        case float():
            return _number(value)
        case dict():
            _require_room(depth)
            return {_map_key(key): canonical(item, depth - 1) for key, item in value.items()}
        case list() | tuple():
            _require_room(depth)
            return [canonical(item, depth - 1) for item in value]
        case bytes() | bytearray():
            return bytes(value)
        case int():
            return _whole(int(value))
        case _:
            raise BadValueError(f"a record can't hold a {type(value).__name__}")


def _number(value: float) -> int | float:
    if not isfinite(value):
        raise BadValueError("a number is infinite or not a number")
    return _whole(int(value)) if value.is_integer() else float(value)


def _whole(value: int) -> int:
    if not -MAX_WHOLE_NUMBER <= value <= MAX_WHOLE_NUMBER:
        raise BadValueError("a whole number of 2^53 or more travels as bytes")
    return value


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadValueError("text holds half of a surrogate pair") from error
    return str(value)


def _map_key(key: object) -> str:
    if not isinstance(key, str):
        raise BadValueError("a map has a key that is not text")
    return key if type(key) is str and key.isascii() else _text(key)


def _require_room(depth: int) -> None:
    if depth < 1:
        raise BadValueError(f"lists and maps stand in each other more than {MAX_DEPTH} deep")
