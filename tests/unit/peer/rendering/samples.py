"""A small picture with every kind of tone, and one case for each thing that edits can do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from crdt.values import Value

WIDTH, HEIGHT = 12, 8

CASES: Mapping[str, Mapping[str, Value]] = {
    "crop": {"crop": [0.25, 0.1, 0.5, 0.7]},
    "straighten": {"straighten": 10},
    "straighten-back": {"straighten": -30, "crop": [0.2, 0.2, 0.6, 0.6]},
    "flip-h": {"flip": "h"},
    "flip-v": {"flip": "v"},
    "flip-and-rotate": {"flip": "h", "rotate": 90},
    "rotate-90": {"rotate": 90},
    "rotate-180": {"rotate": 180},
    "rotate-270": {"rotate": 270},
    **{
        f"{name}{amount:+d}": {name: amount}
        for name in ("exposure", "contrast", "highlights", "shadows", "saturation", "temperature", "tint", "vignette")
        for amount in (-100, 40)
    },
    "monochrome": {"monochrome": True},
    **{f"filter-{name}": {"filter": name} for name in ("noir", "mono", "sepia", "warm", "cool", "vivid", "fade", "dramatic")},
    "all": {
        "crop": [0.1, 0.1, 0.8, 0.8],
        "straighten": 3,
        "flip": "v",
        "rotate": 270,
        "temperature": 20,
        "tint": -10,
        "exposure": 15,
        "highlights": -40,
        "shadows": 30,
        "contrast": 25,
        "saturation": 20,
        "filter": "fade",
        "vignette": 50,
    },
}


def sample() -> Image.Image:
    """Black to white, and strong colours, by formula."""
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    red = x * 255 // (WIDTH - 1)
    green = y * 255 // (HEIGHT - 1)
    blue = (x * 37 + y * 91) % 256
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8))


def pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Rows × columns × channels, in a type that can be subtracted."""
    return np.asarray(image).astype(np.int16)
