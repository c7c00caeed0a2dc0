"""Assets: the frozen read model, and the changes that concern more than one field (PROTOCOL.md section 6). Pure.

What a person sets wins over what was extracted, because it lives in another field: ``taken`` and ``location`` are read from their
registers first and from EXIF after that. Reading depends on the live keys only, so equal content gives equal views.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from crdt import schema
from crdt.draft import Draft
from crdt.facts import Exif, Location, Rendition, Source
from crdt.fields import Conflict, Fields, Register, fields_of, read_derived, read_register, read_set, register_parts
from crdt.parsing import in_key
from crdt.record import Content
from crdt.trash import Trash, observed_writers, read_trash
from crdt.values import Value
from store.ids import FileHash, RecordId

T = TypeVar("T")


class Placement(NamedTuple):
    """That an asset is in an album, and where; ``position`` is ``None`` when nobody said."""

    album: RecordId
    position: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetView:
    """What an asset's record says.

    ``primary`` is ``None`` until the import that makes the asset has arrived. ``edits`` holds the parameters that aren't null. ``sources``:
    for each file the ways to its bytes, newest first. ``contested`` as in ``crdt.trash``; ``unseen`` names the writers; ``writers`` are all
    that a trashing has to have seen.
    """

    primary: FileHash | None
    roles: Mapping[str, FileHash]
    favorite: bool
    hidden: bool
    rating: int
    caption: str
    taken: str | None
    location: Location | None
    trashed: Trash | None
    unseen: frozenset[str]
    writers: frozenset[str]
    edits: Mapping[str, Value]
    keywords: tuple[str, ...]
    names: tuple[str, ...]
    versions: tuple[FileHash, ...]
    albums: tuple[Placement, ...]
    sources: Mapping[FileHash, tuple[Source, ...]]
    exif: Exif
    thumbnail: Rendition | None
    preview: Rendition | None
    thumbhash: bytes | None
    kind: str
    media: str | None
    conflicts: tuple[Conflict, ...]

    @property
    def contested(self) -> bool:
        return bool(self.unseen)

    @property
    def files(self) -> Mapping[FileHash, str]:
        """All files of the asset, each with its role; ``primary``, ``version``, or what ``role:`` says."""
        files = dict.fromkeys(self.versions, "version") | {file: role for role, file in self.roles.items()}
        return files if self.primary is None else files | {self.primary: "primary"}


def view_asset(content: Content) -> AssetView:
    """The read model of an asset's record."""
    fields = fields_of(content)
    exif = read_derived(fields, schema.EXIF) or Exif()
    trash = read_trash(fields, content)
    primary = read_register(fields, schema.PRIMARY)
    taken = read_register(fields, schema.TAKEN)
    location = read_register(fields, schema.LOCATION)
    return AssetView(
        primary=None if primary is None else primary.value,
        roles=_roles(fields),
        favorite=_read(fields, schema.FAVORITE, False),
        hidden=_read(fields, schema.HIDDEN, False),
        rating=_read(fields, schema.RATING, 0),
        caption=_read(fields, schema.CAPTION, ""),
        taken=exif.taken if taken is None or taken.value is None else taken.value,
        location=exif.gps if location is None else location.value,
        trashed=trash.trash,
        unseen=trash.unseen,
        writers=observed_writers(content),
        edits=_edits(fields),
        keywords=tuple(read_set(fields, schema.KEYWORD)),
        names=tuple(read_set(fields, schema.NAME)),
        versions=tuple(read_set(fields, schema.VERSION)),
        albums=tuple(_placements(fields)),
        sources=MappingProxyType(read_set(fields, schema.SOURCE)),
        exif=exif,
        thumbnail=read_derived(fields, schema.THUMBNAIL),
        preview=read_derived(fields, schema.PREVIEW),
        thumbhash=read_derived(fields, schema.THUMBHASH),
        kind=read_derived(fields, schema.KIND) or "other",
        media=read_derived(fields, schema.MEDIA),
        conflicts=schema.open_conflicts(fields, schema.ASSET_FIELDS),
    )


def membership_writers(content: Content, album: RecordId) -> frozenset[str]:
    """The writers of the keys that put this asset into ``album``; who trashes the album has to have seen them."""
    return frozenset(cell.writer for cell in fields_of(content).sets.get(schema.ALBUM.name, {}).get(in_key(album), ()))


def add_to_album(draft: Draft, album: RecordId, position: str) -> None:
    """Puts the asset into ``album`` at ``position`` (``crdt.fractional``)."""
    draft.add(schema.ALBUM.name, in_key(album))
    move_in_album(draft, album, position)


def move_in_album(draft: Draft, album: RecordId, position: str) -> None:
    """Gives the asset another position; never brings back an asset that was removed from the album."""
    draft.set(schema.POSITION.name + in_key(album), position)


def add_version(draft: Draft, file: FileHash) -> None:
    """Names an earlier or later version of the primary file."""
    draft.add(schema.VERSION.name, file.base64())


def add_source(draft: Draft, file: FileHash, source: Source) -> None:
    """Names a way to a file's bytes, beside those that are known."""
    draft.add(schema.SOURCE.name, file.base64(), source.value(), beside=True)


def revert_edits(draft: Draft) -> None:
    """Sets every edit parameter that has a value to null: the picture is as imported."""
    for parameter in register_parts(draft.fields, schema.EDIT):
        draft.set(schema.EDIT.name + parameter, None)


def _read(fields: Fields, register: Register[T], default: T) -> T:
    reading = read_register(fields, register)
    return default if reading is None else reading.value


def _roles(fields: Fields) -> Mapping[str, FileHash]:
    readings = {role: read_register(fields, schema.ROLE, role) for role in register_parts(fields, schema.ROLE)}
    return MappingProxyType({role: reading.value for role, reading in readings.items() if reading is not None})


def _edits(fields: Fields) -> Mapping[str, Value]:
    edits: dict[str, Value] = {}
    for parameter in register_parts(fields, schema.EDIT):
        known = schema.EDITS.get(parameter)
        reading = read_register(fields, known) if known else read_register(fields, schema.EDIT, parameter)
        if reading is not None and reading.value is not None:
            edits[parameter] = reading.cell.value
    return MappingProxyType(edits)


def _placements(fields: Fields) -> Iterator[Placement]:
    for album in read_set(fields, schema.ALBUM):
        position = read_register(fields, schema.POSITION, in_key(album))
        yield Placement(album, None if position is None else position.value)
