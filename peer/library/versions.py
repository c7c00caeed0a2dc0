"""The versions of a photo: what another program made of its file, and the way back (PROTOCOL.md section 6.1).

- ``primary`` names the version that is shown. The set ``version`` names every other one, and the newest too: so one that lost against a version that
  another device made meanwhile is kept like the earlier ones, and the conflict can be settled either way.
- Nothing is removed: to restore a version is to name it as the primary again.
- What was computed from the bytes (size, capture time, thumbnail) follows the primary, and is written in the same entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crdt import schema
from crdt.asset import AssetView, add_version, view_asset
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.facts import Rendition
from crdt.fields import Fields, fields_of, read_derived, read_register
from crdt.keys import derived_stem
from crdt.parsing import WrongTypeError
from crdt.record import EMPTY, Cell
from crdt.values import Value
from peer.errors import UsageError
from peer.library.asset_files import located
from peer.library.instants import iso_utc
from peer.library.library import Library
from peer.library.writers import KnownDevice, Writers
from store.ids import FileHash, RecordId

_PRIMARY = "primary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is computed from the bytes of a primary file; ``exif`` in its wire form."""

    kind: str
    media: str
    exif: Mapping[str, Any]
    thumbhash: bytes | None
    thumbnail: Rendition | None


def describe(draft: Draft, description: Description) -> None:
    """Write what was computed from the primary, in place of what was computed from another file. A preview is made anew."""
    rendition = description.thumbnail
    values: dict[str, Any] = {
        schema.KIND.name: description.kind,
        schema.MEDIA.name: description.media,
        schema.EXIF.name: dict(description.exif) or None,
        schema.THUMBHASH.name: description.thumbhash,
        schema.THUMBNAIL.name: None if rendition is None else rendition.value(),
        schema.PREVIEW.name: None,
    }
    for name, value in values.items():
        if value is not None:
            draft.derive(name, value)
            continue
        for cell in draft.fields.derived.get(name, ()):
            draft.retract(derived_stem(name), cell.writer)


def name_version(draft: Draft, file: FileHash, role: str = _PRIMARY) -> None:
    """``file`` becomes the photo's primary, or takes another role in it; what had the role until now, on any device, stays as a version."""
    field = role if role == _PRIMARY else schema.ROLE.name + role
    for cell in draft.fields.registers.get(field, ()):
        former = _file_in(cell.value)
        if former is not None and former != file:
            add_version(draft, former)
    add_version(draft, file)
    draft.set(field, bytes(file))


def _file_in(value: Value) -> FileHash | None:
    try:
        return schema.PRIMARY.parse(value)
    except WrongTypeError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a photo. ``came``, ``device``: when it was imported, and where, as far as the record says."""

    file: FileHash
    role: str
    size: int | None
    ways: tuple[str, ...]
    came: Stamp | None
    device: KnownDevice | None
    here: bool
    path: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file.hex(),
            "role": self.role,
            "size": self.size,
            "ways": list(self.ways),
            "time": None if self.came is None else iso_utc(self.came.millis),
            "device": self.device and self.device.name,
            "device_id": self.device and self.device.id.hex(),
            "here": self.here,
            "path": self.path,
        }


def versions_of(library: Library, record: RecordId) -> list[Version]:
    """The version that is shown, then the others, newest first."""
    with library.database.read():
        content = library.records.content(record) or EMPTY
        asset, fields, writers = view_asset(content), fields_of(content), Writers(library)
        files = [file for file, role in asset.files.items() if role in (_PRIMARY, "version")]
        found = [_version(library, asset, fields, writers, file) for file in files]
    return sorted(found, key=lambda each: (each.role != _PRIMARY, -(each.came.millis if each.came else 0), each.file))


def _version(library: Library, asset: AssetView, fields: Fields, writers: Writers, file: FileHash) -> Version:
    sources, held = asset.sources.get(file, ()), library.held.get(file)
    came = min(_cells_about(fields, file), key=lambda cell: cell.stamp, default=None)
    path = None if held is None else located(library, held)
    return Version(
        file=file,
        role=asset.files[file],
        size=sources[0].size if sources else None,
        ways=tuple(dict.fromkeys(source.way.value for source in sources)),
        came=None if came is None else came.stamp,
        device=None if came is None else writers.device_of(came.writer),
        here=path is not None and path.exists(),
        path=None if path is None else str(path),
    )


def _cells_about(fields: Fields, file: FileHash) -> Iterator[Cell]:
    yield from fields.sets.get(schema.SOURCE.name, {}).get(file.base64(), ())


def find_version(library: Library, record: RecordId, prefix: str) -> FileHash:
    """The version whose file's SHA-256 begins with ``prefix``. ``UsageError`` when none does, or several."""
    found = [each.file for each in versions_of(library, record) if prefix and each.file.hex().startswith(prefix.lower())]
    if len(found) == 1:
        return found[0]
    which = "No version of this photo is" if not found else f"{len(found)} versions of this photo are"
    raise UsageError(f"{which} called {prefix}.", hint="See `calotype versions ID`.")


def is_described(fields: Fields) -> bool:
    """Whether what was computed is of the primary file, as far as can be told: it was written together with it, or later."""
    primary = read_register(fields, schema.PRIMARY)
    media = max((cell.stamp for cell in fields.derived.get(schema.MEDIA.name, ())), default=b"")
    return primary is None or (media >= primary.cell.stamp and read_derived(fields, schema.MEDIA) is not None)
