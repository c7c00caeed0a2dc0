"""Memory that is used again: fresh pages for each large piece of a file cost more than hashing or encrypting it does."""

from __future__ import annotations

import threading


class ThreadBuffer(threading.local):
    """One buffer in each thread. What was written into it stands there until the thread's next use."""

    def __init__(self, size: int) -> None:
        self._whole = memoryview(bytearray(size))

    def first(self, size: int) -> memoryview:
        """Its first ``size`` bytes."""
        return self._whole[:size]
