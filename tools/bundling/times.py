"""Times, shifted by a constant: stamps of the clock, and the local times at which photos were taken. Pure.

The earliest becomes one that was drawn, so order, equality and distances stay. Where a clock was so wrong that the others wouldn't fit behind that any
more, times are numbered in their order instead, a minute apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from crdt.clock import Stamp

_YEAR_2000 = datetime(2000, 1, 1)  # noqa: DTZ001 - capture times are local
_END = datetime.max  # noqa: DTZ901 - likewise
_YEAR_2000_MS = 946_684_800_000
_RANGE_MS = 10 * 365 * 86_400_000
"""From which the earliest time is drawn."""
_LATEST_MS = (1 << 48) - 1
_MINUTE_MS = 60_000
_TAKEN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)((?:\.\d{1,6})?)((?:Z|[+-]\d\d:\d\d)?)", re.ASCII)
_MICROSECONDS = 6


class Moments:
    """Milliseconds since 1970, and stamps. ``known``: all that there are; others are shifted likewise as far as there is room. ``random``: 8 bytes."""

    def __init__(self, known: Iterable[int], random: bytes) -> None:
        moments = sorted({*known}) or [0]
        self._beginning = _YEAR_2000_MS + _drawn(random)
        self._shift = self._beginning - moments[0]
        does_fit = moments[-1] + self._shift <= _LATEST_MS
        self._numbered = {} if does_fit else {moment: self._beginning + index * _MINUTE_MS for index, moment in enumerate(moments)}

    @property
    def are_numbered(self) -> bool:
        """Whether distances are lost."""
        return bool(self._numbered)

    def moment(self, milliseconds: int) -> int:
        """Another time, not below 0."""
        if self._numbered:
            return self._numbered.get(milliseconds, self._beginning)
        return min(max(milliseconds + self._shift, 0), _LATEST_MS)

    def stamp(self, stamp: Stamp) -> Stamp:
        """At another time, with the same counter."""
        return Stamp.of(self.moment(stamp.millis), stamp.counter)


class UnshiftedMoments(Moments):
    """As they are."""

    def __init__(self) -> None:
        super().__init__((), bytes(8))
        self._shift = 0


class CaptureTimes:
    """Local times as records hold them (PROTOCOL.md section 6.1), ``known`` among them. Zone offsets stay. ``random``: 8 bytes."""

    def __init__(self, known: Iterable[str], random: bytes) -> None:
        times = sorted({parsed for text in known if (parsed := _parsed(text)) is not None}) or [_YEAR_2000]
        self._beginning = _YEAR_2000 + timedelta(milliseconds=_drawn(random))
        self._shift = self._beginning - times[0]
        does_fit = times[-1] - times[0] <= _END - self._beginning
        self._numbered = {} if does_fit else {time: self._beginning + timedelta(minutes=index) for index, time in enumerate(times)}

    def shifted(self, text: str) -> str | None:
        """The other time; ``None`` for what is no time."""
        match, time = _TAKEN.fullmatch(text), _parsed(text)
        if match is None or time is None:
            return None
        other = self._numbered.get(time, self._beginning) if self._numbered else time + self._shift
        digits = max(len(match[2]) - 1, 0)
        fraction = f".{other.microsecond:0{_MICROSECONDS}d}"[: digits + 1] if digits else ""
        return f"{other.replace(microsecond=0).isoformat()}{fraction}{match[3]}"


def _parsed(text: str) -> datetime | None:
    match = _TAKEN.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[1]) + timedelta(microseconds=int(match[2][1:].ljust(_MICROSECONDS, "0") or 0))
    except (ValueError, OverflowError):
        return None


def _drawn(random: bytes) -> int:
    return int.from_bytes(random, "big") % _RANGE_MS
