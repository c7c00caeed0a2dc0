"""What belongs to a photo that is exported, and what of it is on this device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crdt.asset import AssetView, view_asset
from crdt.folding import compose
from crdt.record import EMPTY
from peer.exporting.names import PhotoNames, names_of
from peer.library.asset_files import located
from peer.library.library import Library
from peer.library.queries import Queries
from store.ids import FileHash, RecordId

_EARLIER = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """``view`` as people see it, with all that is folded in. ``files`` by role, ``primary`` among them; ``here``: where those lie that are on this
    device."""

    record: RecordId
    view: AssetView
    files: Mapping[str, FileHash]
    here: Mapping[str, Path]
    names: PhotoNames

    @property
    def missing(self) -> list[str]:
        """The roles of files that aren't on this device."""
        return [role for role in self.files if role not in self.here]

    @property
    def taken_ns(self) -> int | None:
        """The capture time in nanoseconds since 1970; one without an offset is taken for this machine's. ``None``: unknown, or no file can have it."""
        try:
            seconds = datetime.fromisoformat(self.view.taken or "").timestamp()
        except (ValueError, OverflowError, OSError):
            return None
        return round(seconds * 1000) * 1_000_000 if 0 <= seconds < 1 << 33 else None


def photo_of(library: Library, record: RecordId) -> Photo | None:
    """The photo that is shown as ``record``; ``None`` when it is gone."""
    with library.database.read():
        views = {part: view_asset(library.records.content(part) or EMPTY) for part in Queries(library.database).parts(record)}
        own = views.pop(record)
        if own.primary is None:
            return None
        files: dict[str, FileHash] = {"primary": own.primary}
        for part in (own, *views.values()):
            for file, role in part.files.items():
                if role != _EARLIER and role not in files and file not in files.values():
                    files[role] = file
        held = {role: library.held.get(file) for role, file in files.items()}
    here = {role: path for role, each in held.items() if each is not None and (path := located(library, each)).exists()}
    view = compose(own, views.values())
    placed = {role: each.path.name if each is not None else "" for role, each in held.items()}
    return Photo(record=record, view=view, files=files, here=here, names=names_of(view.names, placed, record.body.hex()))
