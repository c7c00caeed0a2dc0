"""What phones write into a movie's own metadata: place, local time with its zone, camera, and what makes a Live Photo one. Pure.

Apple names its values: ``moov/meta`` has a table of keys, and a list of values by their numbers in it (QuickTime File Format,
"Metadata"). Android and older devices write boxes of four letters into ``moov/udta``, of which the place is the one that matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from peer.media.boxes import Box, boxes, find
from peer.media.capture_time import parse_moment
from peer.media.plausible import Metadata, line, position, tidy
from peer.media.tiff import Buffer

MAX_KEYS = 256
MAX_VALUE_BYTES = 1_024

_TEXT_TYPES = frozenset({0, 1})
"""UTF-8 is 1; some writers leave the type out (QuickTime File Format, "Well-known types")."""

_PLACE = re.compile(
    r"(?P<latitude>[+-]\d{1,2}(?:\.\d*)?)(?P<longitude>[+-]\d{1,3}(?:\.\d*)?)(?P<altitude>[+-]\d+(?:\.\d*)?)?(?:CRS[^/]*)?/?", re.ASCII
)
"""ISO 6709, in degrees with a decimal point: the only form that recorders write."""

_USER_DATA = {b"\xa9xyz": "place", b"\xa9mak": "make", b"\xa9mod": "model", b"\xa9day": "taken"}
_KEYS = {
    "com.apple.quicktime.content.identifier": "content",
    "com.apple.quicktime.creationdate": "taken",
    "com.apple.quicktime.location.ISO6709": "place",
    "com.apple.quicktime.make": "make",
    "com.apple.quicktime.model": "model",
    "com.android.manufacturer": "make",
    "com.android.model": "model",
}


def read_user_metadata(data: Buffer, movie: Box) -> Metadata:
    """``taken``, ``gps``, ``make``, ``model`` and ``content`` as far as the ``moov`` box has them. Named keys come before user data."""
    said = dict(_user_data(data, movie)) | dict(_keyed(data, movie))
    place = parse_place(said.get("place", ""))
    found: Metadata = {name: line(said.get(name, "")) for name in ("make", "model", "content")}
    found["taken"] = parse_moment(said["taken"]) if "T" in said.get("taken", "") else None  # a year alone is no time
    found["gps"] = [*place] if place else None
    return {name: value for name, value in found.items() if value is not None}


def parse_place(text: str) -> list[float] | None:
    """``+48.8584+002.2945+035.000/`` as ``[latitude, longitude]`` or with the altitude in metres; ``None`` for anything else."""
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        return None
    latitude, longitude, height = float(match["latitude"]), float(match["longitude"]), float(match["altitude"] or "nan")
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return position(tidy(round(latitude, 7)), tidy(round(longitude, 7)), abs(height), below_sea=height < 0)


def _user_data(data: Buffer, movie: Box) -> Iterator[tuple[str, str]]:
    found = find(data, b"udta", start=movie.start, end=movie.end)
    for box in boxes(data, found.start, found.end) if found else ():
        name = _USER_DATA.get(box.kind)
        if name and found and box.end <= found.end:
            length = int.from_bytes(data[box.start : box.start + 2], "big")
            yield name, _text(data[box.start + 4 : min(box.start + 4 + length, box.end, box.start + 4 + MAX_VALUE_BYTES)])


def _keyed(data: Buffer, movie: Box) -> Iterator[tuple[str, str]]:
    meta = find(data, b"meta", start=movie.start, end=movie.end)
    if meta is None:
        return
    # In QuickTime a plain box, in MP4 one with four bytes of version and flags before what is in it.
    start = meta.start if data[meta.start + 4 : meta.start + 8] == b"hdlr" else meta.start + 4
    keys, values = find(data, b"keys", start=start, end=meta.end), find(data, b"ilst", start=start, end=meta.end)
    if keys is None or values is None:
        return
    names = _key_names(data, keys)
    for number, value in enumerate(boxes(data, values.start, values.end)):
        if number == MAX_KEYS:
            return
        name = names.get(int.from_bytes(value.kind, "big"))
        text = _value(data, value) if name and value.end <= values.end else None
        if name and text is not None:
            yield name, text


def _key_names(data: Buffer, keys: Box) -> Mapping[int, str]:
    """Our names of the keys that are known, by their numbers in the table, which count from 1. A key is stored like a box."""
    names: dict[int, str] = {}
    for number, key in enumerate(boxes(data, keys.start + 8, keys.end), start=1):
        if number > MAX_KEYS or key.end > keys.end:
            break
        known = _KEYS.get(_text(data[key.start : min(key.end, key.start + MAX_VALUE_BYTES)])) if key.kind == b"mdta" else None
        if known is not None:
            names[number] = known
    return names


def _value(data: Buffer, item: Box) -> str | None:
    box = find(data, b"data", start=item.start, end=item.end)
    if box is None or box.end - box.start < 8 or box.end - box.start > MAX_VALUE_BYTES:
        return None
    kind = int.from_bytes(data[box.start : box.start + 4], "big")
    return _text(data[box.start + 8 : box.end]) if kind in _TEXT_TYPES else None


def _text(value: bytes) -> str:
    try:
        return value.partition(b"\x00")[0].decode("utf-8")
    except UnicodeDecodeError:
        return ""
