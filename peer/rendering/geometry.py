"""Steps 1 to 5 of section 6.5: what of a picture is seen, and which way up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from peer.rendering.parameters import Parameters

_FLIPS = {"h": (Image.Transpose.FLIP_LEFT_RIGHT,), "v": (Image.Transpose.FLIP_TOP_BOTTOM,), "hv": (Image.Transpose.ROTATE_180,)}
_QUARTER_TURNS = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}
"""By how many clockwise; the library counts the other way round."""

_ALMOST = 1e-9
"""So much may arithmetic be off before a whole pixel is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A rectangle of ``width`` × ``height`` pixels about (``x``, ``y``) of the picture, which is turned clockwise by ``angle`` radians about that point."""

    x: float
    y: float
    width: int
    height: int
    angle: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom; of a frame without an angle."""
        left, top = round(self.x - self.width / 2), round(self.y - self.height / 2)
        return left, top, left + self.width, top + self.height

    @property
    def origins(self) -> tuple[float, float, float, float, float, float]:
        """Where a point (i, j) of the frame comes from: (a·i + b·j + c, d·i + e·j + f) of the picture."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        across, down = self.width / 2, self.height / 2
        return cos, sin, self.x - cos * across - sin * down, -sin, cos, self.y + sin * across - cos * down


def frame_of(size: tuple[int, int], parameters: Parameters) -> Frame:
    """What crop and straighten leave of a picture of ``size``."""
    x, y, width, height = parameters.crop
    left, right = _span(x, width, size[0])
    top, bottom = _span(y, height, size[1])
    middle = (left + right) / 2, (top + bottom) / 2
    angle = math.radians(parameters.straighten)
    scale = _scale_inside(size, middle, (right - left, bottom - top), angle) if angle else 1.0
    return Frame(
        x=middle[0],
        y=middle[1],
        width=max(1, math.floor(scale * (right - left) + _ALMOST)),
        height=max(1, math.floor(scale * (bottom - top) + _ALMOST)),
        angle=angle,
    )


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


def _span(start: float, length: float, pixels: int) -> tuple[int, int]:
    first = min(math.floor(start * pixels + 0.5), pixels - 1)
    return first, min(max(math.floor((start + length) * pixels + 0.5), first + 1), pixels)


def _scale_inside(size: tuple[int, int], middle: tuple[float, float], crop: tuple[int, int], angle: float) -> float:
    """By how much the turned crop has to shrink to lie inside of the picture; at most 1."""
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    across, down = (crop[0] * cos + crop[1] * sin) / 2, (crop[0] * sin + crop[1] * cos) / 2
    return min(1.0, min(middle[0], size[0] - middle[0]) / across, min(middle[1], size[1] - middle[1]) / down)
