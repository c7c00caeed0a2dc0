"""The named filters: step 10 of section 6.5. Pure.

A filter computes red, green and blue anew: ``matrix``, a row for each, of the encoded values, then ``offset`` is added, the result limited to [0, 1],
and ``contrast`` (as in step 7) applied. S(s) is the matrix of step 8.

    name       matrix                     offset   contrast
    noir       S(-1)                      0         0.6
    mono       S(-1)                      0         0
    sepia      0.393 0.769 0.189          0         0
               0.349 0.686 0.168
               0.272 0.534 0.131
    warm       diagonal 1.06 1.00 0.90    0         0
    cool       diagonal 0.92 1.00 1.08    0         0
    vivid      S(0.3)                     0         0.25
    fade       0.86 S(-0.25)              0.1       0
    dramatic   S(-0.2)                    0         0.8
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_LUMA = (0.2126, 0.7152, 0.0722)

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """``matrix`` times the pixel, plus ``offset``, then ``contrast``."""

    matrix: Matrix
    offset: float = 0.0
    contrast: float = 0.0


def saturating(amount: float, scale: float = 1.0) -> Matrix:
    """S(amount) times ``scale``."""

    def row(channel: int) -> Row:
        red, green, blue = (scale * ((1 + amount) * (channel == other) - amount * share) for other, share in enumerate(_LUMA))
        return red, green, blue

    return row(0), row(1), row(2)


def _diagonal(red: float, green: float, blue: float) -> Matrix:
    return (red, 0.0, 0.0), (0.0, green, 0.0), (0.0, 0.0, blue)


FILTERS: Final[Mapping[str, Filter]] = {
    "noir": Filter(matrix=saturating(-1), contrast=0.6),
    "mono": Filter(matrix=saturating(-1)),
    "sepia": Filter(matrix=((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))),
    "warm": Filter(matrix=_diagonal(1.06, 1.0, 0.9)),
    "cool": Filter(matrix=_diagonal(0.92, 1.0, 1.08)),
    "vivid": Filter(matrix=saturating(0.3), contrast=0.25),
    "fade": Filter(matrix=saturating(-0.25, 0.86), offset=0.1),
    "dramatic": Filter(matrix=saturating(-0.2), contrast=0.8),
}
