"""Everything that import wants to know of one file, found out in one pass over it, in the process that calls.

The verdicts are those of ``findings``.
"""

from __future__ import annotations

import mmap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from peer.media.decoders import TURNED_BY_DECODER, DamagedPictureError, UnsupportedPictureError, failures_as_verdicts, open_picture
from peer.media.exif import ExifDirectories, parse_block, parse_raw
from peer.media.findings import Examination, Verdict, broken, undrawable
from peer.media.jpeg import exif_segment
from peer.media.limits import DecodeLimits
from peer.media.metadata import UPRIGHT, Metadata, orientation_of, read_metadata
from peer.media.movie import read_movie
from peer.media.pictures import draw, upright_size
from peer.media.structure import fault_of
from peer.media.tiff import Buffer, TiffFile
from peer.media.types import Kind, MediaType
from peer.media.xmp import MAX_PACKET_BYTES, read_packet

_XMP_TAG = 700

_NO_PICTURES = {
    Kind.RAW: "no picture is made of RAW files yet",
    Kind.VIDEO: "no picture is made of videos yet",
    Kind.OTHER: "no picture is made of files of this type yet",
}


def examine(path: Path, media: MediaType, *, want_preview: bool = False, limits: DecodeLimits = DecodeLimits()) -> Examination:  # noqa: B008
    """Examines the file at ``path``, which ``types.identify`` took for ``media``, in this very process.

    Pixels are limited here; memory and time only where a process of its own does this (``worker``).
    """
    try:
        with path.open("rb") as file:
            if not file.seek(0, 2):
                return broken("the file is empty")
            file.seek(0)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns about odd metadata; here it is a verdict or nothing
                return _examine(file, data, media, want_preview, limits)
    except OSError as error:
        return broken(f"the file can't be read: {error.strerror or 'input error'}")
    except MemoryError:
        return undrawable("it needs more memory than a decoder may use")


def _examine(file: BinaryIO, data: Buffer, media: MediaType, want_preview: bool, limits: DecodeLimits) -> Examination:
    fault = fault_of(data, media.name)
    if fault is not None and fault.broken:
        return broken(fault.reason)
    if media.kind is not Kind.PHOTO:
        return _without_pictures(data, media)
    if fault is not None:
        return undrawable(fault.reason, read_metadata(parse_block(exif_segment(data)), {}))
    return _photo(file, data, media, want_preview, limits)


def _without_pictures(data: Buffer, media: MediaType) -> Examination:
    reason = _NO_PICTURES[media.kind]
    if media.kind is Kind.RAW:
        return undrawable(reason, read_metadata(parse_raw(data, media.name), {}))
    if media.kind is Kind.VIDEO:
        movie = read_movie(data)
        return undrawable(reason, movie.metadata, movie.size)
    return undrawable(reason)


def _photo(file: BinaryIO, data: Buffer, media: MediaType, want_preview: bool, limits: DecodeLimits) -> Examination:
    """Never raises for what the file contains, but ``MemoryError``."""
    exif: Metadata = {}
    size: tuple[int, int] | None = None
    try:
        with open_picture(file, media.name) as image:
            exif = read_metadata(*_metadata_sources(image, data, media))
            orientation = UPRIGHT if media.name in TURNED_BY_DECODER else orientation_of(exif)
            size = upright_size(image.size, orientation)
            exif |= {"width": size[0], "height": size[1]}
            if size[0] * size[1] > limits.pixels:
                return undrawable(f"too many pixels: {size[0]} × {size[1]}", exif, size)
            with failures_as_verdicts(media.name):
                pictures = draw(image, orientation=orientation, want_preview=want_preview)
    except DamagedPictureError as error:
        return broken(str(error))
    except UnsupportedPictureError as error:
        return undrawable(str(error), exif, size)
    return Examination(
        verdict=Verdict.DRAWN,
        exif=exif,
        width=size[0],
        height=size[1],
        thumbnail=pictures.thumbnail,
        thumbhash=pictures.thumbhash,
        preview=pictures.preview,
    )


def _metadata_sources(image: Image.Image, data: Buffer, media: MediaType) -> tuple[ExifDirectories, Mapping[str, str]]:
    if media.name == "TIFF":
        tiff = TiffFile.parse(data)
        directory = tiff.first() if tiff else None
        return parse_block(data), read_packet(directory.raw(_XMP_TAG, limit=MAX_PACKET_BYTES) if directory else b"")
    block, packet = image.info.get("exif"), image.info.get("xmp")
    return parse_block(block if isinstance(block, bytes) else b""), read_packet(packet if isinstance(packet, bytes) else b"")
