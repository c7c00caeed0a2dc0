"""Clocks of machines: each tells the world's time, as wrong as the simulation makes it."""

from __future__ import annotations

from collections.abc import Callable

START_MS = 1_700_000_000_000
DAY_SECONDS = 86_400.0


class MachineClock:
    """``Clock``: milliseconds since 1970 by one machine. ``world``: seconds since the world began."""

    def __init__(self, world: Callable[[], float]) -> None:
        self._world = world
        self._offset_ms = 0.0
        self._rate = 1.0

    def now(self) -> int:
        return int(START_MS + self._offset_ms + self._world() * 1000 * self._rate)

    def jump(self, seconds: float) -> None:
        """From now on it is so much later, or earlier, than before."""
        self._offset_ms += seconds * 1000

    def run_at(self, rate: float) -> None:
        """From now on it runs at ``rate`` times the world's pace: below 0 backwards."""
        self._offset_ms += self._world() * 1000 * (self._rate - rate)
        self._rate = rate

    def put_right(self) -> None:
        """The time that it really is."""
        self._offset_ms, self._rate = 0.0, 1.0
