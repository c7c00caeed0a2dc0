"""What is done to a picture: the parameters of an edit that were understood. Pure, and without anything that knows records."""

from __future__ import annotations

from dataclasses import dataclass

SLIDERS = ("exposure", "contrast", "highlights", "shadows", "saturation", "temperature", "tint", "vignette")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Neutral by default. ``crop`` in fractions, ``straighten`` in degrees, ``rotate`` in quarter turns clockwise; from ``exposure`` on -1 to 1."""

    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    straighten: float = 0.0
    flip: str = ""
    rotate: int = 0
    exposure: float = 0.0
    contrast: float = 0.0
    highlights: float = 0.0
    shadows: float = 0.0
    saturation: float = 0.0
    temperature: float = 0.0
    tint: float = 0.0
    vignette: float = 0.0
    monochrome: bool = False
    filter: str = ""
