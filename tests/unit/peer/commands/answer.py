"""What a command answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document of a command that succeeded."""
        (line,) = self.lines
        return line

    @property
    def lines(self) -> list[Any]:
        """The JSON documents, one a line, of a command that succeeded."""
        assert self.code == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, str]:
        """The JSON on standard error of a command that failed; it then said nothing on standard output."""
        assert self.code != 0
        assert self.out == ""
        (line,) = self.err.splitlines()
        error = json.loads(line)
        assert error.keys() == {"error", "message", "hint"}
        assert isinstance(error, dict)
        return error
