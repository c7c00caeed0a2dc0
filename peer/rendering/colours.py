"""Steps 6 to 11 of section 6.5, in place, band by band: the picture is held once as bytes, and only a band of it as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peer.rendering.curves import LUMA, changes_channels, channel_table, with_contrast
from peer.rendering.filters import FILTERS, Filter, Row
from peer.rendering.parameters import Parameters

BAND_PIXELS = 512 * 1024
"""At once; some 40 bytes of numbers each."""

VIGNETTE_SHARE = 0.75

Bytes = NDArray[np.uint8]
Plane = NDArray[np.float32]


def changes_colours(parameters: Parameters) -> bool:
    """Whether there is anything to do beyond geometry."""
    return changes_channels(parameters) or _mixes(parameters)


def recolour(image: Image.Image, parameters: Parameters) -> None:
    """Change the colours of ``image`` (``RGB`` or ``RGBA``, of its own memory) in place; alpha stays."""
    if not changes_colours(parameters):
        return
    palette = Palette.of(parameters)
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        pixels = np.asarray(band)
        changed = pixels.copy()
        changed[..., :3] = recoloured(pixels[..., :3], palette, top, image.height)
        image.paste(Image.fromarray(changed), (0, top))


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """What is computed once for a picture: the tables of its channels, 3 × 256, and what mixes channels."""

    tables: NDArray[np.float32]
    saturation: float
    monochrome: bool
    filter: Filter | None
    vignette: float

    @classmethod
    def of(cls, parameters: Parameters) -> Palette:
        return cls(
            tables=np.stack([channel_table(parameters, channel) for channel in range(3)]).astype(np.float32),
            saturation=parameters.saturation,
            monochrome=parameters.monochrome,
            filter=FILTERS[parameters.filter] if parameters.filter else None,
            vignette=parameters.vignette,
        )


def recoloured(pixels: Bytes, palette: Palette, top: int, height: int) -> Bytes:
    """``pixels`` (rows × columns × 3) as they come out; their first row is row ``top`` of a picture with ``height`` rows."""
    planes = [palette.tables[channel][pixels[..., channel]] for channel in range(3)]
    if palette.saturation:
        _saturate(planes, palette.saturation)
    if palette.monochrome:
        luma = _limited(_weighted(planes, LUMA))
        planes = [luma, luma, luma]
    if palette.filter is not None:
        planes = [_filtered(planes, row, palette.filter) for row in palette.filter.matrix]
    if palette.vignette:
        shade = _shade(pixels.shape[1], top, pixels.shape[0], height, palette.vignette)
        planes = [_limited(plane * shade) for plane in planes]
    made = np.empty(pixels.shape, np.uint8)
    for channel, plane in enumerate(planes):
        made[..., channel] = plane * np.float32(255) + np.float32(0.5)
    return made


def _mixes(parameters: Parameters) -> bool:
    return bool(parameters.saturation or parameters.monochrome or parameters.filter or parameters.vignette)


def _limited(plane: Plane) -> Plane:
    """To [0, 1], in place."""
    return np.clip(plane, 0, 1, out=plane)


def _weighted(planes: Sequence[Plane], weights: tuple[float, float, float]) -> Plane:
    """Added up in this order, by elements: what a matrix library makes of it depends on the machine."""
    red, green, blue = (np.float32(weight) for weight in weights)
    total: Plane = red * planes[0] + green * planes[1] + blue * planes[2]
    return total


def _saturate(planes: Sequence[Plane], amount: float) -> None:
    """Step 8, in place."""
    luma, factor = _weighted(planes, LUMA), np.float32(1 + amount)
    for plane in planes:
        plane -= luma
        plane *= factor
        plane += luma
        _limited(plane)


def _filtered(planes: Sequence[Plane], row: Row, chosen: Filter) -> Plane:
    """One channel of step 10."""
    mixed = _limited(_weighted(planes, row) + np.float32(chosen.offset))
    if not chosen.contrast:
        return mixed
    return _limited(with_contrast(mixed.astype(np.float64), chosen.contrast).astype(np.float32))


def _shade(width: int, top: int, rows: int, height: int, amount: float) -> Plane:
    """What each of ``rows`` × ``width`` pixels is multiplied by."""
    across = ((np.arange(width) + 0.5) / width * 2 - 1) ** 2
    down = ((np.arange(top, top + rows) + 0.5) / height * 2 - 1) ** 2
    squared = (across[np.newaxis, :] + down[:, np.newaxis]) / 2
    shade: Plane = (1 - VIGNETTE_SHARE * amount * squared**2).astype(np.float32)
    return shade
