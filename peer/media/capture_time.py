"""When a picture was taken, as text: ISO 8601 local time, milliseconds and offset where they are known. Pure.

Cameras write ``2024:07:21 18:03:11``, programs anything from ``2024-07-21`` to ``2024-07-21T18:03:11.25+02:00``, and cameras without a
battery ``0000:00:00 00:00:00``. What isn't a date is no date: ``None``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

FIRST_YEAR = 1826
"""The year of the oldest photograph that survives; scans of old ones carry such dates."""
LAST_YEAR = 2100
MAX_OFFSET = timedelta(hours=14)

_MOMENT = re.compile(
    r"(?P<date>\d{4}[:\-/.]\d{1,2}[:\-/.]\d{1,2})"
    r"(?:[T ]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)


def parse_moment(text: str, *, offset: str = "", fraction: str = "") -> str | None:
    """The moment that ``text`` names. ``offset`` and ``fraction`` (EXIF's OffsetTime… and SubSecTime…) fill what it lacks."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day = (int(part) for part in re.split(r"\D", match["date"]))
    hour, minute, second = (int(part) for part in ((match["time"] or "0:0") + ":0").split(":")[:3])
    try:
        moment = datetime(
            year, month, day, hour, minute, second, _milliseconds(match["fraction"] or fraction) * 1000, _zone(match["offset"] or offset)
        )
    except ValueError:
        return None
    return write_moment(moment)


def write_moment(moment: datetime) -> str | None:
    """The text of ``moment``; ``None`` for years in which nobody took a photograph."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return moment.isoformat(timespec="milliseconds" if moment.microsecond >= 1000 else "seconds")


def parse_gps_moment(date: str, time: Sequence[float]) -> str | None:
    """The moment of a satellite fix, in UTC: ``GPSDateStamp`` and the three numbers of ``GPSTimeStamp``."""
    if len(time) != 3 or not all(0 <= part < 60 for part in time):
        return None
    hour, minute, second = time
    return parse_moment(f"{date.strip()} {int(hour)}:{int(minute):02}:{int(second):02}Z")


def _milliseconds(fraction: str) -> int:
    digits = _DIGITS.match(fraction.strip())
    return int(digits[0][:3].ljust(3, "0")) if digits else 0


def _zone(offset: str) -> timezone | None:
    if offset.strip() == "Z":
        return UTC
    match = _OFFSET.fullmatch(offset.strip())
    if match is None or int(match["minutes"]) >= 60:
        return None
    distance = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    if distance > MAX_OFFSET:
        return None
    return timezone(-distance if match["sign"] == "-" else distance)
