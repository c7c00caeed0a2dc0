"""One deliberate bug: a small edit of one file, with its name and what it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class StaleMutantError(Exception):
    """The file isn't what the bug was written for any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """``before`` occurs exactly once in ``file`` (a path from the project's root) and becomes ``after``.

    ``what`` is a clause: what the program does wrong then. ``suspects`` are the paths of tests that should notice it first.
    """

    name: str
    what: str
    file: str
    before: str
    after: str
    suspects: tuple[str, ...]

    def applied(self, text: str) -> str:
        """The file with the bug in it; ``StaleMutantError`` unless there is exactly one place for it."""
        found = text.count(self.before)
        if found != 1:
            raise StaleMutantError(f"{self.name}: what it replaces occurs {found} times in {self.file}, not once")
        return text.replace(self.before, self.after)

    def apply(self, root: Path) -> None:
        """Puts it into the copy of the project at ``root``."""
        path = root / self.file
        path.write_text(self.applied(path.read_text("utf-8")), "utf-8")
