"""The one decoder that each type of photograph is given to, and what its failures mean.

Pillow's own way to open a file tries decoders in turn and forgets what each of them said. Here the type is known, the others never see the
bytes, and the message tells whether the file is damaged or only of a variant that the decoder lacks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from PIL import AvifImagePlugin, GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

_Decoder = Callable[[BinaryIO], ImageFile.ImageFile]

_DECODERS: Mapping[str, _Decoder] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}

TURNED_BY_DECODER = frozenset({"HEIC", "HEIF", "TIFF"})
"""Types whose pictures come out upright; of all others the EXIF orientation is still to be applied."""

_SIGNS_OF_A_VARIANT = (
    "unsupported",
    "not supported",
    "not implemented",
    "no codec",
    "unknown",
    "cannot handle",
    "security limit",
    "too large",
)
_SIGNS_OF_NO_MEMORY = ("memory", "alloc")
"""Libraries below Pillow have no exception of their own for it."""

# Workflow texts that programs put into their PNGs pass Pillow's megabyte; a decoder's memory is limited anyway.
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 1024 * 1024

# The budget of pixels is checked before anything is decoded; Pillow's own would warn, and stop at less.
Image.MAX_IMAGE_PIXELS = None


class DamagedPictureError(Exception):
    """Bytes are missing or wrong."""


class UnsupportedPictureError(Exception):
    """The file may be whole; the decoder doesn't know this variant, or its own limits forbid it."""


def open_picture(file: BinaryIO, name: str) -> ImageFile.ImageFile:
    """Opens a photograph of the type ``name`` (as in ``types.TYPES``); its pixels are decoded when they are asked for.

    Raises ``DamagedPictureError``, ``UnsupportedPictureError``, ``MemoryError``.
    """
    with failures_as_verdicts(name):
        try:
            return (_heif_decoder() if name in ("HEIC", "HEIF") else _DECODERS[name])(file)
        except (SyntaxError, KeyError, ValueError) as error:
            if name == "TIFF":  # its structure is whole, and its variants are endless
                raise UnsupportedPictureError("this variant of TIFF can't be decoded") from error
            raise


@contextmanager
def failures_as_verdicts(name: str) -> Iterator[None]:
    """Whatever a decoder of ``name`` raises on hostile bytes becomes one of the two errors; only ``MemoryError`` passes."""
    try:
        yield
    except (DamagedPictureError, UnsupportedPictureError, MemoryError):
        raise
    except Exception as error:
        words = str(error).lower()
        if any(sign in words for sign in _SIGNS_OF_A_VARIANT):
            raise UnsupportedPictureError(f"this variant of {name} can't be decoded") from error
        if any(sign in words for sign in _SIGNS_OF_NO_MEMORY):
            raise MemoryError from error
        raise DamagedPictureError(f"the file is damaged: it can't be decoded as {name}") from error


@functools.cache
def _heif_decoder() -> _Decoder:
    """HEIC needs a library of its own, which takes longer to load than most photographs to decode: only when the first one comes.

    Its limits for hostile files stay on; embedded thumbnails, depth maps and auxiliary images aren't looked at.
    """
    import pillow_heif

    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    decoder: _Decoder = pillow_heif.HeifImageFile
    return decoder
