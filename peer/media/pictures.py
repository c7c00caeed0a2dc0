"""Thumbnail, ThumbHash and preview of a photograph, all from one decode that is reduced where the format allows it.

A JPEG can be decoded at a half, a quarter or an eighth of its size for a fraction of the work, and then costs little more than reading its
entropy-coded bits. Everything after that (scaling, colour, orientation) works on small images.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import fast_thumbhash
from PIL import Image

from peer.media.colour import eight_bit, to_srgb
from peer.media.findings import PREVIEW_EDGE, THUMBNAIL_EDGE, Picture

_THUMBNAIL_QUALITY, _THUMBNAIL_EFFORT = 75, 2
_PREVIEW_QUALITY = 82
_THUMBHASH_EDGE = 64
"""At most 100 by its definition; the hash keeps waves of at most seven periods, for which 64 pixels are plenty."""

LEAST_PREVIEW_EDGE = PREVIEW_EDGE * 3 // 4
"""A preview may be this small when that halves the work: 12 megapixels decoded at a half are 2,000 pixels wide."""

_REDUCTIONS = (8, 4, 2)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QUARTER_TURNS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What was made of one photograph. No preview: not wanted, or the photograph is not larger than one and every browser shows it."""

    thumbnail: Picture
    thumbhash: bytes
    preview: Picture | None


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height as looked at."""
    return (size[1], size[0]) if orientation in _QUARTER_TURNS else size


def draw(image: Image.Image, *, orientation: int, want_preview: bool, shown_by_browsers: bool = True) -> Pictures:
    """The pictures of ``image``, which was opened and best not yet loaded. Raises what its decoder raises.

    What browsers don't show has a preview whatever its size.
    """
    profile = image.info.get("icc_profile")
    with_preview = want_preview and (max(image.size) > PREVIEW_EDGE or not shown_by_browsers)
    edge, least_edge = (PREVIEW_EDGE, LEAST_PREVIEW_EDGE) if with_preview else (THUMBNAIL_EDGE, THUMBNAIL_EDGE)
    reduce_decoding(image, least_edge)
    image.load()
    largest = upright(to_srgb(shrunk(eight_bit(image), edge), profile), orientation)
    largest.info = {}  # nothing of the original's metadata travels in a rendition
    thumbnail = shrunk(largest, THUMBNAIL_EDGE)
    return Pictures(
        thumbnail=as_webp(thumbnail, quality=_THUMBNAIL_QUALITY, effort=_THUMBNAIL_EFFORT),
        thumbhash=_thumbhash(thumbnail),
        preview=as_preview(largest) if with_preview else None,
    )


def reduce_decoding(image: Image.Image, least_edge: int) -> None:
    """Has a JPEG decoded at the smallest scale that keeps ``least_edge`` pixels on the longer side; other formats don't offer it."""
    for reduction in _REDUCTIONS:
        if image.format == "JPEG" and max(image.size) // reduction >= least_edge:
            image.draft(image.mode, (max(1, image.width // reduction), max(1, image.height // reduction)))
            return


def shrunk(image: Image.Image, edge: int) -> Image.Image:
    """``image`` with at most ``edge`` pixels on the longer side, never larger than it was, never without a pixel."""
    longer = max(image.size)
    if longer <= edge:
        return image
    size = (max(1, round(image.width * edge / longer)), max(1, round(image.height * edge / longer)))
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)


def upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def as_webp(image: Image.Image, *, quality: int, effort: int) -> Picture:
    encoded = io.BytesIO()
    image.save(encoded, "WEBP", quality=quality, method=effort)
    return Picture(data=encoded.getvalue(), width=image.width, height=image.height, media="image/webp")


def as_preview(image: Image.Image) -> Picture:
    """JPEG, which every program opens; WebP when something shows through."""
    if image.mode == "RGBA":
        return as_webp(image, quality=_PREVIEW_QUALITY, effort=_THUMBNAIL_EFFORT)
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=_PREVIEW_QUALITY, progressive=True, optimize=True)
    return Picture(data=encoded.getvalue(), width=image.width, height=image.height, media="image/jpeg")


def _thumbhash(thumbnail: Image.Image) -> bytes:
    small = shrunk(thumbnail, _THUMBHASH_EDGE).convert("RGBA")
    return bytes(fast_thumbhash.rgba_to_thumb_hash(small.width, small.height, small.tobytes()))
