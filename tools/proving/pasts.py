"""Which entries lie in the causal past of an entry, found anew from what the signed entries name.

The past of an entry is the union of the pasts of what it builds on, and these entries themselves. Since a branch is an unbroken run (``store.branches``), it
is known by one number for each branch: up to where its entries lie in the past. Nothing that the device noted of pasts is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tools.proving.scratch import Scratch

_REMEMBERED = 256


class Place(NamedTuple):
    """Where an entry lies in the database that is proven."""

    arrival: int
    branch: int
    seq: int


class Pasts:
    """Built up entry by entry, in a causal order."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._newest: dict[int, dict[int, int]] = {}

    def add(self, arrival: int, needs: Iterable[Place]) -> None:
        """The entry that arrived as this number builds on ``needs``."""
        vector: dict[int, int] = {}
        for need in needs:
            past = self._newest.get(need.arrival) or self._scratch.past(need.arrival)
            if not vector:
                vector = dict(past)
            else:
                vector.update({branch: seq for branch, seq in past.items() if seq > vector.get(branch, -1)})
            vector[need.branch] = max(need.seq, vector.get(need.branch, -1))
        if len(self._newest) >= _REMEMBERED:
            self._newest.clear()
        self._newest[arrival] = vector
        self._scratch.put_past(arrival, vector)
