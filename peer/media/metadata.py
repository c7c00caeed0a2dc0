"""The derived field ``exif`` (PROTOCOL.md section 6.1): plain values from EXIF directories and XMP properties. Pure.

Each value is checked by itself. What is absurd (an aperture of zero, latitude 91, orientation 9, a date in the year 0) is left out and
never an error; a file's own time is never taken for the time of the picture.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from peer.media.capture_time import parse_gps_moment, parse_moment
from peer.media.exif import ExifDirectories
from peer.media.tiff import Directory

Value = str | int | float | list[float]
Metadata = dict[str, Value]

UPRIGHT = 1
"""The EXIF orientation of a picture that is stored as it is looked at."""

MAX_TEXT = 120
_ALTITUDES = (-12_000.0, 100_000.0)

_ORIENTATION, _MAKE, _MODEL, _DATE_TIME = 0x0112, 0x010F, 0x0110, 0x0132
_DATE_TIME_ORIGINAL, _DATE_TIME_DIGITIZED = 0x9003, 0x9004
_OFFSET, _OFFSET_ORIGINAL, _OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
_FRACTION, _FRACTION_ORIGINAL, _FRACTION_DIGITIZED = 0x9290, 0x9291, 0x9292
_EXPOSURE_TIME, _APERTURE, _SENSITIVITY, _RECOMMENDED_INDEX, _FOCAL_LENGTH, _LENS = 0x829A, 0x829D, 0x8827, 0x8832, 0x920A, 0xA434
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ALTITUDE_REF, _ALTITUDE, _GPS_TIME, _GPS_DATE = 1, 2, 3, 4, 5, 6, 7, 29

_SENSITIVITY_OVERFLOW = 65_535
"""What cameras write into the 16-bit tag when the sensitivity is higher; another tag has it then."""

_NOWHERE = Directory(b"", "<", {}, 0)


def read_metadata(directories: ExifDirectories, xmp: Mapping[str, str]) -> Metadata:
    """All that is known but the dimensions. Keys are absent, never ``None``."""
    main = directories.main or _NOWHERE
    exposure = directories.exposure or _NOWHERE
    gps = directories.gps or _NOWHERE
    found: dict[str, Value | None] = {
        "taken": _taken(main, exposure, gps, xmp),
        "orientation": _orientation(main),
        "make": _text(main.text(_MAKE)),
        "model": _text(main.text(_MODEL)),
        "lens": _text(exposure.text(_LENS) or xmp.get("exifEX:LensModel", "") or xmp.get("aux:Lens", "")),
        "iso": _plausible(_sensitivity(exposure), 1, 10_000_000),
        "f": _plausible(exposure.number(_APERTURE), 0.1, 1_000),
        "exposure": _plausible(exposure.number(_EXPOSURE_TIME), 1e-7, 1e6),
        "focal": _plausible(exposure.number(_FOCAL_LENGTH), 0.1, 100_000),
        "gps": _position(gps),
    }
    return {name: value for name, value in found.items() if value is not None}


def orientation_of(metadata: Metadata) -> int:
    """The EXIF orientation, 1 to 8."""
    orientation = metadata.get("orientation", UPRIGHT)
    return orientation if isinstance(orientation, int) else UPRIGHT


def _taken(main: Directory, exposure: Directory, gps: Directory, xmp: Mapping[str, str]) -> str | None:
    """The first of these that is a date: when the shutter opened, when the picture was digitised, what XMP says, when a camera or program
    wrote the file, the satellites' time."""
    return next((moment for source in _time_sources(main, exposure, gps, xmp) if (moment := source()) is not None), None)


def _time_sources(main: Directory, exposure: Directory, gps: Directory, xmp: Mapping[str, str]) -> Iterator[Callable[[], str | None]]:
    def from_exif(directory: Directory, date: int, offset: int, fraction: int) -> Callable[[], str | None]:
        return lambda: parse_moment(directory.text(date), offset=exposure.text(offset), fraction=exposure.text(fraction))

    def from_xmp(name: str) -> Callable[[], str | None]:
        return lambda: parse_moment(xmp.get(name, ""))

    yield from_exif(exposure, _DATE_TIME_ORIGINAL, _OFFSET_ORIGINAL, _FRACTION_ORIGINAL)
    yield from_exif(exposure, _DATE_TIME_DIGITIZED, _OFFSET_DIGITIZED, _FRACTION_DIGITIZED)
    yield from_xmp("exif:DateTimeOriginal")
    yield from_xmp("photoshop:DateCreated")
    yield from_xmp("xmp:CreateDate")
    yield from_exif(main, _DATE_TIME, _OFFSET, _FRACTION)
    yield lambda: parse_gps_moment(gps.text(_GPS_DATE), gps.numbers(_GPS_TIME))
    yield from_xmp("exif:GPSTimeStamp")


def _orientation(main: Directory) -> int | None:
    number = main.number(_ORIENTATION)
    return int(number) if number is not None and number in range(1, 9) else None


def _sensitivity(exposure: Directory) -> float | None:
    sensitivity = exposure.number(_SENSITIVITY)
    return exposure.number(_RECOMMENDED_INDEX) if sensitivity == _SENSITIVITY_OVERFLOW else sensitivity


def _position(gps: Directory) -> list[float] | None:
    """``[latitude, longitude]`` in degrees (north and east positive), with the altitude in metres where it is known."""
    latitude = _degrees(gps.numbers(_LATITUDE), gps.text(_LATITUDE_REF), "NS", 90)
    longitude = _degrees(gps.numbers(_LONGITUDE), gps.text(_LONGITUDE_REF), "EW", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):  # 0, 0 is what receivers write without a fix
        return None
    altitude = _plausible(gps.number(_ALTITUDE), 0, _ALTITUDES[1])
    if altitude is None:
        return [latitude, longitude]
    below_sea = gps.number(_ALTITUDE_REF) == 1
    height = max(-altitude, _ALTITUDES[0]) if below_sea else altitude
    return [latitude, longitude, _tidy(round(height, 2))]


def _degrees(parts: tuple[float, ...], reference: str, letters: str, most: int) -> float | None:
    """Degrees, minutes and seconds as one signed number. Receivers that give decimal degrees leave the rest zero."""
    sign = reference.strip().upper()[:1]
    if not sign or sign not in letters or not 1 <= len(parts) <= 3 or not all(math.isfinite(part) and part >= 0 for part in parts):
        return None
    degrees = sum(part / 60**power for power, part in enumerate(parts))
    if degrees > most:
        return None
    return _tidy(round(-degrees if sign == letters[1] else degrees, 7))


def _text(value: str) -> str | None:
    """One line of printable text in NFC, or ``None``."""
    printable = "".join(character if unicodedata.category(character)[0] not in "CZ" else " " for character in value)
    return unicodedata.normalize("NFC", " ".join(printable.split()))[:MAX_TEXT].strip() or None


def _plausible(value: float | None, least: float, most: float) -> float | None:
    """``value`` with six significant digits when it lies between the bounds."""
    if value is None or not least <= value <= most:
        return None
    return _tidy(float(f"{value:.6g}"))


def _tidy(value: float) -> float:
    """A number without a fraction as ``int``, the form that records keep (PROTOCOL.md section 6.3)."""
    return int(value) if float(value).is_integer() else value
