"""Downloads that were asked for, until they are fetched."""

from __future__ import annotations

from peer.errors import UsageError
from peer.seams import Randomness

MOST_WAITING = 16
_TOKEN_BYTES = 16


class Downloads:
    """What was asked for and is still to be fetched: an address can't hold the ids of many photos. Of more than sixteen the oldest is forgotten."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._waiting: dict[str, list[str]] = {}

    def add(self, ids: list[str]) -> str:
        """By what they are fetched, once."""
        while len(self._waiting) >= MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        name = self._randomness(_TOKEN_BYTES).hex()
        self._waiting[name] = ids
        return name

    def take(self, name: str) -> list[str]:
        """``UsageError`` when they were fetched, or forgotten."""
        ids = self._waiting.pop(name, None)
        if ids is None:
            raise UsageError("This download was begun already, or is too old.", hint="Ask for it again.")
        return ids
