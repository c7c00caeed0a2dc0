"""Places in an album, looked up by index in the projection: what it takes to move a photo, and never the album as a whole."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from peer.library.album_order import Member
from store.ids import RecordId

_MEMBERS: Final = "SELECT record, position, place FROM asset_album WHERE album = ?"
_IS_SHOWN: Final = "EXISTS (SELECT 1 FROM asset WHERE asset.record = asset_album.record AND asset.trashed IS NULL)"
_AT: Final = """
    SELECT place, record FROM asset_album WHERE album = ? AND record NOT IN (SELECT record FROM asset WHERE trashed IS NOT NULL)
    AND hex(record) NOT IN (SELECT value FROM json_each(?)) ORDER BY place, record LIMIT 1 OFFSET ?
"""
"""Passing over so many is done by one index, and faster with what is in the trash looked up once."""
_AHEAD: Final = "ORDER BY place, record"
_BACK: Final = "ORDER BY place DESC, record DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumPlace:
    """Before the member with the key ``before`` (place and record), or at the end; ``Neighbours`` without ``apart``.

    ``trash``: photos in the trash are neighbours too.
    """

    connection: Connection
    album: RecordId
    apart: Collection[RecordId]
    key: tuple[str, bytes] | None
    trash: bool = False

    def before(self) -> Iterator[Member]:
        condition, parameters = ("1", ()) if self.key is None else ("(place, record) < (?, ?)", self.key)
        return self._members(condition, parameters, _BACK)

    def behind(self) -> Iterator[Member]:
        return iter(()) if self.key is None else self._members("(place, record) >= (?, ?)", self.key, _AHEAD)

    def _members(self, condition: str, parameters: tuple[object, ...], order: str) -> Iterator[Member]:
        query = f"{_MEMBERS} AND {condition} AND (? OR {_IS_SHOWN}) {order}"
        for record, position, _ in self.connection.execute(query, (self.album, *parameters, self.trash)):
            if record not in self.apart:
                yield Member(RecordId(record), position)


def member_of(connection: Connection, album: RecordId, asset: RecordId) -> tuple[Member, tuple[str, bytes]] | None:
    """A photo that is shown in an album, and its key there; ``None`` when it isn't, or lies in the trash."""
    row = connection.execute(f"{_MEMBERS} AND record = ? AND {_IS_SHOWN}", (album, asset)).fetchone()
    return None if row is None else (Member(RecordId(row[0]), row[1]), (row[2], row[0]))


def key_at(connection: Connection, album: RecordId, index: int, apart: Collection[RecordId]) -> tuple[str, bytes] | None:
    """The key of the photo that is shown at this place, counted from 0 and without ``apart``; ``None`` behind the last."""
    row = connection.execute(_AT, (album, json.dumps([record.hex().upper() for record in apart]), index)).fetchone()
    return None if row is None else (row[0], row[1])


def key_behind(connection: Connection, album: RecordId, key: tuple[str, bytes], apart: Collection[RecordId]) -> tuple[str, bytes] | None:
    """The key of the photo that is shown behind the one with this key; ``None`` behind the last."""
    query = f"{_MEMBERS} AND (place, record) > (?, ?) AND {_IS_SHOWN} {_AHEAD}"
    return next(((place, record) for record, _, place in connection.execute(query, (album, *key)) if record not in apart), None)


def holder_of(connection: Connection, asset: RecordId) -> RecordId:
    """Which record says in which albums a photo is: its own, or that of a part of it (``crdt.folding.compose``)."""
    row = connection.execute("SELECT part FROM asset_album WHERE record = ? LIMIT 1", (asset,)).fetchone()
    return asset if row is None else RecordId(row[0])
