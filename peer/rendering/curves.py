"""Steps 6 and 7 of section 6.5: what happens to each channel alone, as a table of 256 values. Pure."""

from __future__ import annotations

import numpy as np

from peer.rendering.parameters import Parameters
from peer.rendering.transfer import Values, decoded, encoded

LUMA = (0.2126, 0.7152, 0.0722)
"""What red, green and blue give to luminance (ITU-R BT.709)."""

EXPOSURE_STOPS = 2.0
TEMPERATURE_STOPS = 0.5
TINT_STOPS = 0.3


def channel_table(parameters: Parameters, channel: int) -> Values:
    """The encoded value in [0, 1] that each of the 256 values of ``channel`` (0 red, 1 green, 2 blue) becomes."""
    table = np.arange(256, dtype=np.float64) / 255
    gain = _gain(parameters, channel)
    if gain != 1:
        table = encoded(np.minimum(decoded(table) * gain, 1.0))
    table = with_highlights(table, parameters.highlights)
    table = with_shadows(table, parameters.shadows)
    return np.clip(with_contrast(table, parameters.contrast), 0.0, 1.0)


def changes_channels(parameters: Parameters) -> bool:
    """Whether the tables differ from what goes in."""
    return any(
        (parameters.exposure, parameters.temperature, parameters.tint, parameters.highlights, parameters.shadows, parameters.contrast)
    )


def with_highlights(values: Values, amount: float) -> Values:
    """``amount`` -1 to 1, as in all curves: 0 leaves everything, none reverses the order of tones."""
    return values + amount * values**2 * (1 - values)


def with_shadows(values: Values, amount: float) -> Values:
    return values + amount * values * (1 - values) ** 2


def with_contrast(values: Values, amount: float) -> Values:
    return values + amount * (3 * values**2 - 2 * values**3 - values)


def _gain(parameters: Parameters, channel: int) -> float:
    gains = _white_balance(parameters.temperature, parameters.tint)
    return float(gains[channel] * 2 ** (EXPOSURE_STOPS * parameters.exposure))


def _white_balance(temperature: float, tint: float) -> tuple[float, float, float]:
    if not temperature and not tint:
        return 1.0, 1.0, 1.0
    red, green, blue = 2 ** (TEMPERATURE_STOPS * temperature), 2 ** (-TINT_STOPS * tint), 2 ** (-TEMPERATURE_STOPS * temperature)
    luminance = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return red / luminance, green / luminance, blue / luminance
