"""Steps 1 and 2 of section 6.5 as numbers: what of a picture is seen, and how large it is then. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from peer.rendering.parameters import Parameters

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


def shown_size(size: tuple[int, int], parameters: Parameters) -> tuple[int, int]:
    """Width and height of a picture of ``size`` with its edits."""
    frame = frame_of(size, parameters)
    return (frame.height, frame.width) if parameters.rotate % 2 else (frame.width, frame.height)


def _span(start: float, length: float, pixels: int) -> tuple[int, int]:
    first = min(math.floor(start * pixels + 0.5), pixels - 1)
    return first, min(max(math.floor((start + length) * pixels + 0.5), first + 1), pixels)


def _scale_inside(size: tuple[int, int], middle: tuple[float, float], crop: tuple[int, int], angle: float) -> float:
    """By how much the turned crop has to shrink to lie inside of the picture; at most 1."""
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    across, down = (crop[0] * cos + crop[1] * sin) / 2, (crop[0] * sin + crop[1] * cos) / 2
    return min(1.0, min(middle[0], size[0] - middle[0]) / across, min(middle[1], size[1] - middle[1]) / down)
