"""Sidecars: what other programs put beside a picture because they don't write into it. Read, and written for an export.

**XMP** (``x.xmp``, ``x.jpg.xmp``) is one packet (ISO 16684-1), read like one inside of a picture. **AAE** is Apple's property list of adjustments; it is
only recognised as whole: what it says belongs to Apple's own programs, which get it back with the export.

Writing changes what the library knows otherwise than the packet does, and nothing else: a property that already reads as the library has it stays as it
stands, with its other languages, its precision and its spelling; so does all that this program doesn't know. ``tiff:Orientation`` is left alone, and
added only where regions need it, because they lie in the picture as stored. Edit parameters go into a namespace of Calotype's own as
``name=value``, the value in JSON.
"""

from __future__ import annotations

import json
import plistlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from xml.parsers.expat import ExpatError

from crdt.asset import AssetView
from crdt.facts import Location
from crdt.values import Value
from peer.media import plausible
from peer.media.capture_time import parse_moment
from peer.media.fields import fitting
from peer.media.metadata import Metadata, sidecar_metadata
from peer.media.regions import stored
from peer.media.xmp import MAX_PACKET_BYTES, NotXmpError, XmpValue, parse_packet, texts_of
from peer.media.xmp_document import XmpDocument
from peer.media.xmp_statement import leaf_of

MAX_SIDECAR_BYTES = MAX_PACKET_BYTES

_ADJUSTMENT_KEYS = frozenset({"adjustmentBaseVersion", "adjustmentData", "adjustmentFormatIdentifier", "adjustmentFormatVersion"})
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_MINUTE_PARTS = 10**8
_EDITS = "calotype:Edits"


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarReading:
    """What a sidecar says, as the derived field ``sidecar`` keeps it; ``problem`` is why it couldn't be read, ``None`` when it could."""

    exif: Metadata = field(default_factory=dict)
    problem: str | None = None


def read_sidecar(data: bytes, name: str) -> SidecarReading:
    """Reads a sidecar with the file name ``name``. Never raises for what it contains."""
    if len(data) > MAX_SIDECAR_BYTES:
        return SidecarReading(problem=f"the sidecar can't be read: it is larger than {MAX_SIDECAR_BYTES // 1024**2} MiB")
    if PurePath(name).suffix.lower() == ".aae":
        return SidecarReading(problem=None if _is_adjustments(data) else "the sidecar can't be read: it isn't a list of adjustments")
    try:
        return SidecarReading(exif=fitting(sidecar_metadata(parse_packet(data))))
    except NotXmpError as error:
        return SidecarReading(problem=f"the sidecar can't be read: {error}")


def write_sidecar(view: AssetView, existing: bytes | None) -> bytes:
    """An XMP packet with what the library knows of an asset, made out of ``existing`` where that is XMP; those very bytes when it says all that."""
    document = _document(existing)
    _write(document, view)
    if existing is not None and not document.changed:
        return existing
    packet = document.to_bytes()
    if existing is not None and not _is_packet(packet):  # names that the parser takes in one encoding only, or too much of everything
        return write_sidecar(view, None)
    return packet


def _write(document: XmpDocument, view: AssetView) -> None:
    said = sidecar_metadata(document.said)
    _write_moment(document, said, view.taken)
    _write_location(document, said, view.location)
    _write_caption(document, said, view.caption)
    if view.rating != said.get("rating", 0):
        document.set_text("xmp:Rating", str(view.rating))
    _write_keywords(document, said, view.keywords)
    _write_regions(document, said, view)
    _write_edits(document, view.edits)


def _is_packet(data: bytes) -> bool:
    try:
        parse_packet(data)
    except NotXmpError:
        return False
    return True


def _is_adjustments(data: bytes) -> bool:
    """Whether ``data`` is a whole property list of Apple's adjustments, binary or XML. Nothing of it is kept."""
    try:
        said = plistlib.loads(data)
    except (plistlib.InvalidFileException, ExpatError, ValueError, OverflowError, RecursionError, LookupError, TypeError, AttributeError):
        return False
    return isinstance(said, Mapping) and not _ADJUSTMENT_KEYS.isdisjoint(said)


def _document(existing: bytes | None) -> XmpDocument:
    try:
        return XmpDocument(existing)
    except NotXmpError:
        return XmpDocument()


def _write_moment(document: XmpDocument, said: Metadata, taken: str | None) -> None:
    moment = parse_moment(taken or "") or taken
    if moment and moment != said.get("taken"):
        document.set_text("exif:DateTimeOriginal", moment)
        document.set_text("photoshop:DateCreated", moment)


def _write_location(document: XmpDocument, said: Metadata, location: Location | None) -> None:
    if location is None:
        place = None
    else:
        latitude, longitude, altitude = location.latitude, location.longitude, location.altitude
        place = [round(latitude, 7), round(longitude, 7)] + ([] if altitude is None else [round(altitude, 2)])
    if place == said.get("gps"):
        return
    for name in ("GPSLatitude", "GPSLongitude", "GPSAltitude", "GPSAltitudeRef", "GPSLatitudeRef", "GPSLongitudeRef"):
        document.remove(f"exif:{name}")
    if place is not None:
        document.set_text("exif:GPSLatitude", _angle(place[0], "NS"))
        document.set_text("exif:GPSLongitude", _angle(place[1], "EW"))
        for height in place[2:]:
            document.set_text("exif:GPSAltitude", f"{round(abs(height) * 100)}/100")
            document.set_text("exif:GPSAltitudeRef", "1" if height < 0 else "0")


def _angle(value: float, letters: str) -> str:
    """Degrees and minutes as XMP spells them: ``48,51.50400000N``."""
    degrees, parts = divmod(round(abs(value) * 60 * _MINUTE_PARTS), 60 * _MINUTE_PARTS)
    minutes, fraction = divmod(parts, _MINUTE_PARTS)
    return f"{degrees},{minutes}.{fraction:08}{letters[value < 0]}"


def _write_caption(document: XmpDocument, said: Metadata, caption: str) -> None:
    if plausible.prose(caption) == said.get("caption"):
        return
    if caption:
        document.set_default_language("dc:description", caption)
    else:
        document.remove("dc:description")
        document.remove("exif:UserComment")


def _write_keywords(document: XmpDocument, said: Metadata, keywords: tuple[str, ...]) -> None:
    """Paths of keywords are kept as far as their last words are."""
    before = said.get("keywords", [])
    known = frozenset(plausible.keywords(keywords) or ())
    if isinstance(before, list) and known == frozenset(before):
        return
    if keywords:
        document.set_bag("dc:subject", keywords)
    else:
        document.remove("dc:subject")
    document.keep_items("lr:hierarchicalSubject", lambda path: plausible.line(leaf_of(path)) in known)


def _write_regions(document: XmpDocument, said: Metadata, view: AssetView) -> None:
    """Only where the packet has none: no person changes them in the library, so those that it has came from there."""
    if not view.regions or "regions" in said or "mwg-rs:Regions" in document.said:
        return
    own = said.get("orientation")
    orientation = own if isinstance(own, int) else view.exif.orientation or 1
    if own is None and orientation != 1:
        document.set_text("tiff:Orientation", str(orientation))
    document.set_structure("mwg-rs:Regions", _dimensions(view, orientation) | {"mwg-rs:RegionList": _region_list(view, orientation)})


def _dimensions(view: AssetView, orientation: int) -> dict[str, XmpValue]:
    width, height = view.exif.width, view.exif.height
    if width is None or height is None:
        return {}
    across, down = (height, width) if orientation in _QUARTER_TURNS else (width, height)
    return {"mwg-rs:AppliedToDimensions": {"stDim:w": str(across), "stDim:h": str(down), "stDim:unit": "pixel"}}


def _region_list(view: AssetView, orientation: int) -> list[XmpValue]:
    regions: list[XmpValue] = []
    for region in (stored(region, orientation) for region in view.regions):
        sides = {"x": region.x, "y": region.y, "w": region.width, "h": region.height}
        area: dict[str, XmpValue] = {f"stArea:{name}": f"{side:.6f}" for name, side in sides.items()}
        kind: dict[str, XmpValue] = {"mwg-rs:Type": region.kind} if region.kind else {}
        regions.append({"mwg-rs:Name": region.name, **kind, "mwg-rs:Area": area | {"stArea:unit": "normalized"}})
    return regions


def _write_edits(document: XmpDocument, edits: Mapping[str, Value]) -> None:
    lines = [f"{name}={json.dumps(value, default=_hexadecimal, ensure_ascii=False)}" for name, value in sorted(edits.items())]
    if lines == texts_of(document.said.get(_EDITS)):
        return
    if lines:
        document.set_bag(_EDITS, lines)
    else:
        document.remove(_EDITS)


def _hexadecimal(value: bytes) -> dict[str, str]:
    """Bytes, which JSON doesn't have."""
    return {"hex": value.hex()}
