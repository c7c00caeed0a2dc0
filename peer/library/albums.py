"""What a person does to albums. Each function is one transaction.

Who is in an album, and where, stands in the photos (PROTOCOL.md section 6): adding or moving one costs one record, and deleting an album touches
no photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crdt.asset import membership_writers
from crdt.record import EMPTY
from peer.errors import UsageError
from peer.library import edits
from peer.library.album_order import Member, append, insert
from peer.library.assignments import check_text
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
    library.change([edits.set_title(album, _checked_title(title))])
    return album


def rename_album(library: Library, album: RecordId, title: str) -> None:
    library.change([edits.set_title(album, _checked_title(title))])


def delete_album(library: Library, album: RecordId) -> bool:
    """Put an album into the trash; its photos are not touched. False: it was there already, and nothing spoke against it."""
    with library.database.write():
        members = writers_of_memberships(library, album)
        if is_settled(library.records.content(album) or EMPTY, trashed=True, members=members):
            return False
        library.change([edits.trash(album, members=members)])
        return True


def restore_album(library: Library, album: RecordId) -> bool:
    """Take an album out of the trash. False: it wasn't in it."""
    with library.database.write():
        if is_settled(library.records.content(album) or EMPTY, trashed=False):
            return False
        library.change([edits.restore(album)])
        return True


def add_to_album(library: Library, album: RecordId, assets: Sequence[RecordId]) -> int:
    """Put photos behind those that are in the album. One that is in it stays where it is. How many were new."""
    with library.database.write():
        row = Queries(library.database).album(album)
        if row is not None and row.trashed is not None:
            raise UsageError(
                f"The album {row.title!r} is in the trash. Nothing was changed.", hint="Bring it back first: `calotype album restore`."
            )
        members = _members(library, album)
        present = {member.asset for member in members}
        chosen = dict.fromkeys(assets)
        fresh = [asset for asset in chosen if asset not in present]
        positions = append(members, fresh) if fresh else {}
        added = [edits.put_into_album(asset, album, positions.get(asset)) for asset in chosen]
        moved = [edits.give_position(asset, album, position) for asset, position in positions.items() if asset not in chosen]
        library.change([*added, *moved])
        return len(fresh)


def remove_from_album(library: Library, album: RecordId, assets: Sequence[RecordId]) -> int:
    """Take photos out of an album. How many were in it."""
    with library.database.write():
        present = {member.asset for member in _members(library, album)}
        chosen = [asset for asset in dict.fromkeys(assets) if asset in present]
        library.change([edits.take_from_album(asset, album) for asset in chosen])
        return len(chosen)


def move_in_album(library: Library, album: RecordId, asset: RecordId, target: Target) -> None:
    """Give a photo another place among those that are shown in the album."""
    with library.database.write():
        shown = [Member(*each) for each in Queries(library.database).album_members(album, trashed=False)]
        if asset not in {member.asset for member in shown}:
            raise UsageError("The photo isn't in that album. Nothing was changed.", hint="Add it first: `calotype album add ALBUM ID`.")
        others = [member for member in shown if member.asset != asset]
        positions = insert(others, [asset], _index(others, asset, target))
        library.change([edits.give_position(record, album, position) for record, position in positions.items()])


def writers_of_memberships(library: Library, album: RecordId) -> frozenset[str]:
    """The writers of all keys that put photos into the album, those in the trash included."""
    contents = (library.records.content(member.asset) for member in _members(library, album))
    return frozenset().union(*(membership_writers(content, album) for content in contents if content is not None))


def _members(library: Library, album: RecordId) -> list[Member]:
    return [Member(*each) for each in Queries(library.database).album_members(album)]


def _index(others: Sequence[Member], asset: RecordId, target: Target) -> int:
    if isinstance(target, ToIndex):
        if target.index < 0:
            raise UsageError("Places in an album are counted from 0. Nothing was changed.")
        return min(target.index, len(others))
    if target.asset == asset:
        raise UsageError("A photo can't stand before or behind itself. Nothing was changed.")
    at = next((index for index, member in enumerate(others) if member.asset == target.asset), None)
    if at is None:
        raise UsageError(
            f"Photo {target.asset.body.hex()[:10]} isn't in that album. Nothing was changed.", hint="See `calotype album ls ALBUM`."
        )
    return at if isinstance(target, Before) else at + 1


def _checked_title(title: str) -> str:
    if not title.strip():
        raise UsageError("An album needs a title. Nothing was changed.", hint="For example: calotype album create Sweden")
    return check_text(title.strip(), "title")
