"""What an XMP packet says of a picture (XMP specification part 2; CIPA DC-010 for EXIF in XMP). Pure."""

from __future__ import annotations

import re

from peer.media import plausible
from peer.media.capture_time import parse_moment
from peer.media.regions import read_regions
from peer.media.statement import Statement
from peer.media.xmp import Packet, number_of, text_of, texts_of

_UPRIGHT = 1
_ANGLE = re.compile(r"(\d{1,3}(?:\.\d{1,15})?)(?:,(\d{1,2}(?:\.\d{1,15})?))?(?:,(\d{1,2}(?:\.\d{1,15})?))?\s*([NSEWnsew])", re.ASCII)


def xmp_statement(xmp: Packet, *, orientation: int | None = None) -> Statement:
    """What the packet says of a picture that is turned by ``orientation``; ``None``: as the packet itself says."""
    own = plausible.orientation(number_of(xmp.get("tiff:Orientation")))
    return Statement(
        taken=_moment(xmp, "exif:DateTimeOriginal"),
        created=_moment(xmp, "photoshop:DateCreated"),
        digitised=_moment(xmp, "exif:DateTimeDigitized") or _moment(xmp, "xmp:CreateDate"),
        fix=_moment(xmp, "exif:GPSTimeStamp"),
        orientation=own,
        make=plausible.line(text_of(xmp.get("tiff:Make"))),
        model=plausible.line(text_of(xmp.get("tiff:Model"))),
        lens=plausible.line(text_of(xmp.get("exifEX:LensModel"))) or plausible.line(text_of(xmp.get("aux:Lens"))),
        iso=plausible.between(number_of(xmp.get("exif:ISOSpeedRatings") or xmp.get("exifEX:PhotographicSensitivity")), 1, 10_000_000),
        f=plausible.between(number_of(xmp.get("exif:FNumber")), 0.1, 1_000),
        exposure=plausible.between(number_of(xmp.get("exif:ExposureTime")), 1e-7, 1e6),
        focal=plausible.between(number_of(xmp.get("exif:FocalLength")), 0.1, 100_000),
        position=plausible.position(
            _angle(xmp, "exif:GPSLatitude", "NS", 90),
            _angle(xmp, "exif:GPSLongitude", "EW", 180),
            number_of(xmp.get("exif:GPSAltitude")),
            below_sea=text_of(xmp.get("exif:GPSAltitudeRef")) == "1",
        ),
        caption=plausible.caption(text_of(xmp.get("dc:description"))) or plausible.caption(text_of(xmp.get("exif:UserComment"))),
        rating=plausible.rating(number_of(xmp.get("xmp:Rating"))),
        keywords=_keywords(xmp),
        regions=read_regions(xmp, orientation or own or _UPRIGHT),
        burst=plausible.line(text_of(xmp.get("GCamera:BurstID"))),
    )


def leaf_of(path: str) -> str:
    """The last word of a path of keywords as Lightroom writes it: ``animals|birds|falcon``."""
    return path.rpartition("|")[2]


def _keywords(xmp: Packet) -> list[str] | None:
    paths = texts_of(xmp.get("lr:hierarchicalSubject"))
    return plausible.keywords(texts_of(xmp.get("dc:subject"))) or plausible.keywords(leaf_of(path) for path in paths)


def _moment(xmp: Packet, name: str) -> str | None:
    return parse_moment(text_of(xmp.get(name)))


def _angle(xmp: Packet, name: str, letters: str, most: int) -> float | None:
    match = _ANGLE.fullmatch(text_of(xmp.get(name)).strip())
    if match is None:
        return None
    return plausible.angle([float(part) for part in match.groups()[:3] if part], match[4], letters, most)
