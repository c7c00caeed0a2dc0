"""Other keys and other values for those in records, by what each field is for (PROTOCOL.md section 6.1). Pure.

What readers accept stays acceptable, and what they pass over (a value of a wrong type) stays so. Fields, members and words of lists that this version
knows keep their names; everything that it doesn't know is replaced like text that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from crdt.clock import Stamp
from crdt.facts import Exif
from crdt.fractional import spread
from crdt.keys import Family, Key, parse_key, stem_of
from crdt.parsing import WrongTypeError, album_element, file_element, in_key
from crdt.schema import EDITS, SCHEMAS
from crdt.trash import TRASHED
from crdt.values import Value, canonical
from peer.media.types import TYPES
from store.ids import FileHash, RecordId, RecordKind
from tools.bundling.errors import CannotBeMadeAgainError
from tools.bundling.identifiers import Entries, Things
from tools.bundling.numbers import Numbers
from tools.bundling.times import CaptureTimes, Moments
from tools.bundling.words import Words

EXTENSIONS: Final = frozenset({extension for known in TYPES.values() for extension in known.extensions} | {"xmp", "aae"})
ROLES: Final = frozenset(
    {"raw", "motion", "sidecar", "adjustments", "sidecar_raw", "sidecar_motion", "adjustments_raw", "adjustments_motion"}
)
_MEDIA = frozenset(known.media for known in TYPES.values())
_FILTERS = frozenset({"noir", "mono", "sepia", "warm", "cool", "vivid", "fade", "dramatic"})
_REGIONS = frozenset({"Face", "Pet", "Focus", "BarCode"})
_ZONES = ("Etc/UTC", *(f"Etc/GMT{hours:+d}" for hours in range(-14, 13) if hours))
VOCABULARY: Final = frozenset(
    {*ROLES, *_MEDIA, *_FILTERS, *_REGIONS, *_ZONES, *Exif.__dataclass_fields__, *("photo", "video", "raw", "other"), *("h", "v", "hv")}
    | {
        *("everything", "optimize", "thumbnails"),
        *("at", "seen", "t", "keep", "budget", "type", "size", "name", "kind", "x", "y", "w", "h"),
    }
    | {"file", "base", "blobs", "index", "patch", "width", "height"}
)
"""Texts in values that stay as they are."""
_FACTS = ("file", "base", "blobs", "index", "patch", "width", "height")
_STAYING_BYTE = ("\udce9", "%E9")
"""How a byte that is no UTF-8 (``words``) is spelled in a key. Nothing else that is replaced has to be escaped there."""

Rule: TypeAlias = Callable[[Value], Value]


class Positions:
    """Positions in albums, ``known`` among them: as short as if nobody had ever moved anything, in the same order."""

    def __init__(self, known: Collection[str]) -> None:
        self._of = dict(zip(sorted({*known}), spread(None, None, len({*known})), strict=True))

    def other(self, position: str) -> str:
        return self._of[position]


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What stands in records, replaced."""

    things: Things
    entries: Entries
    words: Words
    moments: Moments
    times: CaptureTimes
    numbers: Numbers
    positions: Positions

    def key(self, kind: RecordKind, text: str) -> str:
        """The other key; ``KeyFormatError`` for what is none."""
        key = parse_key(text)
        name, writer = self._name(kind, key), self.entries.writer(key.writer)
        if key.element is None:
            return f"{key.family.value}/{name}/{writer}"
        return f"{key.family.value}/{name}/{self._element(key.name, key.element).replace(*_STAYING_BYTE)}/{writer}"

    def value(self, kind: RecordKind, key: Key, value: Value) -> Value:
        """The other value. ``CannotBeMadeAgainError`` when readers would treat it otherwise."""
        if not reads(kind, key, value):
            other = self._any(value)
            return [other] if reads(kind, key, other) else other
        other = canonical(self._rule(kind, key)(value))
        if not reads(kind, key, other):
            raise CannotBeMadeAgainError(f"a value of the field “{key.name.partition(':')[0]}” has no likeness")
        return other

    # Names and elements

    def _name(self, kind: RecordKind, key: Key) -> str:
        base, colon, part = key.name.partition(":")
        if not is_known(kind, key):
            return f"x{self.words.label(base)}{colon}{self.words.label(part) if part else ''}"
        return key.name if not colon else f"{base}:{self._part(base, part)}"

    def _part(self, base: str, part: str) -> str:
        if (base == "role" and part in ROLES) or (base == "edit" and part in EDITS):
            return part
        album = _album(part)
        return self.words.label(part) if album is None else in_key(self.things.record(album))

    def _element(self, name: str, element: str) -> str:
        if name == "name":
            return self.words.name(element)
        if name in ("version", "source") and (file := _file(element)) is not None:
            return self.things.file(file).base64()
        if name == "album" and (album := _album(element)) is not None:
            return in_key(self.things.record(album))
        return self.words.replaced(element)

    # Values, when readers accept them

    def _rule(self, kind: RecordKind, key: Key) -> Rule:
        base = key.name.partition(":")[0]
        if not is_known(kind, key):
            return self._any
        if base == "edit":
            return _kept if key.name.partition(":")[2] in EDITS and key.name != "edit:filter" else partial(self._word, _FILTERS)
        rules: Mapping[str, Rule] = {
            "v/primary": self._any,
            "v/role": self._any,
            "v/favorite": _kept,
            "v/hidden": _kept,
            "v/rating": _kept,
            "v/caption": self._any,
            "v/taken": partial(self._members, {"t": self._taken}),
            "v/location": self._place,
            "v/trashed": partial(self._members, {"at": self._stamp, "seen": self._writers}),
            "v/position": self._position,
            "s/source": self._file_facts,
            "d/exif": self._exif,
            "d/sidecar": self._exif,
            "d/thumbnail": self._file_facts,
            "d/preview": self._file_facts,
            "d/kind": _kept,
            "d/media": partial(self._word, _MEDIA),
            "v/cover": self._record,
            "v/policy": partial(self._members, {"keep": _kept}),
            "v/retention": _kept,
            "v/zone": self._zone,
        }
        return rules.get(f"{key.family.value}/{base}", self._any)

    def _any(self, value: Value) -> Value:
        """For what nothing is known of."""
        match value:
            case None | bool():
                return value
            case str():
                return self.words.replaced(value)
            case bytes():
                return self.things.octets(value)
            case int() | float():
                return self.numbers.number(value)
            case list():
                return [self._any(item) for item in value]
            case dict():
                return {self.words.replaced(name): self._any(item) for name, item in value.items()}

    def _members(self, rules: Mapping[str, Rule], value: Value) -> Value:
        if not isinstance(value, dict):
            return self._any(value)
        return {name if name in rules else self.words.replaced(name): rules.get(name, self._any)(item) for name, item in value.items()}

    def _word(self, kept: Collection[str], value: Value) -> Value:
        return value if isinstance(value, str) and value in kept else self._any(value)

    def _taken(self, value: Value) -> Value:
        other = self.times.shifted(value) if isinstance(value, str) else None
        return self._any(value) if other is None else other

    def _stamp(self, value: Value) -> Value:
        return bytes(self.moments.stamp(Stamp(value))) if isinstance(value, bytes) else self._any(value)

    def _writers(self, value: Value) -> Value:
        return [*sorted(self.entries.writer(str(each)) for each in value)] if isinstance(value, list) else self._any(value)

    def _place(self, value: Value) -> Value:
        match value:
            case [int() | float() as latitude, int() | float() as longitude, *altitude]:
                return [*self.numbers.place(latitude, longitude), *map(self._any, altitude)]
            case _:
                return self._any(value)

    def _position(self, value: Value) -> Value:
        return self.positions.other(value) if isinstance(value, str) else self._any(value)

    def _record(self, value: Value) -> Value:
        return bytes(self.things.record(RecordId(value))) if isinstance(value, bytes) else self._any(value)

    def _zone(self, value: Value) -> Value:
        return self.words.one_of(_ZONES, str(value))

    def _size(self, value: Value) -> Value:
        return self.numbers.size(value) if isinstance(value, int) else self._any(value)

    def _file_facts(self, value: Value) -> Value:
        """Of a source, a thumbnail or a preview."""
        rules: dict[str, Rule] = dict.fromkeys(_FACTS, self._any)
        return self._members(rules | {"size": self._size, "type": partial(self._word, _MEDIA)}, value)

    def _exif(self, value: Value) -> Value:
        """Each member by itself, since readers read each by itself."""
        if not isinstance(value, dict):
            return self._any(value)
        rules: Mapping[str, Rule] = {
            "taken": self._taken,
            "orientation": _kept,
            "rating": _kept,
            "gps": self._place,
            "regions": self._regions,
        }
        return {
            name if name in _EXIF else self.words.replaced(name): (rules.get(name, self._any) if _reads_member(name, item) else self._any)(
                item
            )
            for name, item in value.items()
        }

    def _regions(self, value: Value) -> Value:
        inside: dict[str, Rule] = dict.fromkeys(("x", "y", "w", "h"), self._fraction)
        inside |= {"name": self._any, "kind": partial(self._word, _REGIONS)}
        return [self._members(inside, region) for region in value] if isinstance(value, list) else self._any(value)

    def _fraction(self, value: Value) -> Value:
        return self.numbers.fraction(value) if isinstance(value, int | float) and not isinstance(value, bool) else self._any(value)


class KeptFields(Fields):
    """What stands in records as it is, but for the writers."""

    def key(self, kind: RecordKind, text: str) -> str:
        return f"{stem_of(text)}/{self.entries.writer(parse_key(text).writer)}"

    def value(self, kind: RecordKind, key: Key, value: Value) -> Value:
        is_trashing = key.family is Family.REGISTER and key.name == TRASHED.name and isinstance(value, dict) and reads(kind, key, value)
        return {**value, "seen": self._writers(value["seen"])} if is_trashing and isinstance(value, dict) else value


def without_extension(name: str) -> str:
    """The part of a file's name that is replaced."""
    stem, dot, extension = name.rpartition(".")
    return stem if dot and extension.lower() in EXTENSIONS else name


def is_known(kind: RecordKind, key: Key) -> bool:
    """Whether this version knows the field."""
    return _field(kind, key) is not None


def reads(kind: RecordKind, key: Key, value: Value) -> bool:
    """Whether readers accept the value; of a field that they don't know they accept any."""
    field = _field(kind, key)
    if field is None:
        return True
    try:
        field.parse(value)
    except WrongTypeError:
        return False
    return True


def _field(kind: RecordKind, key: Key) -> Any:
    schema = SCHEMAS[kind]
    match key.family:
        case Family.REGISTER:
            return schema.find_register(key.name)
        case Family.SET:
            return schema.sets.get(key.name)
        case Family.DERIVED:
            return schema.derived.get(key.name)


_EXIF: Final = frozenset(Exif.__dataclass_fields__)


def _reads_member(name: str, value: Value) -> bool:
    return name in _EXIF and getattr(Exif.parse({name: value}), name) not in (None, ())


def _kept(value: Value) -> Value:
    return value


def _file(element: str) -> FileHash | None:
    try:
        return file_element(element)
    except WrongTypeError:
        return None


def _album(element: str) -> RecordId | None:
    try:
        return album_element(element)
    except WrongTypeError:
        return None
