"""How far a proof is, for whoever watches."""

from __future__ import annotations

from typing import Protocol


class Watched(Protocol):
    """Told what is being looked at, how much there is of it, and how much more of it was done. What was begun again begins at nothing."""

    def begin(self, what: str, total: int) -> None: ...

    def done(self, what: str, count: int) -> None: ...


class Unwatched:
    """Nobody watches."""

    def begin(self, what: str, total: int) -> None:
        pass

    def done(self, what: str, count: int) -> None:
        pass


class Labelled:
    """Says of which folder what is looked at is."""

    def __init__(self, watched: Watched, label: str) -> None:
        self._watched = watched
        self._label = label

    def begin(self, what: str, total: int) -> None:
        self._watched.begin(f"{self._label}: {what}", total)

    def done(self, what: str, count: int) -> None:
        self._watched.done(f"{self._label}: {what}", count)
