"""Everything that ``calotype show`` tells about a photo."""

from __future__ import annotations

from typing import Any

from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.errors import UsageError
from peer.library.asset_files import files_of
from peer.library.conflicts import conflicts_of
from peer.library.library import Library
from peer.library.projection import readable
from peer.library.queries import Queries
from peer.library.shown import plain
from store.ids import RecordId


def asset_summary(library: Library, record: RecordId) -> dict[str, Any]:
    """The photo as ``calotype ls`` lists it."""
    row = Queries(library.database).asset(record)
    if row is None:
        raise UsageError(f"Photo {record.body.hex()[:10]} is gone: it was deleted for good.", hint="See `calotype ls`.")
    return row.to_json()


def asset_details(library: Library, record: RecordId) -> dict[str, Any]:
    """All of that, with files, edits, versions, what the file says of itself, place and open conflicts."""
    with library.database.read():
        summary = asset_summary(library, record)
        asset = view_asset(library.records.content(record) or EMPTY)
        return summary | {
            "names": [readable(name) for name in asset.names],
            "files": [each.to_json() for each in files_of(library, asset)],
            "edits": {parameter: plain(value) for parameter, value in asset.edits.items()},
            "versions": [file.hex() for file in asset.versions],
            "exif": plain(asset.exif.value()),
            "location": None if asset.location is None else plain(asset.location.value()),
            "conflicts": [conflict.to_json() for conflict in conflicts_of(library, record)],
        }
