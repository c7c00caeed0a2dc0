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
    """Counts and lists, in the words of CLI.md.

    Each photo, with all its files, counts once: as ``imported``, as a ``duplicate``, as ``deleted_before``, among ``joined`` (it was there, and got
    a file more), or as one of the ``versions`` (it was there, and its file was rewritten). ``files``: how many files became part of photos.
    ``notes``: what else a person would want to know of a file that was taken.
    """

    imported: int = 0
    duplicates: int = 0
    deleted_before: int = 0
    versions: int = 0
    files: int = 0
    joined: list[RecordId] = field(default_factory=list)
    skipped: list[LeftOut] = field(default_factory=list)
    assets: list[RecordId] = field(default_factory=list)
    without_picture: list[LeftOut] = field(default_factory=list)
    notes: list[LeftOut] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything that one would expect was taken."""
        return all(each.expected for each in self.skipped)

    def add(self, other: Outcome) -> None:
        """``other`` happened too."""
        self.imported += other.imported
        self.duplicates += other.duplicates
        self.deleted_before += other.deleted_before
        self.versions += other.versions
        self.files += other.files
        self.joined += other.joined
        self.skipped += other.skipped
        self.assets += other.assets
        self.without_picture += other.without_picture
        self.notes += other.notes

    def to_json(self) -> dict[str, Any]:
        return {
            "imported": self.imported,
            "duplicates": self.duplicates,
            "deleted_before": self.deleted_before,
            "versions": self.versions,
            "files": self.files,
            "joined": [record.body.hex() for record in self.joined],
            "skipped": _reasons(self.skipped),
            "assets": [record.body.hex() for record in self.assets],
            "without_picture": _reasons(self.without_picture),
            "notes": _reasons(self.notes),
        }


def _reasons(files: list[LeftOut]) -> list[dict[str, str]]:
    return [{"path": display(each.path), "reason": each.reason} for each in files]
