"""The colour profile of what is rendered."""

from __future__ import annotations

import functools

from PIL import ImageCms

_DATE_AT, _DATE = 24, bytes((0x07, 0xD0, 0, 1, 0, 1)) + bytes(6)
"""An ICC profile says in its head when it was made (ICC.1, 7.2.8): 1 January 2000 here, so that the same picture is the same bytes."""


@functools.cache
def srgb_profile() -> bytes:
    """sRGB as an ICC profile, the same bytes each time."""
    profile = bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return profile[:_DATE_AT] + _DATE + profile[_DATE_AT + len(_DATE) :]
