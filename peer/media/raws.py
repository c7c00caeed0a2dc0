"""A picture of a RAW file: the camera's own, which lies in it as a JPEG, or what LibRaw makes of the sensor's data.

The camera's picture is what its owner saw when taking it, and costs no more than a photograph. Only where there is none, or only a stamp-sized one,
the data is developed, at half its size, by rawpy (LibRaw): an extra, loaded when it is needed first.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

from peer.media.decoders import DamagedPictureError, UnsupportedPictureError, failures_as_verdicts, open_picture
from peer.media.embedded import EmbeddedPicture, embedded_pictures
from peer.media.exif import parse_block
from peer.media.metadata import UPRIGHT, orientation_of, read_metadata
from peer.media.pictures import reduce_decoding
from peer.media.tiff import Buffer

NEEDS_EXTRA = "a picture of this RAW file needs the extra: pip install 'calotype[raw]'"
UNREADABLE = "LibRaw can't decode this RAW file"

LARGE_ENOUGH = 1_024
"""An embedded picture with a longer side than this is taken without asking for the sensor's data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPicture:
    """``image`` may still have to be decoded, and turned by ``orientation``. ``size``: of the picture that it was made of, before that turn."""

    image: Image.Image
    orientation: int
    size: tuple[int, int]


def open_raw(file: BinaryIO, data: Buffer, name: str, *, orientation: int, edge: int, pixels: int) -> RawPicture:
    """The best picture that a RAW file of the type ``name`` (as in ``types.TYPES``) gives at little cost; ``data`` is all of ``file``. ``orientation`` is
    what its own EXIF says. At least ``edge`` pixels on the longer side are kept where there are that many. Nothing of more than ``pixels`` is decoded.

    Raises ``UnsupportedPictureError`` with the reason, ``MemoryError``.
    """
    found = [picture for picture in embedded_pictures(data, name) if picture.width * picture.height <= pixels]
    large = [picture for picture in found if max(picture.width, picture.height) >= LARGE_ENOUGH]
    for picture in large:
        opened = _opened(data, picture, orientation, edge)
        if opened is not None:
            return opened
    try:
        return _developed(file, pixels)
    except UnsupportedPictureError:
        for picture in found[len(large) :]:
            opened = _opened(data, picture, orientation, edge)
            if opened is not None:
                return opened
        raise


def _opened(data: Buffer, picture: EmbeddedPicture, orientation: int, edge: int) -> RawPicture | None:
    """``None`` when it can't be decoded. It is turned as it says itself, and as the file says when it doesn't."""
    jpeg = data[picture.offset : picture.offset + picture.length]
    try:
        image = open_picture(io.BytesIO(jpeg), "JPEG")
        with failures_as_verdicts("JPEG"):
            reduce_decoding(image, edge)
            image.load()
    except (DamagedPictureError, UnsupportedPictureError):
        return None
    block = image.info.get("exif")
    own = read_metadata(parse_block(block if isinstance(block, bytes) else b""), {})
    turned = orientation_of(own) if "orientation" in own else orientation
    return RawPicture(image=image, orientation=turned, size=(picture.width, picture.height))


def _developed(file: BinaryIO, pixels: int) -> RawPicture:
    """By LibRaw, which turns it itself."""
    try:
        import rawpy
    except ModuleNotFoundError as error:
        raise UnsupportedPictureError(NEEDS_EXTRA) from error
    except ImportError as error:
        raise UnsupportedPictureError("rawpy is installed, but doesn't load") from error
    try:
        file.seek(0)
        with rawpy.imread(file) as raw:
            sizes = raw.sizes
            if sizes.raw_width * sizes.raw_height > pixels:
                raise UnsupportedPictureError(f"too many pixels: {sizes.raw_width} × {sizes.raw_height}")
            developed = raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8)
            size = (sizes.height, sizes.width) if sizes.flip in (5, 6) else (sizes.width, sizes.height)
            image = Image.fromarray(developed[:, :, 0] if developed.shape[2] == 1 else developed)  # some sensors see no colours
    except (UnsupportedPictureError, MemoryError):
        raise
    except Exception as error:  # whatever LibRaw makes of hostile bytes: the file stays what it is, only its picture is missing
        raise UnsupportedPictureError(UNREADABLE) from error
    return RawPicture(image=image, orientation=UPRIGHT, size=size)
