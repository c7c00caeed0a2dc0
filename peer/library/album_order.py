"""Where photos stand in an album, as positions (``crdt.fractional``). Pure.

A position is usually free between the two neighbours of a place, so a move costs one record; and of several photos that are moved together those
that stand in the right order there already keep theirs. More is written in two cases:

- Two devices that added photos at the same time chose equal positions, and photos without one come last. To stand between such, those before the
  place get positions as well.
- Inserting again and again at one place makes positions longer, a character for about six. When one would be longer than ``LONG``, so many
  neighbours on both sides get new ones too that all of them are short again: a few most often.

``Neighbours`` are looked at from the place outward, and no further than needed: an album is never read as a whole because of one photo.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, Protocol

from crdt.fractional import spread
from store.ids import RecordId

LONG: Final = 40
"""Characters: longer positions are avoided."""
_SHORT: Final = LONG // 2
"""What those are made at most that are given anew."""
_FIRST_NEIGHBOURS: Final = 16


class Member(NamedTuple):
    """A photo in an album, and where it stands."""

    asset: RecordId
    position: str | None


class Neighbours(Protocol):
    """The other photos of an album as seen from a place, without those that are moved there; each call begins at the place."""

    def before(self) -> Iterator[Member]: ...

    def behind(self) -> Iterator[Member]: ...


class Listed:
    """Neighbours in a list: the place is before ``others[index]``, or at the end."""

    def __init__(self, others: Sequence[Member], index: int) -> None:
        self._others = others
        self._index = index

    def before(self) -> Iterator[Member]:
        return reversed(self._others[: self._index])

    def behind(self) -> Iterator[Member]:
        return iter(self._others[self._index :])


def arrange(moved: Sequence[Member], place: Neighbours) -> dict[RecordId, str]:
    """The positions to write so that ``moved`` stand at ``place`` in this order; of others as few as possible.

    ``moved`` with the positions that they have, ``None`` for those that are new in the album.
    """
    following = next(place.behind(), None)
    high = None if following is None else following.position
    tied: list[Member] = []
    low: str | None = None
    for member in place.before():
        if member.position is not None and member.position != high:
            low = member.position
            break
        tied.append(member)
    written = _between(low, [*reversed(tied), *moved], high)
    return written if written is not None else _anew(moved, place)


def _between(low: str | None, members: Sequence[Member], high: str | None) -> dict[RecordId, str] | None:
    """Positions for those of ``members`` that don't stand between the bounds in this order already; ``None`` when one would be long."""
    written: dict[RecordId, str] = {}
    start, below = 0, low
    for stop, above in [*_kept(low, members, high), (len(members), high)]:
        try:
            positions = spread(below, above, stop - start)
        except ValueError:  # no room at all
            return None
        if max(map(len, positions), default=0) > LONG:
            return None
        written |= zip((member.asset for member in members[start:stop]), positions, strict=True)
        start, below = stop + 1, above
    return written


def _kept(low: str | None, members: Sequence[Member], high: str | None) -> list[tuple[int, str]]:
    """Which of ``members`` can keep their positions, as many as possible: the longest part of them that stands between the bounds and ascends."""
    ends: list[str] = []
    """The lowest position with which an ascending part of so many can end, and in ``last`` who has it."""
    last: list[int] = []
    before: dict[int, int] = {}
    for number, (_, position) in enumerate(members):
        if position is None or (low is not None and position <= low) or (high is not None and position >= high):
            continue
        length = bisect_left(ends, position)
        if length:
            before[number] = last[length - 1]
        ends[length : length + 1], last[length : length + 1] = [position], [number]
    kept: list[tuple[int, str]] = []
    at = last[-1] if last else None
    while at is not None:
        position = members[at].position
        assert position is not None
        kept.append((at, position))
        at = before.get(at)
    return kept[::-1]


def _anew(moved: Sequence[Member], place: Neighbours) -> dict[RecordId, str]:
    """New positions for ``moved`` and for so many on both sides that they are short; at the worst for the whole album."""
    count = _FIRST_NEIGHBOURS
    while True:
        before, low = _nearest(place.before(), count)
        behind, high = _nearest(place.behind(), count)
        members = [*reversed(before), *(member.asset for member in moved), *behind]
        if low is high is None:
            return dict(zip(members, spread(None, None, len(members)), strict=True))
        with suppress(ValueError):
            positions = spread(low, high, len(members))
            if max(map(len, positions)) <= _SHORT:
                return dict(zip(members, positions, strict=True))
        count *= 2


def _nearest(members: Iterator[Member], count: int) -> tuple[list[RecordId], str | None]:
    """The nearest ``count`` and all that share a position with the last of them, or have none; and the position of the next one."""
    near: list[RecordId] = []
    last: str | None = None
    for member in members:
        if len(near) >= count and member.position is not None and member.position != last:
            return near, member.position
        near.append(member.asset)
        last = member.position
    return near, None
