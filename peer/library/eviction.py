"""Which originals go first when there is too little room. Pure.

Under ``optimize`` the originals have a budget; under ``thumbnails`` none stays. When the disk itself runs out of room, as much goes as that takes. Of what
may go at all the least recently used goes first; favourites and album covers go last. Never: what a person pinned, or asked for within the last day, under
``optimize`` the last hour (that alone goes nevertheless when the disk runs full), what somebody else was promised, what still has to be sent somewhere,
what was changed by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf

from crdt.facts import Policy
from store.ids import FileHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An original that lies here. ``used``: when it was last looked at, in milliseconds since 1970; ``is_precious``: a favourite or a cover."""

    file: FileHash
    size: int
    used: int
    is_precious: bool = False

    @property
    def order(self) -> tuple[bool, int, FileHash]:
        """Who sorts first goes first."""
        return self.is_precious, self.used, self.file


def excess(policy: Policy, *, held: int, disk_lacks: int) -> float:
    """How many bytes of originals are too many. ``held``: bytes of originals here; ``disk_lacks``: what the disk is short of."""
    match policy.keep:
        case "everything":
            return 0
        case "thumbnails":
            return inf
        case _:
            return max(held - (policy.budget or 0), disk_lacks, 0)


def choose(candidates: Iterable[Candidate], too_many: float) -> Iterator[Candidate]:
    """Of ``candidates``, in their order, those that go: as few as make up ``too_many`` bytes."""
    if too_many <= 0:
        return
    for each in candidates:
        yield each
        too_many -= each.size
        if too_many <= 0:
            return
