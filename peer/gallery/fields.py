"""What a call takes: named values of a few kinds, each parsed and described from one definition. Pure.

Bodies and queries come from outside: whatever isn't declared is refused, and everything has a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peer.errors import UsageError
from store.ids import RecordId

ID_DIGITS = 2 * (RecordId.SIZE - 1)
MOST_IDS = 100_000
MOST_TEXT = 200_000
MOST_WORDS = 1000
_ID = re.compile(rf"[0-9a-f]{{{ID_DIGITS}}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``parse`` takes a value of JSON, or the text of a query, and raises ``ValueError``; ``schema``: the same as JSON Schema."""

    parse: Callable[[object], Any]
    schema: Mapping[str, Any]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One member of a body, or one parameter of a query."""

    name: str
    kind: Kind
    text: str
    required: bool = False
    default: Any = None


def optional_texts(names: Iterable[str], text: str) -> tuple[Field, ...]:
    """A field for each of ``names`` that takes a text, or nothing."""
    return tuple(Field(name=name, kind=TEXT, text=text) for name in names)


def parse_fields(fields: Sequence[Field], given: Mapping[str, object]) -> dict[str, Any]:
    """The values by name, with defaults. ``UsageError`` names the first that is wrong, missing or unknown."""
    known = {field.name: field for field in fields}
    for name in given:
        if name not in known:
            raise UsageError(f"There is no {name[:40]!r} here. Nothing was changed.", hint=f"Known are: {', '.join(known) or 'none'}.")
    values: dict[str, Any] = {}
    for name, field in known.items():
        if given.get(name) is None:
            if field.required:
                raise UsageError(f"{name!r} is missing. Nothing was changed.", hint=f"It is {field.kind.words}: {field.text}")
            values[name] = field.default
            continue
        try:
            values[name] = field.kind.parse(given[name])
        except ValueError as error:
            raise UsageError(f"{name!r} isn't {field.kind.words}. Nothing was changed.", hint=field.text) from error
    return values


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise ValueError("no text")
    return value


def _id(value: object) -> str:
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise ValueError("no id")
    return value


def _flag(value: object) -> bool:
    flags: dict[object, bool] = {True: True, False: False, "1": True, "0": False, "true": True, "false": False}
    if not isinstance(value, bool | str) or value not in flags:
        raise ValueError("no flag")
    return flags[value]


def _whole(lowest: int, highest: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise ValueError("no whole number")
        return value

    return parse


def _list(parse: Callable[[object], Any], most: int) -> Callable[[object], list[Any]]:
    def parse_list(value: object) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise ValueError("no list")
        return [parse(each) for each in value]

    return parse_list


def _texts_by_name(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MOST_WORDS:
        raise ValueError("no object")
    return {_text(name): _text(each) for name, each in value.items()}


_ID_SCHEMA = {"type": "string", "pattern": f"^[0-9a-f]{{{ID_DIGITS}}}$"}
TEXT = Kind(parse=_text, schema={"type": "string", "maxLength": MOST_TEXT}, words="a text")
ID = Kind(parse=_id, schema=_ID_SCHEMA, words="an id")
IDS = Kind(parse=_list(_id, MOST_IDS), schema={"type": "array", "items": _ID_SCHEMA, "maxItems": MOST_IDS}, words="a list of ids")
IDS_IN_LINE = Kind(
    parse=lambda value: [_id(each) for each in _text(value).split(",")], schema={"type": "string"}, words="ids with commas between them"
)
TEXTS = Kind(
    parse=_list(_text, MOST_WORDS), schema={"type": "array", "items": {"type": "string"}, "maxItems": MOST_WORDS}, words="a list of texts"
)
TEXTS_BY_NAME = Kind(
    parse=_texts_by_name, schema={"type": "object", "additionalProperties": {"type": "string"}}, words="an object of texts"
)
FLAG = Kind(parse=_flag, schema={"type": "boolean"}, words="true or false")


def whole(lowest: int, highest: int) -> Kind:
    """A whole number from ``lowest`` to ``highest``."""
    words = f"a whole number from {lowest} to {highest}"
    return Kind(parse=_whole(lowest, highest), schema={"type": "integer", "minimum": lowest, "maximum": highest}, words=words)
