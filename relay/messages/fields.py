"""What the messages' decoders share: maps with exactly the agreed keys, text, flags, lists of ids and reports. Pure."""

from __future__ import annotations

from typing import Any

from relay.messages.limits import MAX_REPORTS
from store.encoding import MalformedError, decode
from store.ids import BlobId
from store.seen import MAX_REPORT_BYTES
from store.shapes import identifier, octets, several

_DEPTH = 6


def fields(data: bytes, limit: int, *names: str) -> list[Any]:
    """The values of a map that has exactly these keys."""
    return _values(decode(data, limit=limit, depth=_DEPTH), names)


def fields_and_mark(data: bytes, limit: int, *names: str, mark: str) -> tuple[list[Any], bool]:
    """The same of a map that may have one key more, and whether it has: its only value is true, so a message that doesn't need it keeps its bytes."""
    value = decode(data, limit=limit, depth=_DEPTH)
    is_marked = type(value) is dict and value.get(mark) is True
    if is_marked:
        del value[mark]
    return _values(value, names), is_marked


def _values(value: Any, names: tuple[str, ...]) -> list[Any]:
    if type(value) is not dict or value.keys() != set(names):
        raise MalformedError(f"a map of {', '.join(names)} was expected")
    return [value[name] for name in names]


def text(value: Any, *, at_most: int) -> str:
    """Text of a bounded length."""
    if type(value) is not str or len(value) > at_most:
        raise MalformedError(f"text of at most {at_most} characters was expected")
    return value


def flag(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise MalformedError("true or false was expected")
    return value


def blob_ids(value: Any, *, at_most: int) -> tuple[BlobId, ...]:
    """A bounded list of blob ids."""
    return several(value, lambda each: identifier(BlobId, each), at_most=at_most)


def reports_of(value: Any) -> tuple[bytes, ...]:
    """A bounded list of seen reports, not parsed."""
    return several(value, lambda each: octets(each, at_most=MAX_REPORT_BYTES), at_most=MAX_REPORTS)
