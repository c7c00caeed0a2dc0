"""The files that an asset consists of, and what is here of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crdt.asset import AssetView
from peer.layout import LibraryFolder
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.queues import Priority
from store.ids import FileHash

_ORDER = {"primary": 0, "version": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFile:
    """One file and its role. ``size`` in bytes, where anything says it; ``held``: as it was recorded here; ``path``: where it then lies."""

    role: str
    file: FileHash
    size: int | None
    priority: Priority
    held: HeldFile | None
    path: Path | None

    def to_json(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "file": self.file.hex(),
            "size": self.size,
            "here": self.path is not None and self.path.exists(),
            "path": None if self.path is None else str(self.path),
        }


def files_of(library: Library, asset: AssetView) -> Iterator[AssetFile]:
    """Primary first, then other roles, versions, and the pictures made of them."""
    for file, role in sorted(asset.files.items(), key=lambda item: (_ORDER.get(item[1], 1), item[1], item[0])):
        sources = asset.sources.get(file, ())
        yield _file(library, file, role, sources[0].size if sources else None, Priority.ORIGINAL)
    for rendition, priority in ((asset.thumbnail, Priority.THUMBNAIL), (asset.preview, Priority.PREVIEW)):
        if rendition is not None:
            yield _file(library, rendition.file, priority.name.lower(), rendition.size, priority)


def located(library: Library, held: HeldFile) -> Path:
    """Where a held file lies: in its place, or still in the incoming folder. What the table says of that may be behind after a crash."""
    return located_in(library.folder, held)


def located_in(folder: LibraryFolder, held: HeldFile) -> Path:
    """The same, for who has no more of the library than its folder."""
    incoming = None if held.incoming is None else folder.incoming / held.incoming
    return incoming if incoming is not None and incoming.exists() else folder.root / held.path


def _file(library: Library, file: FileHash, role: str, size: int | None, priority: Priority) -> AssetFile:
    held = library.held.get(file)
    path = None if held is None else located(library, held)
    return AssetFile(role=role, file=file, size=held.size if size is None and held else size, priority=priority, held=held, path=path)
