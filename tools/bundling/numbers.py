"""Other numbers, other places: equal for equal, different for different. Pure.

Whole numbers below 1,000 stay as they are, since they tell nothing by themselves. Of a file's size only stays how many segments it has. Places lie
somewhere on a grid in the Atlantic Ocean.
"""

from __future__ import annotations

from crdt.values import MAX_WHOLE_NUMBER
from peer.keys.blobs import SEGMENT_BYTES, segments_of

SMALL = 1000
_ROW = 500
_STEP = 64
"""Steps of a grid, in parts of a degree: exact in binary."""


class Numbers:
    """Replaces numbers by the order in which they are met."""

    def __init__(self) -> None:
        self._whole: dict[int, int] = {}
        self._broken: dict[float, float] = {}
        self._fractions: dict[float, float] = {}
        self._sizes: dict[int, int] = {}
        self._used: dict[int, int] = {}
        self._places: dict[tuple[float, float], tuple[float, float]] = {}

    def number(self, value: float) -> int | float:
        """Another number of the same sign; whole for whole."""
        if isinstance(value, float) and not value.is_integer():
            made = self._broken.setdefault(abs(value), len(self._broken) + 0.5)
        elif abs(value) < SMALL:
            return value
        else:
            made = self._whole.setdefault(int(abs(value)), SMALL + len(self._whole))
        return made if value > 0 else -made

    def fraction(self, value: float) -> float:
        """Another number from 0 to 1; 0 and 1 stay."""
        if value in (0, 1):
            return value
        return self._fractions.setdefault(value, 1 / (2 + len(self._fractions)))

    def size(self, size: int) -> int:
        """Another size of a file in bytes, of as many segments; 0 stays."""
        if size not in self._sizes:
            segments = segments_of(size)
            used = self._used.get(segments, 0)
            self._used[segments] = used + 1
            self._sizes[size] = min(max((segments - 1) * SEGMENT_BYTES, 0) + used + 1, MAX_WHOLE_NUMBER) if size else 0
        return self._sizes[size]

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Another place, in degrees."""
        known = (latitude, longitude)
        if known not in self._places:
            row, column = divmod(len(self._places), _ROW)
            self._places[known] = (20 + row / _STEP, -40 + column / _STEP)
        return self._places[known]
