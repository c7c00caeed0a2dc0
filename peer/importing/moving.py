"""``calotype import --move``: sources go once their bytes are held here, in place and durable. What stays deleted stays where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peer.importing.outcome import LeftOut
from peer.library.library import Library
from peer.originals.held import HeldStamp
from store.ids import FileHash


@dataclass(frozen=True, slots=True)
class Taken:
    """A source whose bytes are an asset's, and how it looked when they were read."""

    path: Path
    file: FileHash
    stamp: HeldStamp


def remove_sources(library: Library, photo: Sequence[Taken], *, hindered: bool) -> list[LeftOut]:
    """Of one photo, all or none. ``hindered``: a file that lies beside them, and may belong to them, could not be imported.
    Which were left where they are, and why."""
    if not all(_is_in_place(library, source.file) for source in photo):
        return []
    if hindered:
        reason = "imported, but left where it is: a file of the same name beside it could not be imported"
        return [LeftOut(path=source.path, reason=reason) for source in photo]
    return [LeftOut(path=source.path, reason=reason) for source in photo if (reason := _unlink(source))]


def _is_in_place(library: Library, file: FileHash) -> bool:
    held = library.held.get(file)
    return held is not None and held.incoming is None and held.untouched(library.folder.root)


def _unlink(source: Taken) -> str:
    """Why the source couldn't be removed, or nothing. What was written into it since is nowhere else."""
    try:
        if HeldStamp.of(source.path.stat()) != source.stamp:
            return "imported, but it changed since: the source was left where it is"
        source.path.unlink()
    except OSError as error:
        return f"imported, but the source could not be removed: {error.strerror}"
    return ""
