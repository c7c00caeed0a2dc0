"""What ``calotype set`` understands: ``KEY=VALUE``, ``keyword+=WORD``, ``keyword-=WORD``, and shifts of the time. Pure.

All of it is parsed before anything is written, so one wrong word changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from crdt.asset import add_keyword, remove_keyword, view_asset
from crdt.draft import Draft
from crdt.keys import KeyFormatError, escape
from crdt.schema import SCHEMAS
from crdt.update import MAX_VALUE_BYTES
from crdt.values import Value, canonical
from peer.errors import UsageError
from peer.library.time_shifts import parse_offset, parse_span, shifted
from store.ids import FileHash, RecordId, RecordKind

MAX_TEXT_BYTES = MAX_VALUE_BYTES - 1024
"""Of a caption or title: what a record can hold, with room for what stands around it."""

NOTHING = "none"
"""The word that takes a value away."""

_SHOWN_CHARACTERS = 40
_RATING = re.compile(r"[0-5]", re.ASCII)
_ASSIGNMENT = re.compile(r"([^=+\-]*)(\+=|-=|=)(.*)", re.DOTALL)
_SWITCHES: Final = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
_NUMBER = r"[+-]?\d+(?:\.\d*)?"
_LOCATION = re.compile(rf"({_NUMBER})\s*,\s*({_NUMBER})(?:\s*,\s*({_NUMBER}))?", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s?(Z|z|[+-]\d\d:?\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetField:
    """``KEY=VALUE``."""

    field: str
    value: Value

    def apply(self, draft: Draft) -> None:
        draft.set(self.field, self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKeyword:
    """``keyword+=WORD``: afresh where it is there already, so that it stays even if somebody takes it away at the same time."""

    word: str

    def apply(self, draft: Draft) -> None:
        add_keyword(draft, self.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveKeyword:
    """``keyword-=WORD``."""

    word: str

    def apply(self, draft: Draft) -> None:
        remove_keyword(draft, self.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftTaken:
    """``taken+=SPAN`` and ``zone=OFFSET``: from the time that the photo has, for a clock that was wrong or said no zone. A photo without a time
    stays without one."""

    by: timedelta = timedelta()
    zone: str | None = None

    def apply(self, draft: Draft) -> None:
        taken = view_asset(draft.content).taken
        if taken is None:
            return
        try:
            draft.set("taken", {"t": shifted(taken, self.by, self.zone)})
        except (ValueError, OverflowError) as error:
            raise UsageError(f"A photo taken {taken} can't be shifted so far. Nothing was changed.", hint="Shift it by less.") from error


Assignment: TypeAlias = SetField | AddKeyword | RemoveKeyword | ShiftTaken


def parse_assignments(texts: Iterable[str]) -> tuple[Assignment, ...]:
    """``UsageError`` with a hint for the first that is wrong, when there is none at all, and when a time is both set and shifted."""
    assignments = [_parse(text) for text in texts]
    if not assignments:
        raise UsageError("Nothing was given to set.", hint=_HINT)
    shifts = [each for each in assignments if isinstance(each, ShiftTaken)]
    if not shifts:
        return tuple(assignments)
    if any(isinstance(each, SetField) and each.field == "taken" for each in assignments):
        raise UsageError("The time is either set or shifted, not both. Nothing was changed.", hint="Give taken= alone, with its zone.")
    zones = [each.zone for each in shifts if each.zone is not None]
    shift = ShiftTaken(by=sum((each.by for each in shifts), timedelta()), zone=zones[-1] if zones else None)
    return (*(each for each in assignments if not isinstance(each, ShiftTaken)), shift)


def is_assignment(text: str) -> bool:
    """Whether ``text`` is meant to set something, and isn't an id."""
    return "=" in text


def field_of(assignment: Assignment) -> str:
    """What an assignment sets, for a list of actions."""
    match assignment:
        case SetField(field=field):
            return field
        case ShiftTaken():
            return "taken"
        case _:
            return "keyword"


def parse_field(kind: RecordKind, field: str, text: str) -> Value:
    """The value that ``text`` means for a register of this kind of record; ``UsageError`` when it can't have it.

    Fields that ``set`` knows are written as there; others as ``calotype conflicts`` shows them: as JSON, as plain text, or files and photos by their
    ids in hexadecimal.
    """
    known = FIELDS.get(field) if kind is RecordKind.ASSET else None
    if known is not None:
        return _value(field, known, text)
    register = SCHEMAS[kind].find_register(field)
    for read in (_json, str, _file, _photo, _policy):
        with suppress(ValueError, RecursionError):
            value = canonical(read(text))
            if register is not None:
                register.parse(value)
                return value
    raise UsageError(
        f"{_shown(text)} can't be the value of {field}. Nothing was changed.",
        hint="Choose one of the values that `calotype conflicts` shows.",
    )


def check_text(text: str, what: str) -> str:
    """``text`` when a record can hold it, else ``UsageError``."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(f"The {what} isn't valid UTF-8. Nothing was changed.", hint="Check the encoding of your terminal.") from error
    if size > MAX_TEXT_BYTES:
        raise UsageError(f"The {what} has {size:,} bytes; {MAX_TEXT_BYTES:,} are possible. Nothing was changed.", hint="Shorten it.")
    return text


@dataclass(frozen=True, slots=True)
class _Field:
    parse: Callable[[str], Value]
    expects: str
    example: str


def _switch(text: str) -> Value:
    word = text.strip().lower()
    if word not in _SWITCHES:
        raise ValueError("neither yes nor no")
    return _SWITCHES[word]


def _rating(text: str) -> Value:
    return None if text.strip().lower() == NOTHING else int(_matched(_RATING, text)[0])


def _caption(text: str) -> Value:
    return None if text == NOTHING else check_text(text, "caption")


def _taken(text: str) -> Value:
    if text.strip().lower() == NOTHING:
        return None
    day, minute, seconds, offset = _matched(_TIME, text).groups()
    return {"t": f"{day}T{minute}{seconds or ':00'}{_offset(offset)}"}


def _offset(text: str | None) -> str:
    if text is None or text in "Zz":
        return (text or "").upper()
    return f"{text[:3]}:{text[-2:]}"


def _location(text: str) -> Value:
    if text.strip().lower() == NOTHING:
        return None
    return [float(part) for part in _matched(_LOCATION, text).groups() if part is not None]


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.fullmatch(text.strip())
    if match is None:
        raise ValueError("not in the form that is expected")
    return match


FIELDS: Final[Mapping[str, _Field]] = {
    "favorite": _Field(_switch, "yes or no", "favorite=yes"),
    "rating": _Field(_rating, "a whole number from 0 to 5, or `none` for the file's own", "rating=4"),
    "caption": _Field(_caption, "text, or `none` for the file's own", "caption='At the sea'"),
    "taken": _Field(_taken, "a time that exists, or `none` for the file's own", "taken=2024-07-21T18:03:11+02:00"),
    "location": _Field(
        _location, "latitude and longitude in degrees, and an altitude in metres where it is known, or `none`", "location=59.33,18.06"
    ),
    "hidden": _Field(_switch, "yes or no", "hidden=yes"),
}
_HINT = f"Known are {', '.join(FIELDS)}, keyword+=WORD, keyword-=WORD, taken+=SPAN, taken-=SPAN and zone=OFFSET. For example: rating=4"


def _parse(text: str) -> Assignment:
    match = _ASSIGNMENT.fullmatch(text)
    if match is None:
        raise UsageError(f"{_shown(text)} is no KEY=VALUE. Nothing was changed.", hint=_HINT)
    key, operator, value = match[1].strip(), match[2], match[3]
    if key == "keyword":
        return _keyword(operator, value)
    if key == "zone" or (key == "taken" and operator != "="):
        return _shift(key, operator, value)
    field = FIELDS.get(key)
    if field is None:
        raise UsageError(f"There is nothing called {_shown(key)} to set. Nothing was changed.", hint=_HINT)
    if operator != "=":
        raise UsageError(
            f"{key} has one value. Nothing was changed.", hint=f"Write {key}= instead of {key}{operator}, for example: {field.example}"
        )
    return SetField(field=key, value=_value(key, field, value))


def _keyword(operator: str, word: str) -> Assignment:
    if operator == "=":
        raise UsageError(
            "A photo can have many keywords. Nothing was changed.", hint="Write keyword+=WORD to add one, keyword-=WORD to take one away."
        )
    word = word.strip()
    try:
        escape(word)
    except KeyFormatError as error:
        raise UsageError(f"{_shown(word)} can't be a keyword: {error}. Nothing was changed.", hint="For example: keyword+=sea") from error
    return AddKeyword(word=word) if operator == "+=" else RemoveKeyword(word=word)


def _shift(key: str, operator: str, text: str) -> Assignment:
    """``ShiftTaken``; ``UsageError`` when ``text`` is no span of time or no offset."""
    try:
        if key == "taken":
            span = parse_span(text)
            return ShiftTaken(by=span if operator == "+=" else -span)
        if operator == "=":
            return ShiftTaken(zone=parse_offset(text))
    except ValueError as error:
        raise UsageError(
            f"{key}{operator}{_shown(text)} isn't understood. Nothing was changed.",
            hint="For example: taken+=1h30m, taken-=2d, zone=+02:00",
        ) from error
    raise UsageError("A zone is set, not shifted. Nothing was changed.", hint="For example: zone=+02:00")


def _value(key: str, field: _Field, text: str) -> Value:
    try:
        value = canonical(field.parse(text))
        SCHEMAS[RecordKind.ASSET].register(key).parse(value)
    except ValueError as error:
        raise UsageError(
            f"{key}={_shown(text)} isn't understood. Nothing was changed.", hint=f"It takes {field.expects}. For example: {field.example}"
        ) from error
    return value


def _json(text: str) -> object:
    return None if text.strip().lower() == NOTHING else json.loads(text)


def _file(text: str) -> object:
    return bytes(FileHash(bytes.fromhex(text)))


def _photo(text: str) -> object:
    return bytes(RecordId.make(RecordKind.ASSET, bytes.fromhex(text)))


def _policy(text: str) -> object:
    return {"keep": text.strip().lower()}


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
