"""What was found damaged on a look, so that the rest can be shown nevertheless."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from store.errors import DamagedError


@dataclass(slots=True, kw_only=True)
class Problems:
    """A sentence each, in the order in which they were met, none twice.

    ``passes_on``: damage of the database file itself isn't noted but ends the look, because it is taken again on what can be saved of the file
    (``tools.looking.salvage``).
    """

    found: list[str] = field(default_factory=list)
    passes_on: bool = True

    def note(self, problem: str) -> None:
        if problem not in self.found:
            self.found.append(problem)

    @contextmanager
    def going_on(self, what: str = "") -> Iterator[None]:
        """Damage that ends the block is one more problem, and no reason not to look at the rest. ``what`` was looked at."""
        try:
            yield
        except DamagedError as error:
            if self.passes_on and is_of_database(error):
                raise
            self.note(f"{what}: {error}" if what else str(error))


def is_of_database(error: DamagedError) -> bool:
    """Whether SQLite itself found its file damaged; else what is stored in it isn't what it was."""
    return isinstance(error.__cause__, sqlite3.DatabaseError | UnicodeDecodeError)
