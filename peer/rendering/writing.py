"""A rendered picture as a file: JPEG, PNG, WebP or TIFF, with the sRGB profile, and with what its original said of itself as far as that still holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from PIL import Image, PngImagePlugin, TiffImagePlugin

from peer.media.decoders import failures_as_verdicts
from peer.rendering.exif_copies import exif_copy
from peer.rendering.messages import Form, Output
from peer.rendering.srgb import srgb_profile
from peer.rendering.xmp_copies import xmp_copy

_ORIENTATION, _XMP, _MAKER_NOTE, _EXIF_POINTER, _GPS_POINTER = 0x0112, 0x02BC, 0x927C, 0x8769, 0x8825
_POINTERS = frozenset({_EXIF_POINTER, _GPS_POINTER})
_MAX_JPEG_EXIF = 65_531
_FINE_QUALITY = 90
"""From here on colours are written as finely as brightness."""

_DESCRIPTIVE = (270, 271, 272, 282, 283, 296, 305, 306, 315, 33432, _EXIF_POINTER, _GPS_POINTER)
"""Tags of a TIFF's own directory that tell about the picture; the others tell how it lies in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptions:
    """An EXIF block and an XMP packet, empty when there is none."""

    exif: bytes = b""
    xmp: bytes = b""

    @classmethod
    def of(cls, image: Image.Image) -> Descriptions:
        """Those of an opened picture."""
        exif, xmp = image.info.get("exif"), image.info.get("xmp")
        if image.format == "TIFF":
            exif = _exif_of_tiff(image)
        return cls(exif=exif if isinstance(exif, bytes) else b"", xmp=xmp if isinstance(xmp, bytes) else b"")

    def of_size(self, size: tuple[int, int]) -> Descriptions:
        """The same for an upright picture of ``size``."""
        return Descriptions(exif=exif_copy(self.exif, size), xmp=xmp_copy(self.xmp, size))


def write_picture(picture: Image.Image, descriptions: Descriptions, output: Output) -> None:
    """Into a file that is the caller's, durable. Raises ``OSError``, ``UnsupportedPictureError``."""
    picture.info = {}
    try:
        _save(picture, descriptions.of_size(picture.size), output)
    except (OSError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - what strangers wrote into a description must not keep the picture from being written
        with failures_as_verdicts(output.form.value):
            _save(picture, Descriptions(), output)


def _save(picture: Image.Image, descriptions: Descriptions, output: Output) -> None:
    exif, xmp, quality = descriptions.exif, descriptions.xmp, output.quality
    with output.path.open("wb") as file:
        match output.form:
            case Form.JPEG:
                sampling = "4:4:4" if quality >= _FINE_QUALITY else "4:2:0"
                options = {"quality": quality, "subsampling": sampling, "optimize": True}
                _without_alpha(picture).save(file, "JPEG", icc_profile=srgb_profile(), exif=_fitting(exif), xmp=xmp, **options)
            case Form.WEBP:
                picture.save(file, "WEBP", icc_profile=srgb_profile(), exif=exif, xmp=xmp, quality=quality, method=4)
            case Form.PNG:
                texts = PngImagePlugin.PngInfo()
                if xmp:
                    texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
                picture.save(file, "PNG", icc_profile=srgb_profile(), exif=exif, pnginfo=texts)
            case Form.TIFF:
                picture.save(file, "TIFF", icc_profile=srgb_profile(), tiffinfo=_tags(exif, xmp))
        file.flush()
        os.fsync(file.fileno())


def _without_alpha(picture: Image.Image) -> Image.Image:
    """JPEG shows nothing through: on white, as on paper."""
    if picture.mode != "RGBA":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _fitting(exif: bytes) -> bytes:
    """A JPEG has room for 64 KiB of it; what doesn't fit goes without its maker's note, the only large part."""
    if len(exif) <= _MAX_JPEG_EXIF:
        return exif
    block = Image.Exif()
    block.load(exif)
    block.get_ifd(_EXIF_POINTER).pop(_MAKER_NOTE, None)
    smaller = block.tobytes()
    return smaller if len(smaller) <= _MAX_JPEG_EXIF else b""


def _exif_of_tiff(image: Image.Image) -> bytes:
    """A TIFF file is its own EXIF block, among much else."""
    own: Any = image.getexif()
    block = Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in own:
            block[tag] = own.get_ifd(tag) if tag in _POINTERS else own[tag]
    return block.tobytes() if len(block) else b""


def _tags(exif: bytes, xmp: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    """For a TIFF's own directory."""
    block, tags = Image.Exif(), TiffImagePlugin.ImageFileDirectory_v2()
    if exif:
        block.load(exif)
    for tag in _DESCRIPTIVE:
        if tag in block:
            tags[tag] = block.get_ifd(tag) if tag in _POINTERS else block[tag]
    tags[_ORIENTATION] = 1
    if xmp:
        tags[_XMP] = xmp
    return tags
