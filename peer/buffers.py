"""Memory that is used again: fresh pages for each large piece of a file cost more than hashing or encrypting it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Buffers:
    """Lends buffers of ``size`` bytes to any thread; there are as many as were ever lent at once. What was written into one stays in it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free: list[memoryview] = []

    @contextmanager
    def lend(self) -> Iterator[memoryview]:
        """A buffer that is nobody else's until the block ends."""
        try:
            buffer = self._free.pop()
        except IndexError:
            buffer = memoryview(bytearray(self._size))
        try:
            yield buffer
        finally:
            self._free.append(buffer)
