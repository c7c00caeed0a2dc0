"""The ways to the bytes of a part, for the record of the photo that gets it."""

from __future__ import annotations

from typing import Any

from crdt.asset import AssetView
from crdt.facts import Source, Way
from peer.importing.describing import Part
from peer.importing.grouping import is_sidecar_role
from peer.importing.holdings import Holdings
from peer.importing.joining import Earlier, Item
from peer.importing.prepare import Prepared
from peer.library.asset_files import located
from peer.library.imported_from import ImportedFrom
from peer.library.library import Library
from peer.library.segments import name_blobs
from peer.media.sidecars import MAX_SIDECAR_BYTES, read_sidecar
from store.ids import FileHash


def part_of(library: Library, holdings: Holdings, role: str, part: Item | Earlier, view: AssetView | None) -> Part:
    """``part`` in the role ``role`` of the photo ``view``; of a new one when that is ``None``."""
    former = None if view is None else view.roles.get(role)
    return Part(
        role=role,
        file=part.file,
        sources=[part.way] if isinstance(part, Prepared) else _ways(library, holdings, part.file),
        says=_says(library, part) if is_sidecar_role(role) else None,
        former=former,
        is_older=former is not None and not isinstance(part, Earlier) and _is_older(library, part, former),
    )


def _ways(library: Library, holdings: Holdings, file: FileHash) -> list[Source]:
    """One that the asset names that has the file already; else one that is made of the file here. Not a patch if there is another way: what it
    builds on belongs to that asset, and may go with it."""
    sources = ways_told(holdings, file)
    whole = [source for source in sources if source.way is not Way.PATCH]
    held = library.held.get(file)
    if whole or held is None:
        return (whole or list(sources))[:1]
    try:
        return [name_blobs(located(library, held), held.size, library.write_epoch()).source(held.size)]
    except OSError:
        return list(sources[:1])  # without any, the part is shown as missing


def ways_told(holdings: Holdings, file: FileHash) -> tuple[Source, ...]:
    """Those that the asset names that has the file already."""
    record = holdings.asset_of(file)
    view = None if record is None else holdings.view(record)
    return () if view is None else view.sources.get(file, ())


def _says(library: Library, part: Item | Earlier) -> dict[str, Any]:
    if isinstance(part, Prepared):
        return dict(part.examination.exif)
    held = library.held.get(part.file)
    if held is None:
        return {}
    try:
        with located(library, held).open("rb") as stream:
            return dict(read_sidecar(stream.read(MAX_SIDECAR_BYTES + 1), held.path.name).exif)
    except OSError:
        return {}


def _is_older(library: Library, item: Item, former: FileHash) -> bool:
    """Whether a sidecar is an earlier state than the one that the photo has, say from a backup. What now lies where that one was taken from is
    its later state, whatever the times say."""
    origin = ImportedFrom(library.database).at(item.source)
    if origin is not None and origin[1] == former:
        return False
    held = library.held.get(former)
    return held is not None and held.mtime_ns > item.source_stamp.mtime_ns
