"""Everything that import wants to know of one file, found out in one pass over it, in the process that calls.

The verdicts are those of ``findings``.
"""

from __future__ import annotations

import mmap
import warnings
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from peer.media.blocks import Blocks, decoded_blocks, jpeg_blocks, raw_blocks, tiff_blocks
from peer.media.decoders import TURNED_BY_DECODER, DamagedPictureError, UnsupportedPictureError, failures_as_verdicts, open_picture
from peer.media.embedded import sensor_size
from peer.media.fields import fitting
from peer.media.films import poster_of
from peer.media.findings import NOT_ASKED_FOR, PREVIEW_EDGE, THUMBNAIL_EDGE, Examination, Verdict, broken, undrawable
from peer.media.limits import DecodeLimits
from peer.media.metadata import UPRIGHT, Metadata, orientation_of, read_metadata
from peer.media.motion import find_motion
from peer.media.movie import read_movie
from peer.media.pictures import LEAST_PREVIEW_EDGE, Pictures, draw, upright_size
from peer.media.raws import open_raw
from peer.media.structure import fault_of
from peer.media.tiff import Buffer
from peer.media.types import Kind, MediaType
from peer.media.webp import canvas_size

_SHOWN_BY_BROWSERS = frozenset({"JPEG", "PNG", "WebP", "AVIF", "GIF"})

_NOT_ENOUGH_MEMORY = "it needs more memory than a decoder may use"
_DAMAGED_OR_TOO_LARGE = "it is damaged, or needs more memory than a decoder may use"
_BYTES_A_PIXEL = 24
"""What decoding may take, above all of AVIF. Some decoders call a file damaged when they have no memory for it; a whole file mustn't be left out for that."""

_NO_PICTURE = "no picture is made of files of this type yet"


def examine(
    path: Path,
    media: MediaType,
    *,
    want_preview: bool = False,
    want_pictures: bool = True,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008
) -> Examination:
    """Examines the file at ``path``, which ``types.identify`` took for ``media``, in this very process.

    Without ``want_pictures`` of films and RAW files only what their headers say: they are parts of a photo that has its own picture.
    Pixels are limited here; memory and time only where a process of its own does this (``worker``).
    """
    try:
        with path.open("rb") as file:
            if not file.seek(0, 2):
                return broken("the file is empty")
            file.seek(0)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns about odd metadata; here it is a verdict or nothing
                draws = want_pictures or media.kind not in (Kind.VIDEO, Kind.RAW)
                found = _examine(file, data, media, want_preview, limits) if draws else _header(data, media)
                return replace(found, exif=fitting(found.exif))
    except OSError as error:
        return broken(f"the file can't be read: {error.strerror or 'input error'}")
    except MemoryError:
        return undrawable(_NOT_ENOUGH_MEMORY)


def _examine(file: BinaryIO, data: Buffer, media: MediaType, want_preview: bool, limits: DecodeLimits) -> Examination:
    fault = fault_of(data, media.name)
    if fault is not None and fault.broken:
        return broken(fault.reason)
    if media.kind is Kind.VIDEO:
        return _film(file, data, media, want_preview, limits)
    if media.kind is Kind.RAW:
        return _raw(file, data, media, want_preview, limits)
    if media.kind is Kind.OTHER:
        return undrawable(_NO_PICTURE)
    if fault is not None:
        return undrawable(fault.reason, _metadata_of(jpeg_blocks(data)))
    return _photo(file, data, media, want_preview, limits)


def _header(data: Buffer, media: MediaType) -> Examination:
    fault = fault_of(data, media.name)
    if fault is not None and fault.broken:
        return broken(fault.reason)
    said = read_movie(data).metadata if media.kind is Kind.VIDEO else _metadata_of(raw_blocks(data, media.name))
    return undrawable(NOT_ASKED_FOR, said)


def _photo(file: BinaryIO, data: Buffer, media: MediaType, want_preview: bool, limits: DecodeLimits) -> Examination:
    exif: Metadata = {}
    size: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()
    try:
        with open_picture(file, media.name) as image:
            blocks = _blocks_of(image, data, media)
            exif = _metadata_of(blocks)
            motion = find_motion(data, blocks.xmp)
            if motion.extent:
                exif["motion"] = [*motion.extent]
            notes = (motion.problem,) if motion.problem else ()
            orientation = UPRIGHT if media.name in TURNED_BY_DECODER else orientation_of(exif)
            size = upright_size(image.size, orientation)
            if size[0] * size[1] > limits.pixels:
                raise UnsupportedPictureError(f"too many pixels: {size[0]} × {size[1]}")
            with failures_as_verdicts(media.name):
                shown = media.name in _SHOWN_BY_BROWSERS
                pictures = draw(image, orientation=orientation, want_preview=want_preview, shown_by_browsers=shown)
    except DamagedPictureError as error:
        claimed = canvas_size(data) if size is None and media.name == "WebP" else size
        if claimed and claimed[0] * claimed[1] * _BYTES_A_PIXEL > limits.memory:
            return undrawable(_DAMAGED_OR_TOO_LARGE, _sized(exif, claimed), claimed, notes)
        return broken(str(error))
    except UnsupportedPictureError as error:
        return undrawable(str(error), _sized(exif, size), size, notes)
    except MemoryError:
        return undrawable(_NOT_ENOUGH_MEMORY, _sized(exif, size), size, notes)
    return _drawn(pictures, _sized(exif, size), size, notes)


def _film(file: BinaryIO, data: Buffer, media: MediaType, want_preview: bool, limits: DecodeLimits) -> Examination:
    """What its own header says comes before what a decoder says."""
    movie = read_movie(data)
    try:
        poster = poster_of(file, media.name, edge=PREVIEW_EDGE if want_preview else THUMBNAIL_EDGE, pixels=limits.pixels)
        pictures = draw(poster.image, orientation=UPRIGHT, want_preview=want_preview, shown_by_browsers=False)
    except UnsupportedPictureError as error:
        return undrawable(str(error), movie.metadata, movie.size)
    except MemoryError:
        return undrawable(_NOT_ENOUGH_MEMORY, movie.metadata, movie.size)
    size = movie.size or poster.size
    seen: Metadata = {"duration": poster.duration, "taken": None if movie.size else poster.taken}
    exif = {name: value for name, value in seen.items() if value is not None} | movie.metadata
    return _drawn(pictures, _sized(exif, size), size)


def _raw(file: BinaryIO, data: Buffer, media: MediaType, want_preview: bool, limits: DecodeLimits) -> Examination:
    exif = _metadata_of(raw_blocks(data, media.name))
    orientation = orientation_of(exif)
    sensor = sensor_size(data, media.name)
    size = upright_size(sensor, orientation) if sensor else None
    edge = LEAST_PREVIEW_EDGE if want_preview else THUMBNAIL_EDGE
    try:
        raw = open_raw(file, data, media.name, orientation=orientation, edge=edge, pixels=limits.pixels)
        size = size or upright_size(raw.size, raw.orientation)
        pictures = draw(raw.image, orientation=raw.orientation, want_preview=want_preview, shown_by_browsers=False)
    except UnsupportedPictureError as error:
        return undrawable(str(error), _sized(exif, size), size)
    except MemoryError:
        return undrawable(_NOT_ENOUGH_MEMORY, _sized(exif, size), size)
    return _drawn(pictures, _sized(exif, size), size)


def _drawn(pictures: Pictures, exif: Metadata, size: tuple[int, int], notes: tuple[str, ...] = ()) -> Examination:
    return Examination(
        verdict=Verdict.DRAWN,
        exif=exif,
        width=size[0],
        height=size[1],
        thumbnail=pictures.thumbnail,
        thumbhash=pictures.thumbhash,
        preview=pictures.preview,
        notes=notes,
    )


def _metadata_of(blocks: Blocks) -> Metadata:
    return read_metadata(blocks.exif, blocks.xmp, blocks.iptc)


def _sized(exif: Metadata, size: tuple[int, int] | None) -> Metadata:
    return exif | {"width": size[0], "height": size[1]} if size else exif


def _blocks_of(image: Image.Image, data: Buffer, media: MediaType) -> Blocks:
    """From the file itself where that is simple: decoders leave some of it out."""
    if media.name == "JPEG":
        return jpeg_blocks(data)
    return tiff_blocks(data) if media.name == "TIFF" else decoded_blocks(image.info)
