"""Decoded CBOR has the agreed shape, or ``MalformedError``: small checks that parsers are made of. Pure.

Exact types: ``True`` is no integer, text is no byte string.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from store.encoding import MalformedError, TooLongError, UnknownVersionError
from store.ids import Id

MAX_NUMBER = 2**63 - 1
"""Largest number that SQLite keeps as an integer."""

T = TypeVar("T")
AnyId = TypeVar("AnyId", bound=Id)


def array(value: Any, length: int) -> list[Any]:
    """A list of exactly ``length`` elements."""
    if type(value) is not list or len(value) != length:
        raise MalformedError(f"an array of {length} was expected")
    return value


def versioned(value: Any, version: int, length: int, *, label: str | None = None) -> list[Any]:
    """What follows ``[label,] version`` in a list of ``length`` elements in all."""
    start = 0 if label is None else 1
    if type(value) is not list or len(value) <= start or type(value[start]) is not int:
        raise MalformedError("an array with its version in front was expected")
    if label is not None and (type(value[0]) is not str or value[0] != label):
        raise MalformedError(f"the label {label!r} was expected")
    if value[start] != version:
        raise UnknownVersionError(f"version {value[start]}; this program knows version {version}")
    return array(value, length)[start + 1 :]


def number(value: Any) -> int:
    """An integer from 0 to ``MAX_NUMBER``."""
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise MalformedError("a whole number from 0 to 2^63 - 1 was expected")
    return value


def octets(value: Any, *, exactly: int | None = None, at_most: int | None = None) -> bytes:
    """A byte string, of a certain length."""
    if type(value) is not bytes:
        raise MalformedError("a byte string was expected")
    if exactly is not None and len(value) != exactly:
        raise MalformedError(f"{exactly} bytes were expected, not {len(value)}")
    if at_most is not None and len(value) > at_most:
        raise TooLongError(f"{len(value)} bytes where at most {at_most} are allowed")
    return value


def identifier(kind: type[AnyId], value: Any) -> AnyId:
    """An id of the given type."""
    return kind(octets(value, exactly=kind.SIZE))


def optional(kind: type[AnyId], value: Any) -> AnyId | None:
    """An id, or ``None`` where the empty byte string stands."""
    return None if value == b"" and type(value) is bytes else identifier(kind, value)


def several(value: Any, parse: Callable[[Any], T], *, at_most: int) -> tuple[T, ...]:
    """A list with every element parsed."""
    if type(value) is not list:
        raise MalformedError("an array was expected")
    if len(value) > at_most:
        raise TooLongError(f"{len(value)} elements where at most {at_most} are allowed")
    return tuple(parse(element) for element in value)


def ascending(keys: Sequence[Any]) -> None:
    """Each key is greater than the one before: one order, no repetition."""
    if any(first >= second for first, second in pairwise(keys)):
        raise MalformedError("elements are not sorted, or occur twice")
