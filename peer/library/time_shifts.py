"""Times of photos, shifted by a span or read in another zone. Pure.

Capture times are ISO 8601 with or without milliseconds and offset (PROTOCOL.md section 6.1). What a shift doesn't touch stays as it was written.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

_SPAN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?([0-5]\d)", re.ASCII)
_MOST_HOURS: Final = 23


def parse_span(text: str) -> timedelta:
    """``1h30m``, ``2d``, ``45s``: days, hours, minutes, seconds, each at most once, in this order. ``ValueError`` for anything else."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ValueError("not a span of time")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def parse_offset(text: str) -> str:
    """``+02:00``, ``-0530`` or ``Z`` as it is written in a time. ``ValueError`` for anything else."""
    if text.strip() in ("Z", "z"):
        return "Z"
    match = _OFFSET.fullmatch(text.strip())
    if match is None or int(match[2]) > _MOST_HOURS:
        raise ValueError("not an offset")
    return f"{match[1]}{match[2]}:{match[3]}"


def shifted(taken: str, by: timedelta, zone: str | None) -> str:
    """``taken``, so much later by its own clock; and with ``zone`` its clock is said to have shown the time there. ``OverflowError`` when there is
    no such year."""
    moment = datetime.fromisoformat(taken)
    local = moment.replace(tzinfo=None) + by
    offset = zone if zone is not None else _offset_of(taken, moment)
    return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds") + offset


def _offset_of(taken: str, moment: datetime) -> str:
    if moment.tzinfo is None:
        return ""
    return taken[-1:] if taken[-1] in "Zz" else taken[-6:]
