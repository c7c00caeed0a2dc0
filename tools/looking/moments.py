"""Moments as people name them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from peer.errors import UsageError

_AGO = re.compile(r"([0-9]{1,9}) ?(s|m|h|d|w)(?: ago)?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, *, now: int) -> int:
    """Milliseconds since 1970 of an ISO 8601 time (``2024-07-21T16:03``, UTC unless it says otherwise, as in all that is printed), or of some time before
    ``now`` (``90s``, ``5m``, ``2h``, ``3d``, ``1w``); ``UsageError`` for anything else."""
    try:
        if match := _AGO.fullmatch(text.strip()):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])}) // timedelta(milliseconds=1)
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no time.", hint="Write 2024-07-21 (in UTC), '2024-07-21 16:03:00Z', or how long ago: 90s, 5m, 2h, 3d."
        ) from None
