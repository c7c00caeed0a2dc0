"""What the rendering in the browser is held against: ``python -m tests.page.make_golden`` writes ``golden/pixels.json`` anew.

A case: its name, the edit parameters as a record has them, and the pixels of the result; all are of one source, in hexadecimal, three bytes a pixel.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from crdt.values import Value
from peer.rendering.parameters import SLIDERS
from peer.rendering.pictures import render
from peer.rendering.reading import read_parameters
from tests.unit.peer.rendering.samples import CASES

PATH = Path(__file__).parent / "golden" / "pixels.json"
SIZE = (17, 12)
"""Odd and even, so that a half pixel off shows."""

MORE: Mapping[str, Mapping[str, Value]] = {
    "nothing": {},
    "crop-of-a-pixel": {"crop": [0.99, 0.99, 0.01, 0.01]},
    "straighten-far": {"straighten": -45},
    "straighten-little": {"straighten": 0.4, "rotate": 180},
    "straighten-at-the-border": {"straighten": 7.5, "crop": [0.0, 0.55, 0.5, 0.45], "flip": "hv"},
    **{f"{name}+100": {name: 100} for name in SLIDERS},
    "vignette-of-a-tall-one": {"vignette": 80, "crop": [0.3, 0.0, 0.3, 1.0], "rotate": 90},
    "unknown": {"filter": "of-another-version", "glow": 3, "exposure": 10},
}


def cases() -> dict[str, Mapping[str, Value]]:
    """By name."""
    return {**CASES, **MORE}


def source() -> Image.Image:
    """Smooth tones with edges in them, black, white and strong colours, by formula."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    red = x * 255 // (SIZE[0] - 1)
    green = y * 255 // (SIZE[1] - 1)
    blue = (x * 37 + y * 91) % 256
    pixels = np.stack([red, green, blue], axis=-1)
    pixels[2:5, 3:7] = 255
    pixels[6:9, 10:14] = 0
    return Image.fromarray(pixels.astype(np.uint8))


@functools.cache
def golden() -> dict[str, Any]:
    """The document, as ``peer.rendering`` makes it now."""
    picture = source()
    made = {name: (parameters, render(picture, read_parameters(parameters).parameters)) for name, parameters in cases().items()}
    return {
        "source": {"width": picture.width, "height": picture.height, "pixels": picture.tobytes().hex()},
        "cases": {
            name: {"parameters": parameters, "width": result.width, "height": result.height, "pixels": result.tobytes().hex()}
            for name, (parameters, result) in made.items()
        },
    }


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(json.dumps(golden(), indent=0) + "\n", encoding="utf-8")
