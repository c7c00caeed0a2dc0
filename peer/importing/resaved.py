"""A file that another program rewrote becomes a new version of its photo.

Known by where it lies: ``imported_from`` says which file of which asset was taken from a path. What stands there now is

- a file of that photo that was there before: that version is shown again;
- something new that still is the same photo (``likeness``): it becomes the version that is shown, stored as a patch of the older one where that is smaller;
- something else: it is imported like any other file.

A photo in the trash stays there, whatever became of its file: what is deleted stays deleted. Of one that was deleted for good nothing is known that its
file could be compared with, so the file is imported like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from crdt.asset import AssetView, add_source, add_version, view_asset
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.facts import Exif, Source
from peer.importing.likeness import Look, is_same_photo
from peer.importing.prepare import Prepared, exif_of, with_thumbnail
from peer.library.asset_files import located
from peer.library.authoring import Edit
from peer.library.index_files import keep_index
from peer.library.library import Library
from peer.library.patched_files import keep_patch, patch_source
from peer.library.patches import MAX_CHAIN, MAX_PATCHED_BYTES, chain_length, make_patch
from peer.library.queues import Priority, Upload, uploads_of_file
from peer.library.sources import is_here
from peer.library.versions import Description, describe, name_version
from peer.media.types import Kind
from store.ids import FileHash, RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """The edit that makes a prepared file the shown version of its photo, and what then has to be sent. The caller gives the file its place."""

    edit: Edit
    uploads: list[Upload] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StaysDeleted:
    """The photo is in the trash, and its file is left where it lies."""


Resaved: TypeAlias = NewVersion | StaysDeleted | None
"""``None``: the file is no version, and is imported like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What was taken from a path before."""

    record: RecordId
    file: FileHash


def former_at(library: Library, path: Path) -> Former | None:
    """Of which photo, and from which of its files, ``path`` is known; ``None`` when nothing was imported from there."""
    with library.database.read() as connection:
        row = connection.execute("SELECT record, file FROM imported_from WHERE path = ?", (bytes(path),)).fetchone()
    return None if row is None else Former(record=RecordId(row[0]), file=FileHash(row[1]))


def as_version(library: Library, prepared: Prepared, former: Former) -> Resaved:
    """What becomes of a file that was written over the one that was imported from its path; within the transaction in which it is committed."""
    file = prepared.copied.file
    content = library.records.content(former.record)
    asset = None if content is None else view_asset(content)
    if asset is None or asset.primary is None or file == former.file:
        return None
    role = asset.files.get(former.file)
    if role is None or _is_elsewhere(library, file, former.record):
        return None
    known = file in asset.files
    patch = None if known else _patch(library, prepared, asset, former.file)
    is_picture = role in ("primary", "version")
    if not known and is_picture and not is_same_photo(_look_of(asset), _look_at(prepared), patches=patch is not None):
        return None
    if asset.trashed is not None:
        return StaysDeleted()
    if is_picture:
        prepared = with_thumbnail(library, prepared)
    source, uploads = (prepared.way, []) if known else _stored(library, prepared, patch)
    if is_picture:
        uploads += _keep_pictures(library, former.record, prepared)
    described = _description(prepared)

    def change(draft: Draft, stamp: Stamp) -> None:
        add_version(draft, former.file)
        name_version(draft, file, "primary" if is_picture else role)
        draft.add("name", prepared.name)
        if not known:
            add_source(draft, file, source)
        if is_picture:
            describe(draft, described)

    return NewVersion(edit=Edit(former.record, change), uploads=uploads)


def _is_elsewhere(library: Library, file: FileHash, record: RecordId) -> bool:
    """Whether the bytes are a file of another photo: they were copied over this one's."""
    with library.database.read() as connection:
        return connection.execute("SELECT 1 FROM asset_file WHERE file = ? AND record <> ? LIMIT 1", (file, record)).fetchone() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patch:
    base: FileHash
    data: bytes
    source: Source


def _patch(library: Library, prepared: Prepared, asset: AssetView, former: FileHash) -> _Patch | None:
    """The new file as a patch of an older one that is here and proves to be what it should; ``None`` when that isn't worth it."""
    size = prepared.copied.stamp.size
    if size > MAX_PATCHED_BYTES:
        return None
    for base in list(dict.fromkeys(_bases(library, asset, former)))[:2]:
        old = _whole(library, base)
        data = None if old is None else make_patch(old, prepared.copied.path.read_bytes())
        source = None if data is None else patch_source(data, library.write_epoch(), size=size, base=base)
        if data is not None and source is not None:
            return _Patch(base=base, data=data, source=source)
    return None


def _bases(library: Library, asset: AssetView, former: FileHash) -> Iterator[FileHash]:
    """What the new file may be a patch of, the likeliest first."""
    for file in (former, asset.primary, *asset.versions):
        length = None if file is None else chain_length(asset.sources, file)
        if file is not None and length is not None and length < MAX_CHAIN and is_here(library, file):
            yield file


def _whole(library: Library, file: FileHash) -> bytes | None:
    """The bytes of a held file; ``None`` when it is too large for a patch, or isn't what it was any more."""
    held = library.held.get(file)
    if held is None or held.size > MAX_PATCHED_BYTES:
        return None
    try:
        data = located(library, held).read_bytes()
    except OSError:
        return None
    return data if FileHash(hashlib.sha256(data).digest()) == file else None


def _stored(library: Library, prepared: Prepared, patch: _Patch | None) -> tuple[Source, list[Upload]]:
    """The way to the new file's bytes that its record is to name, and the uploads."""
    if patch is not None:
        return patch.source, keep_patch(library, patch.data, patch.source.blobs)
    file, sealing = prepared.copied.file, prepared.sealing
    uploads = uploads_of_file(file, prepared.copied.stamp.size, sealing.blobs, Priority.ORIGINAL)
    return prepared.way, uploads + keep_index(library, file, sealing)


def _keep_pictures(library: Library, record: RecordId, prepared: Prepared) -> list[Upload]:
    """The thumbnail is kept and sent; the preview of the new version is made later."""
    if prepared.thumbnail is None:
        return []
    held, rendition = prepared.thumbnail.held, prepared.thumbnail.rendition
    library.held.put(held)
    if prepared.media.kind is Kind.PHOTO:
        with library.database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO preview_wanted (record, file) VALUES (?, ?)", (record, prepared.copied.file))
    return uploads_of_file(held.file, held.size, rendition.blobs, Priority.THUMBNAIL)


def _description(prepared: Prepared) -> Description:
    return Description(
        kind=prepared.media.kind.value,
        media=prepared.media.media,
        exif=exif_of(prepared.examination),
        thumbhash=prepared.examination.thumbhash,
        thumbnail=None if prepared.thumbnail is None else prepared.thumbnail.rendition,
    )


def _look_of(asset: AssetView) -> Look:
    return Look(is_film=asset.kind == Kind.VIDEO.value, exif=asset.exif, thumbhash=asset.thumbhash)


def _look_at(prepared: Prepared) -> Look:
    exif = Exif.parse(exif_of(prepared.examination))
    return Look(is_film=prepared.media.kind is Kind.VIDEO, exif=exif, thumbhash=prepared.examination.thumbhash)
