"""Steps 6 to 11 of PROTOCOL.md section 6.5 for one pixel, in plain Python, as they are written there: what another program would do."""

from __future__ import annotations

import math
from collections.abc import Mapping

Pixel = tuple[float, float, float]
LUMA = (0.2126, 0.7152, 0.0722)


def rendered_pixel(pixel: tuple[int, int, int], where: Pixel, edits: Mapping[str, float]) -> tuple[int, int, int]:
    """``where``: column, row, and nothing; of a picture of ``width`` × ``height`` in ``edits``. Sliders from -100 to 100."""
    values = tuple(_alone(value / 255, channel, edits) for channel, value in enumerate(pixel))
    saturation = edits.get("saturation", 0) / 100
    luma = _luma(values)
    values = tuple(_limited(luma + (1 + saturation) * (value - luma)) for value in values)
    if edits.get("monochrome"):
        values = (_luma(values),) * 3
    across, down = (2 * (at + 0.5) / edits[size] - 1 for at, size in zip(where[:2], ("width", "height"), strict=True))
    shade = 1 - 0.75 * edits.get("vignette", 0) / 100 * ((across**2 + down**2) / 2) ** 2
    red, green, blue = (math.floor(255 * _limited(value * shade) + 0.5) for value in values)
    return red, green, blue


def _alone(value: float, channel: int, edits: Mapping[str, float]) -> float:
    temperature, tint = edits.get("temperature", 0) / 100, edits.get("tint", 0) / 100
    gains = (2 ** (temperature / 2), 2 ** (-0.3 * tint), 2 ** (-temperature / 2))
    gain = gains[channel] / sum(share * each for share, each in zip(LUMA, gains, strict=True)) * 2 ** (2 * edits.get("exposure", 0) / 100)
    linear = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    linear = min(linear * gain, 1)
    value = linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    value += edits.get("highlights", 0) / 100 * value**2 * (1 - value)
    value += edits.get("shadows", 0) / 100 * value * (1 - value) ** 2
    return _limited(value + edits.get("contrast", 0) / 100 * (3 * value**2 - 2 * value**3 - value))


def _luma(values: tuple[float, ...]) -> float:
    return sum(share * value for share, value in zip(LUMA, values, strict=True))


def _limited(value: float) -> float:
    return min(max(value, 0.0), 1.0)
