"""Parsers of plain values: each gives a typed value or raises ``WrongTypeError``. Pure.

Readers ignore a value of a wrong type, and do so alike on every device; so a parser may depend on nothing but the value.
Members of a map that a parser doesn't know are left alone: a later version may have put them there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from crdt.values import MAX_WHOLE_NUMBER, Value
from store.ids import BlobId, FileHash, Id, RecordId, RecordKind

IdType = TypeVar("IdType", bound=Id)
T = TypeVar("T")

_CAPTURE_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?", re.ASCII)


class WrongTypeError(ValueError):
    """A value that doesn't have its field's type."""


class RecordBody(Id):
    """The 16 bytes of a record id after its kind, as they stand inside keys."""

    SIZE = 16


def boolean(value: Value) -> bool:
    """True or false; not a number."""
    if isinstance(value, bool):
        return value
    raise WrongTypeError("not a boolean")


def text(value: Value) -> str:
    """Any text."""
    if isinstance(value, str):
        return value
    raise WrongTypeError("not a text")


def octets(value: Value) -> bytes:
    """Any bytes."""
    if isinstance(value, bytes):
        return value
    raise WrongTypeError("not bytes")


def nothing(value: Value) -> None:
    """Null, where the key says all."""
    if value is not None:
        raise WrongTypeError("not null")


def number(low: float, high: float) -> Callable[[Value], float]:
    """Parses numbers from ``low`` to ``high``."""

    def parse(value: Value) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise WrongTypeError(f"not a number from {low} to {high}")
        return value

    return parse


def whole(low: int, high: int = MAX_WHOLE_NUMBER) -> Callable[[Value], int]:
    """Parses whole numbers from ``low`` to ``high``."""

    def parse(value: Value) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WrongTypeError(f"not a whole number from {low} to {high}")
        return value

    return parse


def one_of(*words: str) -> Callable[[Value], str]:
    """Parses one of these words."""

    def parse(value: Value) -> str:
        if not isinstance(value, str) or value not in words:
            raise WrongTypeError(f"not one of {', '.join(words)}")
        return value

    return parse


def optional(parse: Callable[[Value], T]) -> Callable[[Value], T | None]:
    """Parses null, or what ``parse`` takes."""

    def parse_optional(value: Value) -> T | None:
        return None if value is None else parse(value)

    return parse_optional


def list_of(parse: Callable[[Value], T], at_most: int) -> Callable[[Value], tuple[T, ...]]:
    """Parses lists of what ``parse`` takes."""

    def parse_list(value: Value) -> tuple[T, ...]:
        if not isinstance(value, list) or len(value) > at_most:
            raise WrongTypeError(f"not a list of at most {at_most}")
        return tuple(parse(item) for item in value)

    return parse_list


def anything(value: Value) -> Value:
    """Every plain value."""
    return value


def capture_time(value: Value) -> str:
    """ISO 8601 local time in the form ``2024-07-21T18:03:11``, with fraction and offset when known; a time that exists."""
    match = _CAPTURE_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise WrongTypeError("not a time like 2024-07-21T18:03:11+02:00")
    try:
        datetime(*map(int, match.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]  # six numbers
    except ValueError as error:
        raise WrongTypeError("not a time that exists") from error
    return match[0]


def identifier(kind: type[IdType], value: Value) -> IdType:
    """The id of this kind that ``value``, bytes, is."""
    if not isinstance(value, bytes):
        raise WrongTypeError("not an id")
    try:
        return kind(value)
    except ValueError as error:
        raise WrongTypeError("not an id of this kind") from error


def file_hash(value: Value) -> FileHash:
    """A file's SHA-256."""
    return identifier(FileHash, value)


def blob_ids(value: Value) -> tuple[BlobId, ...]:
    """A list of at least one blob id."""
    if not isinstance(value, list) or not value:
        raise WrongTypeError("not a list of blobs")
    return tuple(identifier(BlobId, item) for item in value)


def asset_id(value: Value) -> RecordId:
    """The id of an asset's record, 17 bytes."""
    record = identifier(RecordId, value)
    if record.kind is not RecordKind.ASSET:
        raise WrongTypeError("not the id of an asset")
    return record


def members(value: Value) -> dict[str, Value]:
    """Any map."""
    if isinstance(value, dict):
        return value
    raise WrongTypeError("not a map")


def in_key(record: RecordId) -> str:
    """How a record is named inside keys of other records: its 16 bytes in base64url."""
    return RecordBody(record.body).base64()


def file_element(element: str) -> FileHash:
    """The file that an element of a set names, in base64url."""
    try:
        return FileHash.from_base64(element)
    except ValueError as error:
        raise WrongTypeError("not a file's SHA-256 in base64url") from error


def album_element(element: str) -> RecordId:
    """The album whose 16 bytes ``element`` names, in base64url."""
    try:
        return RecordId.make(RecordKind.ALBUM, RecordBody.from_base64(element))
    except ValueError as error:
        raise WrongTypeError("not an album's id in base64url") from error
