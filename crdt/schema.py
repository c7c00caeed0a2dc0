"""The fields of each kind of record, with the parsers of their values (PROTOCOL.md section 6.1). Pure.

This is the table in code. A name that ends in ``:`` stands for a field for each part that may follow. Fields that a later version adds
pass through the gate, live in records and count in digests; this version just doesn't read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from crdt.facts import Exif, Location, Policy, Rendition, Source
from crdt.fields import Conflict, Derived, ElementSet, Fields, Register, read_register
from crdt.fractional import parse_position
from crdt.parsing import (
    WrongTypeError,
    album_element,
    anything,
    asset_id,
    boolean,
    capture_time,
    file_element,
    file_hash,
    members,
    nothing,
    number,
    octets,
    one_of,
    optional,
    text,
    whole,
)
from crdt.trash import TRASHED
from crdt.values import Value
from store.ids import RecordKind

T = TypeVar("T")


class UnknownFieldError(ValueError):
    """A field that a kind of record doesn't have in this version."""


def _taken(value: Value) -> str | None:
    return None if value is None else capture_time(members(value).get("t"))


def _crop(value: Value) -> tuple[float, float, float, float]:
    if not isinstance(value, list) or len(value) != 4:
        raise WrongTypeError("not [x, y, width, height]")
    x, y, width, height = (number(0, 1)(part) for part in value)
    if not (width > 0 and height > 0):
        raise WrongTypeError("a crop leaves nothing")
    return x, y, width, height


def _quarter_turn(value: Value) -> int:
    degrees = whole(0, 270)(value)
    if degrees % 90:
        raise WrongTypeError("not 0, 90, 180 or 270")
    return degrees


PRIMARY = Register(name="primary", parse=file_hash)
ROLE = Register(name="role:", parse=file_hash)
FAVORITE = Register(name="favorite", parse=boolean)
HIDDEN = Register(name="hidden", parse=boolean)
RATING = Register(name="rating", parse=optional(whole(0, 5)))
CAPTION = Register(name="caption", parse=optional(text))
TAKEN = Register(name="taken", parse=_taken)
LOCATION = Register(name="location", parse=optional(Location.parse))
POSITION = Register(name="position:", parse=parse_position, conflicts=False)
EDIT = Register(name="edit:", parse=anything)
"""An edit parameter that this version doesn't know; null: not edited, here and in those that it knows."""

_SLIDER = optional(number(-100, 100))
EDITS: Final[Mapping[str, Register[Any]]] = {
    "crop": Register(name="edit:crop", parse=optional(_crop)),
    "rotate": Register(name="edit:rotate", parse=optional(_quarter_turn)),
    "flip": Register(name="edit:flip", parse=optional(one_of("h", "v", "hv"))),
    "straighten": Register(name="edit:straighten", parse=optional(number(-45, 45))),
    "exposure": Register(name="edit:exposure", parse=_SLIDER),
    "contrast": Register(name="edit:contrast", parse=_SLIDER),
    "highlights": Register(name="edit:highlights", parse=_SLIDER),
    "shadows": Register(name="edit:shadows", parse=_SLIDER),
    "saturation": Register(name="edit:saturation", parse=_SLIDER),
    "temperature": Register(name="edit:temperature", parse=_SLIDER),
    "tint": Register(name="edit:tint", parse=_SLIDER),
    "vignette": Register(name="edit:vignette", parse=_SLIDER),
    "monochrome": Register(name="edit:monochrome", parse=optional(boolean)),
    "filter": Register(name="edit:filter", parse=optional(text)),
}

KEYWORD = ElementSet(name="keyword", parse_element=text, parse=nothing)
WITHOUT = ElementSet(name="without", parse_element=text, parse=nothing)
"""Keywords of the files that the person took away."""
NAME = ElementSet(name="name", parse_element=text, parse=nothing)
VERSION = ElementSet(name="version", parse_element=file_element, parse=nothing)
ALBUM = ElementSet(name="album", parse_element=album_element, parse=nothing)
SOURCE = ElementSet(name="source", parse_element=file_element, parse=Source.parse)

EXIF = Derived(name="exif", parse=Exif.parse)
SIDECAR = Derived(name="sidecar", parse=Exif.parse)
"""What the sidecar beside the file says; of each member that it has it counts before ``exif``."""
THUMBNAIL = Derived(name="thumbnail", parse=Rendition.parse)
PREVIEW = Derived(name="preview", parse=Rendition.parse)
THUMBHASH = Derived(name="thumbhash", parse=octets)
KIND = Derived(name="kind", parse=one_of("photo", "video", "raw", "other"))
MEDIA = Derived(name="media", parse=text)

TITLE = Register(name="title", parse=text)
COVER = Register(name="cover", parse=optional(asset_id))

DEVICE_NAME = Register(name="name", parse=text)
DEVICE_MODEL = Register(name="model", parse=text)
DEVICE_POLICY = Register(name="policy", parse=Policy.parse)

RETENTION = Register(name="retention", parse=whole(1, 36_500))
ZONE = Register(name="zone", parse=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSchema:
    """The fields of one kind of record, by name. Lookups raise ``UnknownFieldError``."""

    registers: Mapping[str, Register[Any]]
    sets: Mapping[str, ElementSet[Any, Any]]
    derived: Mapping[str, Derived[Any]]

    def register(self, field: str) -> Register[Any]:
        """The register that ``field``, with its part, is."""
        return _known(self.find_register(field), field)

    def find_register(self, field: str) -> Register[Any] | None:
        """The same; ``None`` when there is none."""
        prefix, colon, part = field.partition(":")
        if colon and not part:
            return None
        return self.registers.get(field) or self.registers.get(prefix + colon)

    def element_set(self, name: str) -> ElementSet[Any, Any]:
        """The set of this name."""
        return _known(self.sets.get(name), name)

    def derived_field(self, name: str) -> Derived[Any]:
        """The derived field of this name."""
        return _known(self.derived.get(name), name)


def _known(field: T | None, name: str) -> T:
    if field is None:
        raise UnknownFieldError(f"this kind of record has no field {name!r}")
    return field


def _schema(*fields: Register[Any] | ElementSet[Any, Any] | Derived[Any]) -> RecordSchema:
    return RecordSchema(
        registers={field.name: field for field in fields if isinstance(field, Register)},
        sets={field.name: field for field in fields if isinstance(field, ElementSet)},
        derived={field.name: field for field in fields if isinstance(field, Derived)},
    )


def open_conflicts(fields: Fields, record: RecordSchema) -> tuple[Conflict, ...]:
    """The registers whose values were written concurrently and differ, by name. Fields unknown to this version are passed over."""
    conflicts = []
    for name, cells in sorted(fields.registers.items()):
        register = record.find_register(name) if len(cells) > 1 else None
        reading = None if register is None else read_register(fields, register, name.removeprefix(register.name))
        if reading is not None and reading.conflict is not None:
            conflicts.append(reading.conflict)
    return tuple(conflicts)


ASSET_FIELDS: Final = _schema(
    *(PRIMARY, ROLE, FAVORITE, HIDDEN, RATING, CAPTION, TAKEN, LOCATION, TRASHED, POSITION, EDIT),
    *EDITS.values(),
    *(KEYWORD, WITHOUT, NAME, VERSION, ALBUM, SOURCE),
    *(EXIF, SIDECAR, THUMBNAIL, PREVIEW, THUMBHASH, KIND, MEDIA),
)
ALBUM_FIELDS: Final = _schema(TITLE, COVER, TRASHED)
DEVICE_FIELDS: Final = _schema(DEVICE_NAME, DEVICE_MODEL, DEVICE_POLICY)
LIBRARY_FIELDS: Final = _schema(RETENTION, ZONE)

SCHEMAS: Final[Mapping[RecordKind, RecordSchema]] = {
    RecordKind.ASSET: ASSET_FIELDS,
    RecordKind.ALBUM: ALBUM_FIELDS,
    RecordKind.DEVICE: DEVICE_FIELDS,
    RecordKind.LIBRARY: LIBRARY_FIELDS,
}
