"""The transfer function of sRGB (IEC 61966-2-1), between encoded values and linear light, both in [0, 1]. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def decoded(encoded: Values) -> Values:
    """Linear light."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encoded(linear: Values) -> Values:
    """As pictures are stored."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
