"""How a command of the inspector ended, as who ran it sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Said:
    """Exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    def documents(self) -> list[Any]:
        """The JSON documents on standard output, one a line."""
        assert (self.code, self.err) == (0, ""), self
        return [json.loads(line) for line in self.out.splitlines()]

    def document(self) -> Any:
        """The only one."""
        (document,) = self.documents()
        return document

    def failure(self) -> tuple[int, str]:
        """Exit code and sentence of a command with ``--json`` that failed."""
        assert not self.out
        error = json.loads(self.err)
        assert set(error) == {"error", "message", "hint"}
        return self.code, error["message"]


class Inspect(Protocol):
    """Runs the inspector with these words."""

    def __call__(self, *words: object) -> Said: ...
