"""From a file to what is wanted of it as edited, in the process that calls: ``render_worker`` gives it limits.

Nothing that a file contains is an error: it is an answer with its reason.
"""

from __future__ import annotations

import math
import mmap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

from peer.media.colour import eight_bit, to_srgb
from peer.media.decoders import TURNED_BY_DECODER, DamagedPictureError, UnsupportedPictureError, failures_as_verdicts, open_picture
from peer.media.exif import parse_block, parse_raw
from peer.media.findings import PREVIEW_EDGE, THUMBNAIL_EDGE, Picture
from peer.media.limits import DecodeLimits
from peer.media.metadata import UPRIGHT, orientation_of, read_metadata
from peer.media.pictures import as_preview, as_webp, reduce_decoding, shrunk, upright, upright_size
from peer.media.raws import open_raw
from peer.media.types import Kind
from peer.rendering.framing import frame_of
from peer.rendering.messages import Rendered, RenderRequest
from peer.rendering.pictures import render
from peer.rendering.writing import Descriptions, write_picture

_LEAST_PREVIEW_EDGE = PREVIEW_EDGE * 3 // 4
"""As for previews of what isn't edited: a JPEG is decoded at a half if that leaves so much of what is seen."""

_THUMBNAIL_QUALITY, _THUMBNAIL_EFFORT = 75, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """An opened picture, and how it is to be turned to stand upright."""

    image: Image.Image
    orientation: int


def draw_edited(request: RenderRequest, limits: DecodeLimits = DecodeLimits()) -> Rendered:  # noqa: B008
    """The file as edited. Never raises for what it contains."""
    try:
        with request.path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about odd metadata; here it is a picture or none
            with _opened(file, request, limits) as source:
                if source.image.width * source.image.height > limits.pixels:
                    return Rendered(problem=f"too many pixels: {source.image.width} × {source.image.height}")
                return _written(source, request) if request.output is not None else _pictures(source, request)
    except (DamagedPictureError, UnsupportedPictureError) as error:
        return Rendered(problem=str(error))
    except MemoryError:
        return Rendered(problem="it needs more memory than a decoder may use")
    except OSError as error:
        return Rendered(problem=f"a file can't be read or written: {error.strerror or 'input error'}")


@contextmanager
def _opened(file: BinaryIO, request: RenderRequest, limits: DecodeLimits) -> Iterator[_Source]:
    if request.media.kind is Kind.PHOTO:
        with open_picture(file, request.media.name) as image:
            orientation = UPRIGHT if request.media.name in TURNED_BY_DECODER else _orientation_of(image)
            yield _Source(image=image, orientation=orientation)
    elif request.media.kind is Kind.RAW:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            own = orientation_of(read_metadata(parse_raw(data, request.media.name), {}))
            edge = PREVIEW_EDGE if request.output is None else max(limits.pixels, 1)
            raw = open_raw(file, data, request.media.name, orientation=own, edge=edge, pixels=limits.pixels)
            yield _Source(image=raw.image, orientation=raw.orientation)
    else:
        raise UnsupportedPictureError(f"edits of {request.media.name} files can't be rendered")


def _orientation_of(image: Image.Image) -> int:
    block = image.info.get("exif")
    return orientation_of(read_metadata(parse_block(block if isinstance(block, bytes) else b""), {}))


def _pictures(source: _Source, request: RenderRequest) -> Rendered:
    with failures_as_verdicts(request.media.name):
        longer = max(upright_size(source.image.size, source.orientation))
        frame = frame_of(upright_size(source.image.size, source.orientation), request.parameters)
        reduce_decoding(source.image, math.ceil(longer * min(1.0, _LEAST_PREVIEW_EDGE / max(frame.width, frame.height))))
        seen = render(_upright_srgb(source), request.parameters, edge=PREVIEW_EDGE)
        seen.info = {}  # nothing of the original's metadata travels in a rendition
        thumbnail = as_webp(shrunk(seen, THUMBNAIL_EDGE), quality=_THUMBNAIL_QUALITY, effort=_THUMBNAIL_EFFORT)
        preview: Picture | None = as_preview(seen) if max(seen.size) > THUMBNAIL_EDGE else None
    return Rendered(width=seen.width, height=seen.height, thumbnail=thumbnail, preview=preview)


def _written(source: _Source, request: RenderRequest) -> Rendered:
    assert request.output is not None
    with failures_as_verdicts(request.media.name):
        descriptions = Descriptions.of(source.image)
        picture = render(_upright_srgb(source), request.parameters, edge=request.output.edge)
    write_picture(picture, descriptions, request.output)
    return Rendered(width=picture.width, height=picture.height)


def _upright_srgb(source: _Source) -> Image.Image:
    """The pixels as section 6.5 takes them: a copy is made only where something changes, because it may be large."""
    source.image.load()
    profile = source.image.info.get("icc_profile")
    image = eight_bit(source.image)
    if image.mode != "RGB" or profile:
        image = to_srgb(image, profile)
    return upright(image, source.orientation)
