"""What a person does to albums. Each function is one transaction.

Who is in an album, and where, stands in the photos (PROTOCOL.md section 6): adding or moving one costs one record, whatever the album's size,
and deleting an album touches no photo. Where a photo consists of several assets, the one that says in which albums it is goes on saying it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TypeAlias

from crdt.asset import membership_writers
from crdt.record import EMPTY
from peer.errors import UsageError
from peer.library import edits
from peer.library.actions import Action
from peer.library.album_order import Member, arrange
from peer.library.album_places import AlbumPlace, holder_of, key_at, key_behind, member_of
from peer.library.assignments import check_text
from peer.library.authoring import Edit
from peer.library.composing import parts_of
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.trashing import is_settled
from store.ids import RecordId, RecordKind


@dataclass(frozen=True, slots=True)
class ToIndex:
    """To this place, counted from 0; behind the last where the album is shorter."""

    index: int


@dataclass(frozen=True, slots=True)
class Before:
    """Before this photo."""

    asset: RecordId


@dataclass(frozen=True, slots=True)
class After:
    """Behind this photo."""

    asset: RecordId


Target: TypeAlias = ToIndex | Before | After


def create_album(library: Library, title: str) -> RecordId:
    """A new, empty album. Two albums may have one title; their ids tell them apart."""
    album = RecordId.make(RecordKind.ALBUM, library.randomness(16))
    library.change([edits.set_title(album, _checked_title(title))], action=Action("new album"))
    return album


def rename_album(library: Library, album: RecordId, title: str) -> None:
    library.change([edits.set_title(album, _checked_title(title))], action=Action("album title"))


def set_cover(library: Library, album: RecordId, asset: RecordId | None) -> None:
    """The photo that stands for the album; it needn't be in it. ``None``: whichever comes first."""
    if asset is not None and Queries(library.database).asset(asset) is None:
        raise UsageError("There is no such photo. Nothing was changed.", hint="See `calotype ls`.")
    library.change([edits.set_cover(album, asset)], action=Action("album cover"))


def delete_album(library: Library, album: RecordId) -> bool:
    """Put an album into the trash; its photos are not touched. False: it was there already, and nothing spoke against it."""
    with library.database.write():
        members = writers_of_memberships(library, album)
        if is_settled(library.records.content(album) or EMPTY, trashed=True, members=members):
            return False
        library.change([edits.trash(album, members=members)], action=Action("album into the trash"))
        return True


def restore_album(library: Library, album: RecordId) -> bool:
    """Take an album out of the trash. False: it wasn't in it."""
    with library.database.write():
        if is_settled(library.records.content(album) or EMPTY, trashed=False):
            return False
        library.change([edits.restore(album)], action=Action("album out of the trash"))
        return True


def add_to_album(library: Library, album: RecordId, assets: Sequence[RecordId]) -> int:
    """Put photos behind those that are in the album. One that is in it stays where it is. How many were new."""
    with library.database.write() as connection:
        row = connection.execute("SELECT title FROM album WHERE record = ? AND trashed IS NOT NULL", (album,)).fetchone()
        if row is not None:
            raise UsageError(
                f"The album {row[0]!r} is in the trash. Nothing was changed.", hint="Bring it back first: `calotype album restore`."
            )
        chosen = dict.fromkeys(assets)
        fresh = [asset for asset in chosen if not _is_member(connection, album, asset)]
        place = AlbumPlace(connection=connection, album=album, apart=frozenset(fresh), key=None, trash=True)
        positions = arrange([Member(asset, None) for asset in fresh], place) if fresh else {}
        added = [edits.put_into_album(holder_of(connection, asset), album, positions.get(asset)) for asset in chosen]
        others = {asset: position for asset, position in positions.items() if asset not in chosen}
        library.change([*added, *_moves(connection, album, others)], action=Action("album, photos added"))
        return len(fresh)


def remove_from_album(library: Library, album: RecordId, assets: Sequence[RecordId]) -> int:
    """Take photos out of an album. How many were in it."""
    with library.database.write() as connection:
        chosen = [asset for asset in dict.fromkeys(assets) if _is_member(connection, album, asset)]
        parts = [part for asset in chosen for part in parts_of(connection, asset)]
        library.change([edits.take_from_album(part, album) for part in parts], action=Action("album, photos removed"))
        return len(chosen)


def move_in_album(library: Library, album: RecordId, assets: Sequence[RecordId], target: Target) -> None:
    """Give photos another place among those that are shown in the album: all to the same one, in this order."""
    with library.database.write() as connection:
        moved = [_member(connection, album, asset) for asset in dict.fromkeys(assets)]
        apart = frozenset(member.asset for member in moved)
        place = AlbumPlace(connection=connection, album=album, apart=apart, key=_key(connection, album, target, apart))
        library.change(_moves(connection, album, arrange(moved, place)), action=Action("album order"))


def writers_of_memberships(library: Library, album: RecordId) -> frozenset[str]:
    """The writers of all keys that put photos into the album, those in the trash included."""
    contents = (library.records.content(part) for part in members_of(library, album))
    return frozenset().union(*(membership_writers(content, album) for content in contents if content is not None))


def members_of(library: Library, album: RecordId) -> list[RecordId]:
    """The records that say that a photo is in the album."""
    with library.database.read() as connection:
        rows = connection.execute("SELECT part FROM asset_album WHERE album = ? ORDER BY part", (album,)).fetchall()
    return [RecordId(row[0]) for row in rows]


def _is_member(connection: Connection, album: RecordId, asset: RecordId) -> bool:
    return connection.execute("SELECT 1 FROM asset_album WHERE album = ? AND record = ?", (album, asset)).fetchone() is not None


def _moves(connection: Connection, album: RecordId, positions: dict[RecordId, str]) -> list[Edit]:
    return [edits.give_position(holder_of(connection, asset), album, position) for asset, position in positions.items()]


def _member(connection: Connection, album: RecordId, asset: RecordId) -> Member:
    found = member_of(connection, album, asset)
    if found is None:
        raise UsageError("The photo isn't in that album. Nothing was changed.", hint="Add it first: `calotype album add ALBUM ID`.")
    return found[0]


def _key(connection: Connection, album: RecordId, target: Target, apart: frozenset[RecordId]) -> tuple[str, bytes] | None:
    """The key of the photo before which the place is; ``None``: at the end."""
    if isinstance(target, ToIndex):
        if target.index < 0:
            raise UsageError("Places in an album are counted from 0. Nothing was changed.")
        return key_at(connection, album, target.index, apart)
    if target.asset in apart:
        raise UsageError("A photo can't stand before or behind itself. Nothing was changed.")
    found = member_of(connection, album, target.asset)
    if found is None:
        raise UsageError(
            f"Photo {target.asset.body.hex()[:10]} isn't in that album. Nothing was changed.", hint="See `calotype album ls ALBUM`."
        )
    _, key = found
    return key if isinstance(target, Before) else key_behind(connection, album, key, apart)


def _checked_title(title: str) -> str:
    if not title.strip():
        raise UsageError("An album needs a title. Nothing was changed.", hint="For example: calotype album create Sweden")
    return check_text(title.strip(), "title")
