"""Where a photo stands in an album, as positions (``crdt.fractional``). Pure.

A position is usually free between the two neighbours, so a move costs one record. Two devices that added photos at the same time
chose equal positions, and photos without one come last; to stand between such, those before the place get positions as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crdt.fractional import spread
from store.ids import RecordId


class Member(NamedTuple):
    """A photo in an album, and where it stands."""

    asset: RecordId
    position: str | None


def append(members: Sequence[Member], assets: Sequence[RecordId]) -> dict[RecordId, str]:
    """Positions for ``assets`` behind all ``members``, which are in their order; of members without one, too."""
    return insert(members, assets, len(members))


def insert(others: Sequence[Member], assets: Sequence[RecordId], index: int) -> dict[RecordId, str]:
    """The positions to write so that ``assets`` stand before ``others[index]``, or at the end; of others as few as possible."""
    high = others[index].position if index < len(others) else None
    start = index
    while start and others[start - 1].position in (None, high):
        start -= 1
    low = others[start - 1].position if start else None
    moved = [*(other.asset for other in others[start:index]), *assets]
    try:
        return dict(zip(moved, spread(low, high, len(moved)), strict=True))
    except ValueError:
        # So much was inserted at one place that positions there would grow too long: all get new ones.
        everyone = [other.asset for other in others[:index]] + [*assets] + [other.asset for other in others[index:]]
        return dict(zip(everyone, spread(None, None, len(everyone)), strict=True))
