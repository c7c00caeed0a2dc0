"""What one block of metadata says of a picture, in the bounds of ``plausible``; ``None`` where it says nothing. Pure.

EXIF, IPTC and XMP each make one; ``metadata`` decides between them.
"""

from __future__ import annotations

from dataclasses import dataclass

from crdt.facts import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The moments, as text like ``2024-07-21T18:03:11+02:00``: ``taken`` when the shutter opened, ``created`` when the picture came to be (of a
    painting when it was painted), ``digitised`` when it became numbers, ``written`` when a camera or program wrote the file, ``fix`` the
    satellites' time. ``position`` is ``[latitude, longitude]`` or with altitude; the rest as in ``crdt.facts.Exif``. Regions are upright.
    """

    taken: str | None = None
    created: str | None = None
    digitised: str | None = None
    written: str | None = None
    fix: str | None = None
    orientation: int | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    iso: float | None = None
    f: float | None = None
    exposure: float | None = None
    focal: float | None = None
    position: list[float] | None = None
    caption: str | None = None
    rating: int | None = None
    keywords: list[str] | None = None
    regions: tuple[Region, ...] = ()
    content: str | None = None
    burst: str | None = None
