"""What fields hold in more than one piece, as frozen values (PROTOCOL.md section 6.1). Pure.

``parse`` takes a plain value or raises ``WrongTypeError``; ``value`` gives the plain value back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from crdt.parsing import WrongTypeError, blob_ids, capture_time, file_hash, list_of, members, number, one_of, text, whole
from crdt.values import Value
from store.ids import BlobId, FileHash

T = TypeVar("T")

MAX_DIRECT_BLOBS = 16
"""A source with more blobs names them in an index."""

_BYTE_COUNT = whole(0)
_PIXELS = whole(1, 1_000_000)
_POSITIVE = number(0, 1e12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Degrees, north and east positive (WGS 84); ``altitude`` in metres."""

    latitude: float
    longitude: float
    altitude: float | None = None

    @classmethod
    def parse(cls, value: Value) -> Location:
        if not isinstance(value, list) or len(value) not in (2, 3):
            raise WrongTypeError("not [latitude, longitude] or [latitude, longitude, altitude]")
        latitude, longitude = number(-90, 90)(value[0]), number(-180, 180)(value[1])
        return cls(latitude=latitude, longitude=longitude, altitude=number(-20_000, 1e9)(value[2]) if len(value) == 3 else None)

    def value(self) -> Value:
        place: list[Value] = [self.latitude, self.longitude]
        return place if self.altitude is None else [*place, self.altitude]


class Way(StrEnum):
    """How a source's blobs lead to the file; also the member that names them."""

    BLOBS = "blobs"
    """Their plaintexts, joined, are the file."""
    INDEX = "index"
    """Their plaintexts, joined, are the ids of the blobs whose plaintexts, joined, are the file."""
    PATCH = "patch"
    """Their plaintexts, joined, are a patch that makes the file out of ``base``."""


_WAYS = tuple(Way)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A way to a file's bytes. ``size`` of the file in bytes; ``base`` only with a patch."""

    size: int
    way: Way
    blobs: tuple[BlobId, ...]
    base: FileHash | None = None

    @classmethod
    def parse(cls, value: Value) -> Source:
        parts = members(value)
        ways = [way for way in _WAYS if way.value in parts]
        if len(ways) != 1:
            raise WrongTypeError("a source names its bytes in exactly one way")
        (way,) = ways
        blobs = blob_ids(parts[way.value])
        if way is not Way.INDEX and len(blobs) > MAX_DIRECT_BLOBS:
            raise WrongTypeError(f"a source names more than {MAX_DIRECT_BLOBS} blobs without an index")
        base = file_hash(parts.get("base")) if way is Way.PATCH else None
        return cls(size=_BYTE_COUNT(parts.get("size")), way=way, blobs=blobs, base=base)

    def value(self) -> Value:
        parts: dict[str, Value] = {"size": self.size, self.way.value: [bytes(blob) for blob in self.blobs]}
        if self.base is not None:
            parts["base"] = bytes(self.base)
        return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A thumbnail or preview. ``size`` in bytes, ``media`` is its media type, ``file`` the SHA-256 of its bytes."""

    file: FileHash
    size: int
    width: int
    height: int
    media: str
    blobs: tuple[BlobId, ...]

    @classmethod
    def parse(cls, value: Value) -> Rendition:
        parts = members(value)
        return cls(
            file=file_hash(parts.get("file")),
            size=_BYTE_COUNT(parts.get("size")),
            width=_PIXELS(parts.get("width")),
            height=_PIXELS(parts.get("height")),
            media=text(parts.get("type")),
            blobs=blob_ids(parts.get("blobs")),
        )

    def value(self) -> Value:
        return {
            "file": bytes(self.file),
            "size": self.size,
            "width": self.width,
            "height": self.height,
            "type": self.media,
            "blobs": [bytes(blob) for blob in self.blobs],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of a picture that somebody named, a face most often. Its middle, width and height in fractions of the picture as it is looked at."""

    name: str
    x: float
    y: float
    width: float
    height: float
    kind: str = ""

    @classmethod
    def parse(cls, value: Value) -> Region:
        parts = members(value)
        fraction = number(0, 1)
        return cls(
            name=text(parts.get("name")),
            x=fraction(parts.get("x")),
            y=fraction(parts.get("y")),
            width=fraction(parts.get("w")),
            height=fraction(parts.get("h")),
            kind=text(parts.get("kind", "")),
        )

    def value(self) -> Value:
        parts: dict[str, Value] = {"name": self.name, "x": self.x, "y": self.y, "w": self.width, "h": self.height}
        return parts | {"kind": self.kind} if self.kind else parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A film inside the file of a photo: ``size`` bytes from ``offset`` on."""

    offset: int
    size: int

    @classmethod
    def parse(cls, value: Value) -> Motion:
        offset, size = _two(list_of(_BYTE_COUNT, 2)(value))
        return cls(offset=offset, size=size)

    def value(self) -> Value:
        return [self.offset, self.size]


MAX_KEYWORDS = 500
MAX_REGIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Exif:
    """What a file says of itself. Width and height in pixels after orientation, ``exposure`` and ``duration`` in seconds, ``focal`` in
    millimetres. ``content`` is what the two parts of a Live Photo have in common, ``burst`` what the photos of a burst have.

    Each member is read by itself: one of a wrong type is as if it were not there.
    """

    taken: str | None = None
    width: int | None = None
    height: int | None = None
    orientation: int | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    iso: float | None = None
    f: float | None = None
    exposure: float | None = None
    focal: float | None = None
    gps: Location | None = None
    caption: str | None = None
    rating: int | None = None
    keywords: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    duration: float | None = None
    content: str | None = None
    burst: str | None = None
    motion: Motion | None = None

    @classmethod
    def parse(cls, value: Value) -> Exif:
        parts = members(value)
        return cls(
            taken=_member(parts, "taken", capture_time),
            width=_member(parts, "width", _PIXELS),
            height=_member(parts, "height", _PIXELS),
            orientation=_member(parts, "orientation", whole(1, 8)),
            make=_member(parts, "make", text),
            model=_member(parts, "model", text),
            lens=_member(parts, "lens", text),
            iso=_member(parts, "iso", _POSITIVE),
            f=_member(parts, "f", _POSITIVE),
            exposure=_member(parts, "exposure", _POSITIVE),
            focal=_member(parts, "focal", _POSITIVE),
            gps=_member(parts, "gps", Location.parse),
            caption=_member(parts, "caption", text),
            rating=_member(parts, "rating", whole(0, 5)),
            keywords=_member(parts, "keywords", list_of(text, MAX_KEYWORDS)) or (),
            regions=_member(parts, "regions", list_of(Region.parse, MAX_REGIONS)) or (),
            duration=_member(parts, "duration", _POSITIVE),
            content=_member(parts, "content", text),
            burst=_member(parts, "burst", text),
            motion=_member(parts, "motion", Motion.parse),
        )

    def value(self) -> Value:
        parts: dict[str, Value] = {
            "taken": self.taken,
            "width": self.width,
            "height": self.height,
            "orientation": self.orientation,
            "make": self.make,
            "model": self.model,
            "lens": self.lens,
            "iso": self.iso,
            "f": self.f,
            "exposure": self.exposure,
            "focal": self.focal,
            "gps": None if self.gps is None else self.gps.value(),
            "caption": self.caption,
            "rating": self.rating,
            "keywords": list(self.keywords) or None,
            "regions": [region.value() for region in self.regions] or None,
            "duration": self.duration,
            "content": self.content,
            "burst": self.burst,
            "motion": None if self.motion is None else self.motion.value(),
        }
        return {name: part for name, part in parts.items() if part is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a device keeps: ``everything``, ``optimize`` within ``budget`` bytes, or ``thumbnails``."""

    keep: str
    budget: int | None = None

    @classmethod
    def parse(cls, value: Value) -> Policy:
        parts = members(value)
        keep = one_of("everything", "optimize", "thumbnails")(parts.get("keep"))
        return cls(keep=keep, budget=_BYTE_COUNT(parts.get("budget")) if keep == "optimize" else None)

    def value(self) -> Value:
        return {"keep": self.keep} if self.budget is None else {"keep": self.keep, "budget": self.budget}


def _two(items: tuple[T, ...]) -> tuple[T, T]:
    if len(items) != 2:
        raise WrongTypeError("not two of them")
    return items[0], items[1]


def _member(parts: dict[str, Value], name: str, parse: Callable[[Value], T]) -> T | None:
    try:
        return parse(parts[name])
    except (KeyError, WrongTypeError):
        return None
