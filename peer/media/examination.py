"""Everything that import wants to know of one file, found out in one pass over it, in the process that calls.

The verdicts are those of ``findings``.
"""

from __future__ import annotations

import functools
import mmap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from PIL import AvifImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from peer.media.exif import ExifDirectories, parse_block, parse_raw
from peer.media.findings import Examination, Verdict, broken, undrawable
from peer.media.jpeg import exif_segment
from peer.media.limits import DecodeLimits
from peer.media.metadata import UPRIGHT, Metadata, orientation_of, read_metadata
from peer.media.movie import read_movie
from peer.media.pictures import Pictures, draw, upright_size
from peer.media.structure import fault_of
from peer.media.tiff import Buffer, TiffFile
from peer.media.types import Kind, MediaType
from peer.media.xmp import MAX_PACKET_BYTES, read_packet

_DECODERS: Mapping[str, str] = {
    "JPEG": JpegImagePlugin.JpegImageFile.format,
    "PNG": PngImagePlugin.PngImageFile.format,
    "WebP": WebPImagePlugin.WebPImageFile.format,
    "AVIF": AvifImagePlugin.AvifImageFile.format,
    "TIFF": TiffImagePlugin.TiffImageFile.format,
    "GIF": GifImagePlugin.GifImageFile.format,
    "HEIC": "HEIF",
    "HEIF": "HEIF",
}
"""The one decoder that each type is given to; the others never see its bytes."""

_WITHOUT_VARIANTS = frozenset({"JPEG", "PNG", "WebP", "GIF"})
"""Decoders that know the whole format: what they don't open is damaged. The others may lack a codec."""

_TURNED_BY_DECODER = frozenset({"HEIC", "HEIF", "TIFF"})
_XMP_TAG = 700

_NO_PICTURES = {
    Kind.RAW: "no picture is made of RAW files yet",
    Kind.VIDEO: "no picture is made of videos yet",
    Kind.OTHER: "no picture is made of files of this type yet",
}

# Workflow texts that programs put into their PNGs pass Pillow's megabyte; a decoder's memory is limited anyway.
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 1024 * 1024


class _BrokenError(Exception):
    """The file is damaged; the message says how."""


class _UndrawableError(Exception):
    """The file may be whole, but no picture comes of it; the message says why."""


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
        with _opened(file, media) as image:
            exif = read_metadata(*_metadata_sources(image, data, media))
            orientation = UPRIGHT if media.name in _TURNED_BY_DECODER else orientation_of(exif)
            size = upright_size(image.size, orientation)
            exif |= {"width": size[0], "height": size[1]}
            if size[0] * size[1] > limits.pixels:
                return undrawable(f"too many pixels: {size[0]} × {size[1]}", exif, size)
            pictures = _drawn(image, media, orientation, want_preview)
    except _BrokenError as error:
        return broken(str(error))
    except _UndrawableError as error:
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


def _opened(file: BinaryIO, media: MediaType) -> Image.Image:
    if media.name in ("HEIC", "HEIF"):
        _register_heif()
    try:
        return Image.open(file, formats=[_DECODERS[media.name]])
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything at all on hostile bytes
        if media.name in _WITHOUT_VARIANTS:
            raise _BrokenError(f"the file is damaged: it can't be opened as {media.name}") from error
        raise _UndrawableError(f"this variant of {media.name} can't be decoded") from error


def _drawn(image: Image.Image, media: MediaType, orientation: int, want_preview: bool) -> Pictures:
    try:
        return draw(image, orientation=orientation, want_preview=want_preview)
    except MemoryError:
        raise
    except Exception as error:  # as above
        if media.name not in _WITHOUT_VARIANTS and "unsupported" in str(error).lower():
            raise _UndrawableError(f"this variant of {media.name} can't be decoded") from error
        raise _BrokenError(f"the file is damaged: it can't be decoded as {media.name}") from error


def _metadata_sources(image: Image.Image, data: Buffer, media: MediaType) -> tuple[ExifDirectories, Mapping[str, str]]:
    if media.name == "TIFF":
        tiff = TiffFile.parse(data)
        directory = tiff.first() if tiff else None
        return parse_block(data), read_packet(directory.raw(_XMP_TAG, limit=MAX_PACKET_BYTES) if directory else b"")
    block, packet = image.info.get("exif"), image.info.get("xmp")
    return parse_block(block if isinstance(block, bytes) else b""), read_packet(packet if isinstance(packet, bytes) else b"")


@functools.cache
def _register_heif() -> None:
    """HEIC needs a library of its own, which takes longer to load than most photographs to decode: only when the first one comes.

    Its limits for hostile files stay on; embedded thumbnails, depth maps and auxiliary images aren't looked at.
    """
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
