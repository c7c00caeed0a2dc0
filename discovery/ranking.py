"""Which of a neighbour's addresses is tried first: what has worked, the fastest before; then what is untried; then what has failed. Pure.

An address that failed three times running isn't tried any more until it is announced again. Fixed addresses, which a person named, are
never given up. What is measured stays as long as the address is known, so the best way is found at once the next time.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

MAX_ADDRESSES = 32
MAX_FAILURES = 3
_SMOOTHING = 0.25
"""The weight of the newest measurement."""

A = TypeVar("A", bound=Hashable)


@dataclass(slots=True, kw_only=True)
class _Experience:
    """``seconds`` to a connection, smoothed; infinite before the first. ``failures`` since the last success."""

    seconds: float = inf
    failures: int = 0


class AddressBook(Generic[A]):
    """The addresses of one neighbour, at most 32: ``fixed`` ones, then those announced last."""

    def __init__(self, fixed: Iterable[A] = ()) -> None:
        self._fixed = tuple(dict.fromkeys(fixed))[:MAX_ADDRESSES]
        self._known: dict[A, _Experience] = {address: _Experience() for address in self._fixed}

    def announced(self, addresses: Iterable[A]) -> None:
        """These are announced now, and no others. All of them are worth trying, whatever failed before."""
        before = self._known
        self._known = {}
        for address in (*self._fixed, *addresses):
            if len(self._known) == MAX_ADDRESSES:
                break
            self._known[address] = _Experience(seconds=before[address].seconds if address in before else inf)

    def worked(self, address: A, seconds: float) -> None:
        """A connection to it was made and proved right after so many seconds. Addresses that aren't known are passed over."""
        experience = self._known.get(address)
        if experience is not None:
            smoothed = experience.seconds + _SMOOTHING * (seconds - experience.seconds)
            experience.seconds = seconds if experience.seconds == inf else smoothed
            experience.failures = 0

    def failed(self, address: A) -> None:
        """Nobody was there, or somebody else."""
        if address in self._known:
            self._known[address].failures += 1

    def candidates(self) -> tuple[A, ...]:
        """What to try, the best first; equal ones in the order in which they were announced."""
        alive = [address for address, it in self._known.items() if it.failures < MAX_FAILURES or address in self._fixed]
        return tuple(sorted(alive, key=lambda address: (self._known[address].failures, self._known[address].seconds)))
