"""Projections: rows made from records, so that listings need no documents. Updated in the transaction that changes the records.

From an asset's record also follows what this device still wants to have: files that it should hold and doesn't go into the download queue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from sqlite3 import Connection

from crdt.album import AlbumView, view_album
from crdt.asset import AssetView, Placement, view_asset
from crdt.device import DeviceView, view_device
from crdt.facts import Policy
from crdt.fields import Conflict
from crdt.record import Content, read
from crdt.trash import TRASHED
from peer.library.blob_index import note_segments, segments_named_by
from peer.library.composing import compositions, linked_with, parts_by_photo
from peer.library.file_names import name_in_role
from peer.library.needs import note_needs
from peer.library.own_policy import EVERYTHING
from peer.library.parts import missing_parts
from peer.library.queues import Download, DownloadQueue, Priority
from peer.library.renderings import note_edits
from peer.library.texts import readable, searchable
from peer.library.trash_notes import Moments, note_trash
from peer.library.wishes import Wishes, files_of_record
from peer.rendering.framing import shown_size
from peer.rendering.reading import read_parameters
from store.database import Database
from store.ids import FileHash, RecordId, RecordKind

_ASSET_COLUMNS = (
    "record, name, kind, media, taken, width, height, favorite, rating, hidden, caption, keywords, trashed, contested, conflicts, primary_file, search,"
    " folded, content, burst, missing, thumbhash, picture, shown_width, shown_height, duration, marks"
)
_WRITE_ASSET = (
    f"INSERT INTO asset ({_ASSET_COLUMNS}) VALUES ({','.join('?' * _ASSET_COLUMNS.count(',') + '?')}) ON CONFLICT (record) DO UPDATE SET "  # noqa: S608
    + ", ".join(f"{name} = excluded.{name}" for name in _ASSET_COLUMNS.split(", ")[1:])
)
"""An update where the row is there: the triggers that keep months and words compare both."""

PICTURE_BYTES = 8


class RecordProjection:
    """Writes the tables ``asset``, ``asset_file``, ``asset_album``, ``album``, ``device`` and ``needed_blob``."""

    def __init__(
        self,
        database: Database,
        downloads: DownloadQueue,
        *,
        policy: Callable[[], Policy] = lambda: EVERYTHING,
        moments: Callable[[], Moments] = lambda: Moments(0, 0),
    ) -> None:
        self._database = database
        self._wishes = Wishes(database, downloads, policy)
        self._moments = moments

    def update(self, contents: Mapping[RecordId, Content], purged: set[RecordId]) -> None:
        """Make the rows of these records anew, and remove those of purged ones."""
        wanted: list[Download] = []
        views: dict[RecordId, AssetView] = {}
        now = self._moments()
        with self._database.write() as connection:
            connection.execute("UPDATE listing SET revision = revision + 1")
            assets = {record for record in (*contents, *purged) if record.kind is RecordKind.ASSET}
            group = linked_with(connection, assets)
            sharing: set[RecordId] = set()
            for record in purged:
                sharing |= {RecordId(row[0]) for row in connection.execute(_SHARING, (record,)).fetchall()}
                _remove(connection, record)
                for table in ("needed_blob", "trash_noted"):
                    connection.execute(f"DELETE FROM {table} WHERE record = ?", (record,))  # noqa: S608 - names are ours
            for record, content in contents.items():
                match record.kind:
                    case RecordKind.ASSET:
                        views[record] = asset = view_asset(content)
                        note_trash(connection, record, asset.trashed, now)
                        note_needs(connection, record, content)
                        _write_files(connection, record, asset)
                        wanted += files_of_record(record, asset)
                    case RecordKind.ALBUM:
                        album = view_album(content)
                        note_trash(connection, record, album.trashed, now)
                        _write_album(connection, record, album)
                    case RecordKind.DEVICE:
                        _write_device(connection, record, view_device(content))
                    case RecordKind.LIBRARY:
                        pass  # settings are read from the record itself
            for record in sharing - purged - views.keys():  # equal pictures were queued once, for whoever named them first
                if (view := _view_of(connection, record)) is not None:
                    wanted += files_of_record(record, view)
            _compose(connection, linked_with(connection, group) - purged, views)
            self._wishes.add(wanted)


def _remove(connection: Connection, record: RecordId) -> None:
    for table in ("asset", "asset_file", "asset_album", "album", "device"):
        connection.execute(f"DELETE FROM {table} WHERE record = ?", (record,))  # noqa: S608 - names are ours
    connection.execute(_HAND_OVER, (record,))
    for table in ("download", "preview_wanted"):
        connection.execute(f"DELETE FROM {table} WHERE record = ?", (record,))  # noqa: S608 - names are ours
    note_edits(connection, record, None)


# An original that is queued for a record that goes, and is a file of another one too, is wanted by that one from now on.
_OTHER = "FROM asset_file WHERE asset_file.file = download.file AND asset_file.size IS NOT NULL"
_HAND_OVER = f"""
    UPDATE download SET record = (SELECT min(record) {_OTHER}) WHERE record = ? AND priority = {int(Priority.ORIGINAL)} AND EXISTS (SELECT 1 {_OTHER})
"""  # noqa: S608 - all of it is ours
_SHARING = """
    SELECT DISTINCT other.record FROM needed_blob AS mine JOIN needed_blob AS other USING (blob)
    WHERE mine.record = ?1 AND other.record <> ?1
"""


def _compose(connection: Connection, group: set[RecordId], views: Mapping[RecordId, AssetView]) -> None:
    """Write the rows of all assets of a group, each as it is shown. ``views``: of those that changed; the others are read."""
    own = {record: view for record in group if (view := views.get(record) or _view_of(connection, record)) is not None}
    shown, parents = compositions(own)
    for record, asset in own.items():
        connection.execute("DELETE FROM asset_album WHERE part = ?", (record,))
        if asset.primary is None:
            _remove(connection, record)  # its import is still on the way, or was void: nothing that could be shown
        else:
            _write_asset(connection, record, shown.get(record, asset), folded=parents.get(record))
    folded = parts_by_photo(parents)
    for record in shown:
        parts = [record, *folded.get(record, ())]
        part = next((part for part in parts if own[part].albums), record)
        _write_memberships(connection, record, part, own[part].albums)


def _view_of(connection: Connection, record: RecordId) -> AssetView | None:
    row = connection.execute("SELECT state FROM record WHERE record = ?", (record,)).fetchone()
    return None if row is None else view_asset(read(bytes(row[0])))


def _write_asset(connection: Connection, record: RecordId, asset: AssetView, *, folded: RecordId | None) -> None:
    names = [readable(name) for name in asset.names]
    keywords = [readable(word) for word in asset.keywords]
    size = _shown_size(asset)
    connection.execute(
        _WRITE_ASSET,
        (
            record,
            readable(name_in_role(asset) or record.body.hex()),
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
            folded,
            asset.exif.content,
            asset.exif.burst,
            "" if folded is not None else " ".join(missing_parts(asset)),
            asset.thumbhash,
            _picture(asset),
            *size,
            asset.exif.duration,
            " ".join(_marks(asset)),
        ),
    )
    note_edits(connection, record, asset if folded is None else None)


def _shown_size(asset: AssetView) -> tuple[int | None, int | None]:
    """In pixels, with its edits; of its thumbnail where the file didn't say."""
    width, height = asset.exif.width, asset.exif.height
    if not (width and height) and asset.thumbnail is not None:
        width, height = asset.thumbnail.width, asset.thumbnail.height
    return shown_size((width, height), read_parameters(asset.edits).parameters) if width and height else (None, None)


def _picture(asset: AssetView) -> str:
    """What names the picture that shows it, as imported."""
    return "" if asset.thumbnail is None else asset.thumbnail.file[:PICTURE_BYTES].hex()


def _marks(asset: AssetView) -> Iterator[str]:
    if asset.exif.motion is not None or "motion" in asset.roles:
        yield "live"
    if asset.kind == "raw" or "raw" in asset.roles:
        yield "raw"


def _write_files(connection: Connection, record: RecordId, asset: AssetView) -> None:
    connection.execute("DELETE FROM asset_file WHERE record = ?", (record,))
    if asset.primary is None:
        return
    connection.executemany(
        "INSERT OR IGNORE INTO asset_file VALUES (?, ?, ?, ?)",
        [(file, record, role, _size(asset, file)) for file, role in asset.files.items()],
    )
    note_segments(connection, segments_named_by(asset))


def _write_memberships(connection: Connection, record: RecordId, part: RecordId, placements: Iterable[Placement]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO asset_album VALUES (?, ?, ?, ?)", [(place.album, record, place.position, part) for place in placements]
    )


def _write_album(connection: Connection, record: RecordId, album: AlbumView) -> None:
    trashed = None if album.trashed is None else album.trashed.at.millis
    conflicts = _count(album.conflicts, contested=album.contested)
    connection.execute("INSERT OR REPLACE INTO album VALUES (?, ?, ?, ?, ?)", (record, album.title, album.cover, trashed, conflicts))


def _write_device(connection: Connection, record: RecordId, device: DeviceView) -> None:
    connection.execute("INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?)", (record, device.name, device.model, device.policy.keep))


def _size(asset: AssetView, file: FileHash) -> int | None:
    sources = asset.sources.get(file, ())
    return sources[0].size if sources else None


def _count(conflicts: tuple[Conflict, ...], *, contested: bool) -> int:
    """How many conflicts a person sees: what is said against a trashing is one, whether somebody restored or edited meanwhile."""
    return len({conflict.field for conflict in conflicts} | ({TRASHED.name} if contested else set()))
