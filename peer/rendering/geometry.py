"""Steps 1 to 5 of section 6.5: what of a picture is seen, and which way up, as pixels."""

from __future__ import annotations

from PIL import Image

from peer.rendering.framing import Frame
from peer.rendering.parameters import Parameters

_FLIPS = {"h": (Image.Transpose.FLIP_LEFT_RIGHT,), "v": (Image.Transpose.FLIP_TOP_BOTTOM,), "hv": (Image.Transpose.ROTATE_180,)}
_QUARTER_TURNS = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}
"""By how many clockwise; the library counts the other way round."""


def framed(image: Image.Image, frame: Frame) -> Image.Image:
    """Steps 1 and 2: a picture of its own memory, or ``image`` itself when all of it is seen."""
    if not frame.angle:
        return image if frame.box == (0, 0, *image.size) else image.crop(frame.box)
    return image.transform((frame.width, frame.height), Image.Transform.AFFINE, frame.origins, Image.Resampling.BICUBIC)


def turned(image: Image.Image, parameters: Parameters) -> Image.Image:
    """Steps 4 and 5; ``image`` itself when there is nothing to do."""
    for way in _FLIPS.get(parameters.flip, ()):
        image = image.transpose(way)
    turn = _QUARTER_TURNS.get(parameters.rotate)
    return image if turn is None else image.transpose(turn)
