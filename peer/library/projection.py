"""Projections: rows made from records, so that listings need no documents. Updated in the transaction that changes the records.

From an asset's record also follows what this device still wants to have: files that it should hold and doesn't go into the download queue.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from sqlite3 import Connection

from crdt.album import AlbumView, view_album
from crdt.asset import AssetView, view_asset
from crdt.device import DeviceView, view_device
from crdt.fields import Conflict
from crdt.record import Content
from crdt.trash import TRASHED
from peer.library.blob_index import note_segments, segments_named_by
from peer.library.queues import Download, DownloadQueue, Priority
from store.database import Database
from store.ids import FileHash, RecordId, RecordKind

_ASSET_COLUMNS = (
    "record, name, kind, media, taken, width, height, favorite, rating, hidden, caption, keywords, trashed, contested, conflicts, primary_file, search,"
    " content, burst"
)


class RecordProjection:
    """Writes the tables ``asset``, ``asset_file``, ``asset_album``, ``album`` and ``device``."""

    def __init__(self, database: Database, downloads: DownloadQueue) -> None:
        self._database = database
        self._downloads = downloads

    def update(self, contents: Mapping[RecordId, Content], purged: set[RecordId]) -> None:
        """Make the rows of these records anew, and remove those of purged ones."""
        wanted: list[Download] = []
        with self._database.write() as connection:
            for record in purged:
                _remove(connection, record)
            for record, content in contents.items():
                match record.kind:
                    case RecordKind.ASSET:
                        asset = view_asset(content)
                        _write_asset(connection, record, asset)
                        wanted += _wanted(record, asset)
                    case RecordKind.ALBUM:
                        _write_album(connection, record, view_album(content))
                    case RecordKind.DEVICE:
                        _write_device(connection, record, view_device(content))
                    case RecordKind.LIBRARY:
                        pass  # settings are read from the record itself
            self._downloads.add_missing(wanted)


def _remove(connection: Connection, record: RecordId) -> None:
    for table in ("asset", "asset_file", "asset_album", "album", "device", "download", "preview_wanted"):
        connection.execute(f"DELETE FROM {table} WHERE record = ?", (record,))  # noqa: S608 - names are ours


def _write_asset(connection: Connection, record: RecordId, asset: AssetView) -> None:
    if asset.primary is None:
        _remove(connection, record)  # its import is still on the way, or was void: nothing that could be shown
        return
    names = [readable(name) for name in asset.names]
    keywords = [readable(word) for word in asset.keywords]
    connection.execute(
        f"INSERT OR REPLACE INTO asset ({_ASSET_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
        (
            record,
            names[0] if names else record.body.hex(),
            asset.kind,
            asset.media or "",
            asset.taken,
            asset.exif.width,
            asset.exif.height,
            asset.favorite,
            asset.rating,
            asset.hidden,
            asset.caption,
            json.dumps(keywords, ensure_ascii=False),
            None if asset.trashed is None else asset.trashed.at.millis,
            asset.contested,
            _count(asset.conflicts, contested=asset.contested),
            asset.primary,
            searchable("\n".join([*names, asset.caption, *keywords])),
            asset.exif.content,
            asset.exif.burst,
        ),
    )
    connection.execute("DELETE FROM asset_file WHERE record = ?", (record,))
    connection.executemany(
        "INSERT OR IGNORE INTO asset_file VALUES (?, ?, ?, ?)",
        [(file, record, role, _size(asset, file)) for file, role in asset.files.items()],
    )
    note_segments(connection, segments_named_by(asset))
    connection.execute("DELETE FROM asset_album WHERE record = ?", (record,))
    connection.executemany(
        "INSERT OR REPLACE INTO asset_album VALUES (?, ?, ?)", [(place.album, record, place.position) for place in asset.albums]
    )


def _write_album(connection: Connection, record: RecordId, album: AlbumView) -> None:
    trashed = None if album.trashed is None else album.trashed.at.millis
    conflicts = _count(album.conflicts, contested=album.contested)
    connection.execute("INSERT OR REPLACE INTO album VALUES (?, ?, ?, ?, ?)", (record, album.title, album.cover, trashed, conflicts))


def _write_device(connection: Connection, record: RecordId, device: DeviceView) -> None:
    connection.execute("INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?)", (record, device.name, device.model, device.policy.keep))


def _wanted(record: RecordId, asset: AssetView) -> Iterator[Download]:
    """Everything is wanted of every asset that is shown: that is the policy ``everything``, the only one in this version."""
    if asset.primary is None:
        return
    for rendition, priority in ((asset.thumbnail, Priority.THUMBNAIL), (asset.preview, Priority.PREVIEW)):
        if rendition is not None:
            yield Download(file=rendition.file, record=record, size=rendition.size, priority=priority)
    for file in asset.files:
        size = _size(asset, file)
        if size is not None:
            yield Download(file=file, record=record, size=size, priority=Priority.ORIGINAL)


def _size(asset: AssetView, file: FileHash) -> int | None:
    sources = asset.sources.get(file, ())
    return sources[0].size if sources else None


def _count(conflicts: tuple[Conflict, ...], *, contested: bool) -> int:
    """How many conflicts a person sees: what is said against a trashing is one, whether somebody restored or edited meanwhile."""
    return len({conflict.field for conflict in conflicts} | ({TRASHED.name} if contested else set()))


def readable(name: str) -> str:
    """A file name or keyword as text: bytes that were no UTF-8 show as replacement characters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def searchable(text: str) -> str:
    """``text`` as it is searched: without regard to case, width and the ways in which Unicode can spell a letter."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
