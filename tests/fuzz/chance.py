"""The dice of a mutation: all of its randomness, and how plain bytes inside a structure are changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chance:
    """``leaf`` changes bytes that have no structure, to at most so many: the fuzzer's own mutation, or ``mutation.changed_bytes``.

    ``limit``: how long the whole input may become.
    """

    random: Random
    limit: int
    leaf: Callable[[bytes, int], bytes]

    def once_in(self, times: int) -> bool:
        """True in one of so many cases."""
        return self.random.randrange(times) == 0

    def pick(self, options: Sequence[T]) -> T:
        """One of ``options``."""
        return self.random.choice(options)
