"""One photo after the other into a folder: originals with all their parts, and on demand what is made of them.

A photo that can't be exported whole costs itself: what is here of it is exported, and it is listed with the reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import trio

from crdt.facts import Motion
from peer.exporting.destination import DamagedSourceError, Destination
from peer.exporting.names import EDITED
from peer.exporting.photos import Photo, photo_of
from peer.library.library import Library
from peer.library.renderings import edits_key
from peer.library.texts import readable
from peer.media.sidecars import MAX_SIDECAR_BYTES, write_sidecar
from peer.originals.copying import BLOCK_BYTES
from peer.rendering.messages import Form, Output, RenderRequest
from peer.rendering.reading import read_parameters
from peer.rendering.renderers import Renderer
from peer.rendering.to_file import media_of
from store.ids import FileHash, RecordId

QUALITY = 92
_FILM = ".mp4"
_SUFFIXES = {Form.JPEG: ".jpg", Form.PNG: ".png", Form.WEBP: ".webp", Form.TIFF: ".tif"}
_FORMS = {"PNG": Form.PNG, "GIF": Form.PNG, "WebP": Form.WEBP, "TIFF": Form.TIFF}
"""In what the edited picture is written: as the original, where that can show through or has every bit; all others as JPEG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What beside the originals: rendered pictures of edited photos, XMP sidecars with what the library knows, films out of motion photos."""

    edited: bool = False
    sidecars: bool = False
    motion: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A photo that wasn't exported as a whole, and why."""

    record: RecordId
    name: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"id": self.record.body.hex(), "name": self.name, "reason": self.reason}


@dataclass(slots=True, kw_only=True)
class Exported:
    """``photos`` that were exported as a whole, ``files`` that are in the folder for them and the others."""

    photos: int = 0
    files: int = 0
    failed: list[Failure] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"exported": self.photos, "files": self.files, "failed": [failure.to_json() for failure in self.failed]}


class Exporter:
    """Exports from one library into one folder."""

    def __init__(self, library: Library, destination: Destination, wanted: Wanted, renderer: Renderer, exported: Exported) -> None:
        self._library = library
        self._destination = destination
        self._wanted = wanted
        self._renderer = renderer
        self.exported = exported

    async def run(self, records: Iterable[RecordId]) -> None:
        """Raises ``NoSpaceError``, ``DecodersUnavailableError``; ``exported`` then says what was done."""
        for record in records:
            photo = photo_of(self._library, record)
            if photo is None:
                continue
            reasons = await self._export(photo)
            if reasons:
                name = readable(next(iter(photo.view.names), record.body.hex()))
                self.exported.failed.append(Failure(record=record, name=name, reason="; ".join(reasons)))
            else:
                self.exported.photos += 1

    async def _export(self, photo: Photo) -> list[str]:
        """What kept the photo from being exported as a whole."""
        number = self._destination.free_number(lambda number: self._planned(photo, number))
        reasons = [f"its {_word(role)} isn't on this device, and no node in reach has it" for role in photo.missing]
        steps: list[Callable[[], Awaitable[None]]] = [
            partial(self._copy, photo, role, number) for role in photo.here if not self._is_replaced(role)
        ]
        if self._wanted.sidecars:
            steps.append(partial(self._write_sidecar, photo, number))
        if self._wanted.motion and photo.view.exif.motion is not None and "primary" in photo.here:
            steps.append(partial(self._extract_film, photo, photo.view.exif.motion, number))
        if self._wanted.edited and edits_key(photo.view) and "primary" in photo.here:
            steps.append(partial(self._render, photo, number))
        for step in steps:
            try:
                await step()
                self.exported.files += 1
            except _PartFailedError as error:
                reasons.append(str(error))
            except OSError as error:
                reasons.append(f"a file of it can't be read or written: {error.strerror or 'input error'}")
        return reasons

    def _planned(self, photo: Photo, number: int) -> dict[str, FileHash]:
        return {photo.names.of(role, number): file for role, file in photo.files.items() if not self._is_replaced(role)}

    def _is_replaced(self, role: str) -> bool:
        """The photo's own sidecar is written anew, with all that it says."""
        return self._wanted.sidecars and role == "sidecar"

    async def _copy(self, photo: Photo, role: str, number: int) -> None:
        await trio.lowlevel.checkpoint()
        try:
            self._destination.copy(photo.here[role], photo.names.of(role, number), photo.files[role], photo.taken_ns)
        except DamagedSourceError as error:
            raise _PartFailedError(f"its {_word(role)} on this device isn't what was imported: see `calotype verify`") from error

    async def _write_sidecar(self, photo: Photo, number: int) -> None:
        existing = None
        if "sidecar" in photo.here and photo.here["sidecar"].stat().st_size <= MAX_SIDECAR_BYTES:
            existing = photo.here["sidecar"].read_bytes()
        ending = photo.names.endings.get("sidecar", photo.names.endings["primary"] + ".xmp")
        with self._destination.new(_numbered(photo, ending, number), photo.taken_ns) as written:
            written.write_bytes(write_sidecar(photo.view, existing))

    async def _extract_film(self, photo: Photo, motion: Motion, number: int) -> None:
        source = photo.here["primary"]
        left = motion.size
        if not 0 < left <= source.stat().st_size - motion.offset:
            raise _PartFailedError("its film isn't where it should be in the file")
        names = _numbered(photo, _FILM, number)
        with self._destination.new(names, photo.taken_ns) as written, source.open("rb") as reader, written.open("wb") as writer:
            reader.seek(motion.offset)
            while left and (block := reader.read(min(left, BLOCK_BYTES))):
                left -= writer.write(block)

    async def _render(self, photo: Photo, number: int) -> None:
        source = photo.here["primary"]
        media = media_of(source)
        if media is None:
            raise _PartFailedError("its original can't be read")
        form = _FORMS.get(media.name, Form.JPEG)
        with self._destination.new(_numbered(photo, EDITED + _SUFFIXES[form], number), photo.taken_ns) as written:
            parameters = read_parameters(photo.view.edits).parameters
            output = Output(path=written.absolute(), form=form, quality=QUALITY)
            rendered = await self._renderer.render(RenderRequest(path=source, media=media, parameters=parameters, output=output))
            if rendered.problem is not None:
                raise _PartFailedError(f"its edited picture can't be rendered: {rendered.problem}")


class _PartFailedError(Exception):
    """Something that belongs to a photo can't be exported, for the reason that the words give."""


def _numbered(photo: Photo, ending: str, number: int) -> Iterator[str]:
    """Names for what is made here, from ``number`` on."""
    return (photo.names.ending_in(ending, each) for each in itertools.count(number))


def _word(role: str) -> str:
    return {"primary": "original", "raw": "RAW file", "motion": "film", "adjustments": "list of adjustments"}.get(role, "sidecar")
