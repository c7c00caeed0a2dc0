"""Every picture as sRGB with eight bits, with alpha only where something shows through."""

from __future__ import annotations

import functools
import io
import math

from PIL import Image, ImageCms

MAX_PROFILE_BYTES = 4 * 1024 * 1024

_SIXTEEN_TO_EIGHT = 1 / 256
_PROFILED_MODES = frozenset({"RGB", "L", "CMYK"})
_SRGB = ImageCms.createProfile("sRGB")


def eight_bit(image: Image.Image) -> Image.Image:
    """``image`` in a mode that can be scaled and colour managed: ``L``, ``RGB``, ``RGBA`` or ``CMYK``. ``ValueError`` when it can't be."""
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value * _SIXTEEN_TO_EIGHT).convert("L")
    if image.mode in ("I", "F"):
        return _stretched(image)
    if "transparency" in image.info or image.mode in ("LA", "PA", "La", "RGBa"):
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """``image`` (from ``eight_bit``, best already small) as ``RGB`` or ``RGBA``. A profile that can't be used is as good as none."""
    if image.mode == "RGBA":
        alpha = image.getchannel("A")
        managed = to_srgb(image.convert("RGB"), profile)
        if alpha.getextrema() != (255, 255):
            managed.putalpha(alpha)
        return managed
    transform = _transform(profile, image.mode) if profile and image.mode in _PROFILED_MODES else None
    if transform is None:
        return image.convert("RGB")
    return ImageCms.applyTransform(image, transform) or image.convert("RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """Measurements without a fixed scale: the darkest becomes black, the brightest white."""
    low, high = image.getextrema()
    if not isinstance(low, float | int) or not isinstance(high, float | int):
        raise ValueError("more than one channel")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("samples without a finite range")
    scale = 255 / (high - low) if high > low else 0.0
    return image.point(lambda value: value * scale - low * scale).convert("L")


@functools.lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From ``profile`` to sRGB; ``None`` when it is sRGB, or can't be used for ``mode``."""
    if len(profile) > MAX_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and ImageCms.getProfileDescription(source).startswith("sRGB"):
            return None
        return ImageCms.buildTransform(source, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
