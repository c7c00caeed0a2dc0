"""Which photos some files of one family are, with what was imported from beside them earlier.

What lies in the folder decides (``peer.importing.grouping``). Files that came earlier take part when they are still parts of photos and this one
plainly lies beside them: the earlier file is where it was and looks as it did then; or it is gone (moved into the library, most often), and this one
was written within a minute of it. A camera card that begins to count anew has the same names again, but not the same times. A sidecar is written
later than its picture, and belongs to it also when that was rewritten meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from crdt.asset import AssetView
from peer.importing.grouping import MOTION, RAW, SIDECAR_TYPES, Candidate, Group, family_of, group, is_sidecar_role, split_name
from peer.importing.holdings import Holdings, Known
from peer.importing.prepare import Prepared
from peer.library.imported_from import ImportedFrom, Origin
from peer.library.library import Library
from peer.media.types import TYPES, Kind
from store.ids import FileHash, RecordId

TOGETHER_NS = 60 * 1_000_000_000
"""Files that were written so close to each other may be one photo."""

Item: TypeAlias = Prepared | Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A file that an asset here has already."""

    record: RecordId
    file: FileHash


@dataclass(slots=True)
class Composite:
    """One photo: what it consists of, as far as it is known here. ``primary`` is ``None`` for a sidecar that belongs to nothing."""

    primary: Item | Earlier | None
    parts: dict[str, Item | Earlier] = field(default_factory=dict)

    @property
    def items(self) -> list[Item]:
        """The files that this import brings."""
        return [each for each in (self.primary, *self.parts.values()) if isinstance(each, Prepared | Known)]


class Joiner:
    """Puts files together; reads the library, and changes nothing."""

    def __init__(self, library: Library, holdings: Holdings) -> None:
        self._holdings = holdings
        self._origins = ImportedFrom(library.database)

    def compose(self, items: Sequence[Item]) -> list[Composite]:
        """``items``: files of one family, in one folder. Every one of them is in exactly one of the photos."""
        candidates: dict[str, tuple[Candidate, Item | Earlier]] = {each.name: (self._candidate(each), each) for each in items}
        folder, family = items[0].source.parent, family_of(items[0].name)
        for origin in self._origins.of_family(folder, family):
            found = None if origin.path.name in candidates else self._earlier(origin, items)
            if found is not None:
                candidates[origin.path.name] = found
        groups = group(candidate for candidate, _ in candidates.values())
        composites = (self._composite(made, {name: each for name, (_, each) in candidates.items()}) for made in groups)
        return [composite for composite in composites if composite.items]

    def _composite(self, made: Group, files: dict[str, Item | Earlier]) -> Composite:
        composite = Composite(
            None if made.primary is None else files[made.primary.name], {role: files[part.name] for role, part in made.parts.items()}
        )
        return composite if composite.primary is not None else self._rewritten(composite)

    def _rewritten(self, orphan: Composite) -> Composite:
        """A sidecar of which an earlier state was taken from the same path stays with its photo, wherever that is now."""
        for item in orphan.items:
            origin = self._origins.at(item.source)
            view = None if origin is None else self._holdings.view(origin[0])
            role = None if origin is None or view is None else view.files.get(origin[1])
            if origin is not None and role is not None and is_sidecar_role(role):
                return Composite(Earlier(record=origin[0], file=origin[1]), {role: item})
        return orphan

    def _candidate(self, item: Item) -> Candidate:
        if isinstance(item, Prepared):
            exif = item.examination.exif
            content, seconds = exif.get("content"), exif.get("duration")
            return Candidate(
                name=item.name,
                type=item.media.name,
                content=content if isinstance(content, str) else None,
                seconds=float(seconds) if isinstance(seconds, int | float) else None,
            )
        view = None if item.is_sidecar else self._holdings.view(item.record)
        own = view is not None and view.primary == item.file
        return Candidate(
            name=item.name,
            type=item.media.name,
            content=view.exif.content if own and view else None,
            seconds=view.exif.duration if own and view else None,
            settled=True,
        )

    def _earlier(self, origin: Origin, items: Sequence[Item]) -> tuple[Candidate, Earlier] | None:
        if not any(_lies_beside(origin, item) for item in items):
            return None
        view = self._holdings.view(origin.record)
        role = None if view is None else view.files.get(origin.file)
        known = None if view is None or role is None else _type_of(origin.path, role, view)
        if view is None or known is None:
            return None
        own = view.primary == origin.file
        candidate = Candidate(
            name=origin.path.name,
            type=known,
            content=view.exif.content if own else None,
            seconds=view.exif.duration if own else None,
            settled=True,
        )
        return candidate, Earlier(record=origin.record, file=origin.file)


def _type_of(path: Path, role: str, view: AssetView) -> str | None:
    """The type of a file by what its asset says of it, and by its name where that says nothing."""
    extension = split_name(path.name)[1]
    if is_sidecar_role(role):
        return SIDECAR_TYPES.get(extension)
    if role in (RAW, MOTION):
        kind = Kind.RAW if role == RAW else Kind.VIDEO
        return next((known.name for known in TYPES.values() if known.kind is kind and extension in known.extensions), None)
    return next((known.name for known in TYPES.values() if known.media == view.media), None)


def _lies_beside(origin: Origin, item: Item) -> bool:
    try:
        status = origin.path.stat()
    except OSError:
        between = item.source_stamp.mtime_ns - origin.mtime_ns
        return between >= -TOGETHER_NS and (item.is_sidecar or between <= TOGETHER_NS)
    return item.is_sidecar or (status.st_size, status.st_mtime_ns) == (origin.size, origin.mtime_ns)
