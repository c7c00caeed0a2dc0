"""Assets: the frozen read model, and the changes that concern more than one field (PROTOCOL.md section 6). Pure.

What a person sets wins over what was extracted, because it lives in another field: ``taken``, ``location``, ``rating``, ``caption`` and
keywords are read from the fields that people write first, then from the sidecar, then from the file. Reading depends on the live keys only, so
equal content gives equal views.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from crdt import schema
from crdt.draft import Draft
from crdt.facts import Exif, Location, Region, Rendition, Source
from crdt.fields import Conflict, Derived, Fields, Reading, Register, fields_of, read_derived, read_register, read_set, register_parts
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
    sidecar: Exif
    regions: tuple[Region, ...]
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
    sidecar = read_derived(fields, schema.SIDECAR) or Exif()
    rating = _read(fields, schema.RATING, None)
    caption = _read(fields, schema.CAPTION, None)
    trash = read_trash(fields, content)
    primary = read_register(fields, schema.PRIMARY)
    taken = read_register(fields, schema.TAKEN)
    location = read_register(fields, schema.LOCATION)
    return AssetView(
        primary=None if primary is None else primary.value,
        roles=_roles(fields),
        favorite=_read(fields, schema.FAVORITE, False),
        hidden=_read(fields, schema.HIDDEN, False),
        rating=_first(rating, sidecar.rating, exif.rating, 0),
        caption=_first(caption, sidecar.caption, exif.caption, ""),
        taken=(sidecar.taken or exif.taken) if taken is None or taken.value is None else taken.value,
        location=(sidecar.gps or exif.gps) if location is None else location.value,
        trashed=trash.trash,
        unseen=trash.unseen,
        writers=observed_writers(content),
        edits=_edits(fields),
        keywords=_keywords(fields, sidecar.keywords or exif.keywords),
        names=tuple(read_set(fields, schema.NAME)),
        versions=tuple(read_set(fields, schema.VERSION)),
        albums=tuple(_placements(fields)),
        sources=MappingProxyType(read_set(fields, schema.SOURCE)),
        exif=exif,
        sidecar=sidecar,
        regions=sidecar.regions or exif.regions,
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


def add_keyword(draft: Draft, word: str) -> None:
    """Adds a keyword, afresh if it is there."""
    draft.add(schema.KEYWORD.name, word)
    draft.discard(schema.WITHOUT.name, word)


def remove_keyword(draft: Draft, word: str) -> None:
    """Takes a keyword away, whoever gave it: one that stands in the file would come back from there otherwise."""
    draft.discard(schema.KEYWORD.name, word)
    extracted = {*_extracted(draft.fields, schema.SIDECAR), *_extracted(draft.fields, schema.EXIF)}
    if unicodedata.normalize("NFC", word) in extracted:
        draft.add(schema.WITHOUT.name, word)


def _extracted(fields: Fields, derived: Derived[Exif]) -> tuple[str, ...]:
    exif = read_derived(fields, derived)
    return () if exif is None else exif.keywords


def add_version(draft: Draft, file: FileHash) -> None:
    """Names an earlier or later version of the primary file."""
    draft.add(schema.VERSION.name, file.base64())


def add_source(draft: Draft, file: FileHash, source: Source) -> None:
    """Names a way to a file's bytes, beside those that are known."""
    draft.add(schema.SOURCE.name, file.base64(), source.value(), beside=True)


def revert_edits(draft: Draft) -> None:
    """Sets every edit parameter that has a value, or an open conflict, to null: the picture is as imported."""
    for parameter in register_parts(draft.fields, schema.EDIT):
        reading = _read_edit(draft.fields, parameter)
        if reading is None or reading.cell.value is not None or reading.conflict is not None:
            draft.set(schema.EDIT.name + parameter, None)


def _read(fields: Fields, register: Register[T], default: T) -> T:
    reading = read_register(fields, register)
    return default if reading is None else reading.value


def _first(set_by_person: T | None, in_sidecar: T | None, in_file: T | None, default: T) -> T:
    return next((value for value in (set_by_person, in_sidecar, in_file) if value is not None), default)


def _keywords(fields: Fields, extracted: Sequence[str]) -> tuple[str, ...]:
    """Those of the person, and those of the files that the person didn't take away."""
    own = read_set(fields, schema.KEYWORD)
    without = read_set(fields, schema.WITHOUT) if extracted else ()
    return tuple(sorted({*own, *(word for word in extracted if word not in without)}))


def _roles(fields: Fields) -> Mapping[str, FileHash]:
    readings = {role: read_register(fields, schema.ROLE, role) for role in register_parts(fields, schema.ROLE)}
    return MappingProxyType({role: reading.value for role, reading in readings.items() if reading is not None})


def _edits(fields: Fields) -> Mapping[str, Value]:
    edits: dict[str, Value] = {}
    for parameter in register_parts(fields, schema.EDIT):
        reading = _read_edit(fields, parameter)
        if reading is not None and reading.value is not None:
            edits[parameter] = reading.cell.value
    return MappingProxyType(edits)


def _read_edit(fields: Fields, parameter: str) -> Reading[Any] | None:
    known = schema.EDITS.get(parameter)
    return read_register(fields, known) if known else read_register(fields, schema.EDIT, parameter)


def _placements(fields: Fields) -> Iterator[Placement]:
    for album in read_set(fields, schema.ALBUM):
        position = read_register(fields, schema.POSITION, in_key(album))
        yield Placement(album, None if position is None else position.value)
