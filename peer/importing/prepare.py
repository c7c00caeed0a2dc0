"""From a file that was found to everything that its asset needs, before anything is committed.

Reads the source only; what it leaves behind when it is interrupted lies in the incoming folder, where it may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from crdt.asset import add_source
from crdt.draft import Draft
from crdt.facts import Rendition, Source
from peer.importing.grouping import SIDECAR_TYPES, split_name
from peer.importing.outcome import LeftOut
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.placing import write_rendition
from peer.library.segments import Sealing, name_blobs
from peer.media.findings import NOT_ASKED_FOR, Examination, Verdict
from peer.media.sidecars import MAX_SIDECAR_BYTES, read_sidecar
from peer.media.types import HEAD_BYTES, Kind, MediaType, Reject, identify
from peer.originals.copying import Copied, HashedSource, copy_verified, hash_source, read_head
from peer.originals.errors import CopyFailedError, SourceChangedError
from peer.originals.held import HeldStamp
from peer.originals.names import display
from peer.originals.scan import Found
from peer.seams import RunBlocking
from store.ids import BlobId, FileHash, RecordKind

READINGS = 3
MAX_SIDECAR_FILE_BYTES = 256 * 1024 * 1024
"""What is called like a sidecar and is larger isn't taken for one."""

SIDECARS = {
    "XMP": MediaType(name="XMP", kind=Kind.OTHER, media="application/rdf+xml", extensions=("xmp",)),
    "AAE": MediaType(name="AAE", kind=Kind.OTHER, media="application/x-apple-adjustments", extensions=("aae",)),
}


class Examiner(Protocol):
    """What looks into files: worker processes with limits (``peer.media.worker``), or this process in tests."""

    async def examine(self, path: Path, media: MediaType, *, want_preview: bool = False, want_pictures: bool = True) -> Examination: ...


OpenPool = Callable[[], AbstractAsyncContextManager[Examiner]]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What an import works with: who looks into files, and the folder that copies are made in."""

    decoders: Examiner
    incoming: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A thumbnail that was written, and the blob that it becomes."""

    held: HeldFile
    rendition: Rendition


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file that is ready to become an asset, a part of one, or to be held for one that exists. ``thumbnail``: once it was written, which
    only what is a photo by itself needs. A sidecar's examination has what the sidecar says.
    """

    source: Path
    source_stamp: HeldStamp
    name: str
    media: MediaType
    copied: Copied
    sealing: Sealing
    examination: Examination
    thumbnail: Picture | None = None

    @property
    def file(self) -> FileHash:
        return self.copied.file

    @property
    def way(self) -> Source:
        return self.sealing.source(self.copied.stamp.size)

    @property
    def is_sidecar(self) -> bool:
        return self.media.name in SIDECARS

    def discard(self) -> None:
        """The copy isn't needed after all."""
        self.copied.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A file of a known type and its hash."""

    found: Found
    media: MediaType
    hashed: HashedSource

    @property
    def is_sidecar(self) -> bool:
        return self.media.name in SIDECARS


def identify_file(found: Found) -> Identified | LeftOut:
    """What it is and what its bytes are called. A file that changes meanwhile is read again, a few times. Raises ``SourceError``."""
    media = _media_of(found)
    if isinstance(media, Reject):
        return LeftOut(path=found.path, reason=media.reason, expected=media.expected)
    return Identified(found=found, media=media, hashed=_hash_patiently(found.path))


def _media_of(found: Found) -> MediaType | Reject:
    """Sidecars are known by their names: what they contain may be anything, and stays with the photo."""
    sidecar = SIDECAR_TYPES.get(split_name(found.path.name)[1])
    if sidecar is None:
        return identify(read_head(found.path, HEAD_BYTES), found.path.name)
    if not found.stamp.size:
        return Reject(reason="the file is empty")
    if found.stamp.size > MAX_SIDECAR_FILE_BYTES:
        return Reject(reason="too large to be a sidecar")
    return SIDECARS[sidecar]


def _hash_patiently(path: Path) -> HashedSource:
    for _ in range(READINGS - 1):
        try:
            return hash_source(path)
        except SourceChangedError:
            continue
    return hash_source(path)


async def prepare(
    library: Library, identified: Identified, workshop: Workshop, run_blocking: RunBlocking, *, want_pictures: bool = True
) -> Prepared | LeftOut:
    """Copy, verify, examine, seal. ``want_pictures``: not of a film or RAW file that will be a part of a photo.

    Raises ``SourceError``, ``CopyDamagedError``, ``CopyFailedError``, ``NoSpaceLeftError``, ``NoSpaceError``."""
    path = identified.found.path
    copied = await run_blocking(lambda: copy_verified(path, workshop.incoming, expected=identified.hashed))
    try:
        if identified.is_sidecar:
            examination = await run_blocking(_read_sidecar, copied.path, path.name)
        else:
            examination = await workshop.decoders.examine(copied.path, identified.media, want_pictures=want_pictures)
        if examination.verdict is Verdict.BROKEN:
            copied.path.unlink(missing_ok=True)
            return LeftOut(path=path, reason=examination.problem or "it is damaged")
        return await run_blocking(_seal, library, identified, copied, examination)
    except BaseException as error:
        copied.path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CopyFailedError(f"The copy of {display(path)} can't be read any more: {error.strerror}.") from error
        raise


def _read_sidecar(path: Path, name: str) -> Examination:
    """One that can't be read keeps its bytes, and its reason."""
    with path.open("rb") as stream:
        reading = read_sidecar(stream.read(MAX_SIDECAR_BYTES + 1), name)
    return Examination(verdict=Verdict.UNDRAWABLE, exif=reading.exif, notes=(reading.problem,) if reading.problem else ())


def _seal(library: Library, identified: Identified, copied: Copied, examination: Examination) -> Prepared:
    return Prepared(
        source=identified.found.path,
        source_stamp=identified.hashed.stamp,
        name=identified.found.path.name,
        media=identified.media,
        copied=copied,
        sealing=name_blobs(copied.path, copied.stamp.size, library.write_epoch()),
        examination=examination,
    )


def is_unseen(prepared: Prepared) -> bool:
    """Whether only its header was read, because it looked like a part of a photo."""
    return prepared.examination.problem == NOT_ASKED_FOR


async def looked_at(prepared: Prepared, workshop: Workshop) -> Prepared:
    """The same with all that there is to find out; it is a photo by itself after all."""
    examination = await workshop.decoders.examine(prepared.copied.path, prepared.media)
    if examination.verdict is Verdict.BROKEN:  # its structure was found whole, so it is the disk that can't give it back
        raise CopyFailedError(f"The copy of {display(prepared.source)} can't be read any more: {examination.problem}.")
    return replace(prepared, examination=examination)


def with_thumbnail(library: Library, prepared: Prepared) -> Prepared:
    """The same with its thumbnail, which is written now; as it is when it has one, or can't have any. Raises
    ``CopyFailedError``, ``NoSpaceError``."""
    picture = prepared.examination.thumbnail
    if picture is None or prepared.thumbnail is not None:
        return prepared
    try:
        held = write_rendition(library, "thumbnail", picture.data)
        blobs = name_blobs(library.folder.root / held.path, held.size, library.write_epoch()).blobs
    except OSError as error:
        raise CopyFailedError(f"The thumbnail of {display(prepared.source)} can't be written: {error.strerror}.") from error
    rendition = rendition_of(held, picture.width, picture.height, picture.media, blobs)
    return replace(prepared, thumbnail=Picture(held=held, rendition=rendition))


def rendition_of(held: HeldFile, width: int, height: int, media: str, blobs: tuple[BlobId, ...]) -> Rendition:
    return Rendition(file=held.file, size=held.size, width=width, height=height, media=media, blobs=blobs)


def describe_new(draft: Draft, prepared: Prepared) -> None:
    """Everything that the record of a new asset says."""
    draft.set("primary", bytes(prepared.copied.file))
    draft.add("name", prepared.name)
    add_source(draft, prepared.copied.file, prepared.way)
    draft.derive("kind", prepared.media.kind.value)
    draft.derive("media", prepared.media.media)
    exif = exif_of(prepared.examination)
    if exif:
        draft.derive("exif", exif)
    if prepared.examination.thumbhash is not None:
        draft.derive("thumbhash", prepared.examination.thumbhash)
    if prepared.thumbnail is not None:
        draft.derive("thumbnail", prepared.thumbnail.rendition.value())


def exif_of(examination: Examination) -> dict[str, Any]:
    """The derived field ``exif``: what the file says of itself, and its size as it is looked at."""
    size: Mapping[str, int | None] = {"width": examination.width, "height": examination.height}
    return {**examination.exif, **{name: value for name, value in size.items() if value}}


def check_describable(prepared: Prepared) -> LeftOut | None:
    """Whether a record can hold it: found out here, where it costs one file, and not in the transaction of a hundred."""
    try:
        describe_new(Draft(RecordKind.ASSET), prepared)
    except ValueError as error:
        return LeftOut(path=prepared.source, reason=f"its record can't hold it: {error}")
    return None
