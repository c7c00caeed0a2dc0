"""What ``verify`` found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from store.errors import DamagedError

Progress = Callable[[str, int], None]
"""Called with what is being looked at and how many more of it were done."""


def in_silence(what: str, count: int) -> None:
    """A ``Progress`` that nobody watches."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """How much was looked at, and what is wrong: a sentence each, naming what is affected."""

    entries: int = 0
    records: int = 0
    originals: int = 0
    blobs: int = 0
    problems: list[str] = field(default_factory=list)

    @contextmanager
    def going_on(self, what: str) -> Iterator[None]:
        """Damage that ends the block is one more problem, and no reason not to look at the rest."""
        try:
            yield
        except DamagedError as error:
            self.problems.append(f"{what}: {error}")

    def to_json(self) -> dict[str, Any]:
        return {
            "entries": self.entries,
            "records": self.records,
            "originals": self.originals,
            "blobs": self.blobs,
            "problems": self.problems,
        }
