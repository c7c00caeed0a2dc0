"""Walking along one sorted sequence while another one sets the pace. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from store.ids import RecordId

T = TypeVar("T")


class Alongside(Generic[T]):
    """Pairs of a record and something, ascending by record; each is given once."""

    def __init__(self, pairs: Iterable[tuple[RecordId, T]]) -> None:
        self._pairs = iter(pairs)
        self._next = next(self._pairs, None)

    def before(self, record: RecordId | None) -> Iterator[tuple[RecordId, T]]:
        """Those before ``record``; all that are left for ``None``."""
        while self._next is not None and (record is None or self._next[0] < record):
            pair, self._next = self._next, next(self._pairs, None)
            yield pair

    def take(self, record: RecordId) -> T | None:
        """What belongs to ``record``, when it is the next one."""
        if self._next is None or self._next[0] != record:
            return None
        pair, self._next = self._next, next(self._pairs, None)
        return pair[1]
