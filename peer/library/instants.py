"""Times as people and scripts read them: ISO 8601, UTC. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def iso_utc(milliseconds: int) -> str:
    """``2024-07-21T16:03:11.042Z``. Whatever lies outside the years 1970 to 9999 (clocks can be that wrong) shows as their beginning or end."""
    instant = _EPOCH + timedelta(milliseconds=min(max(milliseconds, 0), _LAST))
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_utc_or_none(milliseconds: int | None) -> str | None:
    """The same; ``None`` for what never was."""
    return None if milliseconds is None else iso_utc(milliseconds)
