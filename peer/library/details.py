"""Everything that ``calotype show`` tells about a photo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crdt.asset import AssetView, view_asset
from crdt.record import EMPTY
from peer.errors import UsageError
from peer.library.asset_files import files_of
from peer.library.conflicts import conflicts_of
from peer.library.edited_pictures import edited_pictures
from peer.library.library import Library
from peer.library.pinning import is_photo_pinned
from peer.library.queries import Queries
from peer.library.queues import Priority
from peer.library.shown import plain
from peer.library.texts import readable
from store.ids import FileHash, RecordId


def asset_summary(library: Library, record: RecordId) -> dict[str, Any]:
    """The photo as ``calotype ls`` lists it."""
    row = Queries(library.database).asset(record)
    if row is None:
        raise UsageError(f"Photo {record.body.hex()[:10]} is gone: it was deleted for good.", hint="See `calotype ls`.")
    return row.to_json()


def asset_details(library: Library, record: RecordId) -> dict[str, Any]:
    """All of that, with files, edits, versions, what the files say of themselves, place and open conflicts: of all that is shown as this photo."""
    with library.database.read():
        summary = asset_summary(library, record)
        parts = {part: view_asset(library.records.content(part) or EMPTY) for part in Queries(library.database).parts(record)}
        asset = parts[record]
        return summary | {
            "names": list(dict.fromkeys(readable(name) for part in parts.values() for name in part.names)),
            "files": _files(library, parts.values()),
            "burst_photos": [each.body.hex() for each in Queries(library.database).of_burst(summary["burst"])],
            "folded": [part.body.hex() for part in parts if part != record],
            "edits": {parameter: plain(value) for parameter, value in asset.edits.items()},
            "edited": edited_pictures(library, record, asset),
            "versions": [file.hex() for file in asset.versions],
            "exif": plain(asset.exif.value()),
            "sidecar": plain(asset.sidecar.value()),
            "regions": [plain(region.value()) for region in asset.regions],
            "location": None if asset.location is None else plain(asset.location.value()),
            "pinned": is_photo_pinned(library, record),
            "conflicts": [conflict.to_json() for part in parts for conflict in conflicts_of(library, part)],
        }


def _files(library: Library, parts: Iterable[AssetView]) -> list[dict[str, Any]]:
    """Each file once, in the role that the photo itself gives it; pictures only of that."""
    files: dict[FileHash, dict[str, Any]] = {}
    for number, part in enumerate(parts):
        for each in files_of(library, part):
            if each.file not in files and (number == 0 or each.priority is Priority.ORIGINAL):
                files[each.file] = each.to_json()
    return list(files.values())
