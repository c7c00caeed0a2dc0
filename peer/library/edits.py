"""The vocabulary of changes: what a person can do to photos and albums, as edits of single records.

Each is judged and written inside the transaction of ``authoring``; what needs to look around first (members of an album, a tenth of the
library) is in ``albums`` and ``trashing``.
"""

from __future__ import annotations

from collections.abc import Sequence

from crdt.asset import add_to_album, move_in_album
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.parsing import in_key
from peer.library.assignments import Assignment
from peer.library.authoring import Edit
from store.ids import RecordId


def set_fields(asset: RecordId, assignments: Sequence[Assignment]) -> Edit:
    """All of ``assignments``; the last one of a field counts."""

    def change(draft: Draft, stamp: Stamp) -> None:
        for assignment in assignments:
            assignment.apply(draft)

    return Edit(asset, change)


def trash(record: RecordId, *, members: frozenset[str] = frozenset()) -> Edit:
    """Into the trash, having seen all that is in the record now; ``members``: writers of an album's memberships, seen as well."""
    return Edit(record, lambda draft, stamp: draft.trash(stamp, members=members))


def restore(record: RecordId) -> Edit:
    """Out of the trash."""
    return Edit(record, lambda draft, stamp: draft.restore())


def set_title(album: RecordId, title: str) -> Edit:
    """A new album, or another title for one."""
    return Edit(album, lambda draft, stamp: draft.set("title", title))


def set_cover(album: RecordId, asset: RecordId | None) -> Edit:
    """The photo that stands for an album; ``None``: none in particular."""
    return Edit(album, lambda draft, stamp: draft.set("cover", None if asset is None else bytes(asset)))


def put_into_album(asset: RecordId, album: RecordId, position: str | None) -> Edit:
    """Adds a photo to an album; without a ``position``: afresh, where it stands already."""

    def change(draft: Draft, stamp: Stamp) -> None:
        if position is None:
            draft.add("album", in_key(album))
        else:
            add_to_album(draft, album, position)

    return Edit(asset, change)


def take_from_album(asset: RecordId, album: RecordId) -> Edit:
    """Takes a photo out of an album; nothing happens when it isn't in it."""
    return Edit(asset, lambda draft, stamp: draft.discard("album", in_key(album)))


def give_position(asset: RecordId, album: RecordId, position: str) -> Edit:
    """Moves a photo within an album; never brings it back into it."""
    return Edit(asset, lambda draft, stamp: move_in_album(draft, album, position))
