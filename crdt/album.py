"""Albums: title, cover, trash (PROTOCOL.md section 6). Who is in an album, and where, stands in the assets. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crdt import schema
from crdt.fields import Conflict, fields_of, read_register
from crdt.record import Content
from crdt.trash import Trash, read_trash
from store.ids import RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumView:
    """What an album's record says. ``contested`` as in ``crdt.trash``; ``unseen`` names the writers."""

    title: str
    cover: RecordId | None
    trashed: Trash | None
    unseen: frozenset[str]
    conflicts: tuple[Conflict, ...]

    @property
    def contested(self) -> bool:
        return bool(self.unseen)


def view_album(content: Content, *, members: Iterable[str] = ()) -> AlbumView:
    """The read model of an album's record. ``members``: the writers of all its memberships (``crdt.asset.membership_writers``); a
    membership that the one who trashed the album hadn't seen contests.
    """
    fields = fields_of(content)
    title = read_register(fields, schema.TITLE)
    cover = read_register(fields, schema.COVER)
    trash = read_trash(fields, content, members=members)
    return AlbumView(
        title="" if title is None else title.value,
        cover=None if cover is None else cover.value,
        trashed=trash.trash,
        unseen=trash.unseen,
        conflicts=schema.open_conflicts(fields, schema.ALBUM_FIELDS),
    )
