"""What became of each file of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peer.originals.names import display
from store.ids import RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that wasn't imported, and why. ``expected``: a system file or sidecar, which nobody would have expected otherwise."""

    path: Path
    reason: str
    expected: bool = False


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Counts and lists, in the words of CLI.md."""

    imported: int = 0
    duplicates: int = 0
    deleted_before: int = 0
    skipped: list[LeftOut] = field(default_factory=list)
    assets: list[RecordId] = field(default_factory=list)
    without_picture: list[LeftOut] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything that one would expect was taken."""
        return all(each.expected for each in self.skipped)

    def to_json(self) -> dict[str, Any]:
        return {
            "imported": self.imported,
            "duplicates": self.duplicates,
            "deleted_before": self.deleted_before,
            "skipped": [{"path": display(each.path), "reason": each.reason} for each in self.skipped],
            "assets": [record.body.hex() for record in self.assets],
            "without_picture": [{"path": display(each.path), "reason": each.reason} for each in self.without_picture],
        }
