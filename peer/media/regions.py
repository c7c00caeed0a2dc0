"""Named parts of a picture in XMP, faces most often: where they are in the picture as it is looked at. Pure.

The Metadata Working Group's regions (``mwg-rs:Regions``, guidelines 2.0, section 5.9) lie in the picture as it is stored: middle and size in fractions
of its width and height, to be turned with the picture by its orientation. Microsoft's (``MP:RegionInfo``) give the upper left corner
instead, and lie in the picture as it is looked at. The working group's count where both stand. A region without a name, outside of the
picture or without a size is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from crdt.facts import MAX_REGIONS, Region
from peer.media import plausible
from peer.media.xmp import Packet, number_of, structure_of, structures_of, text_of

_UPRIGHT = 1
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_BACK = {6: 8, 8: 6}
"""The turns that another turn undoes; all others undo themselves."""

_DIGITS = 6


def read_regions(xmp: Packet, orientation: int) -> tuple[Region, ...]:
    """The regions of a packet, upright; ``orientation`` is that of the picture as stored."""
    found = [upright(region, orientation) for region in _working_group(xmp)] or list(_microsoft(xmp))
    return tuple(found[:MAX_REGIONS])


def upright(region: Region, orientation: int) -> Region:
    """A region of the stored picture where it lies in the picture as looked at."""
    x, y = _turned(region.x, region.y, orientation)
    width, height = (region.height, region.width) if orientation in _QUARTER_TURNS else (region.width, region.height)
    return Region(name=region.name, x=_rounded(x), y=_rounded(y), width=_rounded(width), height=_rounded(height), kind=region.kind)


def stored(region: Region, orientation: int) -> Region:
    """The other way round."""
    return upright(region, _BACK.get(orientation, orientation))


def _turned(x: float, y: float, orientation: int) -> tuple[float, float]:
    turns = {
        2: (1 - x, y),
        3: (1 - x, 1 - y),
        4: (x, 1 - y),
        5: (y, x),
        6: (1 - y, x),
        7: (1 - y, 1 - x),
        8: (y, 1 - x),
    }
    return turns.get(orientation, (x, y))


def _working_group(xmp: Packet) -> Iterator[Region]:
    regions = structure_of(xmp.get("mwg-rs:Regions"))
    dimensions = structure_of(regions.get("mwg-rs:AppliedToDimensions"))
    for item in structures_of(regions.get("mwg-rs:RegionList")):
        area = structure_of(item.get("mwg-rs:Area"))
        in_pixels = text_of(area.get("stArea:unit")) == "pixel"
        across, down = (number_of(dimensions.get(f"stDim:{name}")) if in_pixels else 1.0 for name in ("w", "h"))
        x, y, width, height = (number_of(area.get(f"stArea:{name}")) for name in ("x", "y", "w", "h"))
        if across and down and x is not None and y is not None and width is not None and height is not None:
            name, kind = text_of(item.get("mwg-rs:Name")), text_of(item.get("mwg-rs:Type"))
            yield from _region(name, kind, (x / across, y / down, width / across, height / down))


def _microsoft(xmp: Packet) -> Iterator[Region]:
    regions = structure_of(xmp.get("MP:RegionInfo"))
    for item in structures_of(regions.get("MPRI:Regions")):
        parts = [number_of(part) for part in text_of(item.get("MPReg:Rectangle")).split(",", 4)]
        numbers = [part for part in parts if part is not None]
        if len(numbers) == len(parts) == 4:
            left, top, width, height = numbers
            yield from _region(text_of(item.get("MPReg:PersonDisplayName")), "Face", (left + width / 2, top + height / 2, width, height))


def _region(name: str, kind: str, area: tuple[float, float, float, float]) -> Iterator[Region]:
    named = plausible.line(name)
    if named and all(0 <= part <= 1 for part in area) and area[2] > 0 and area[3] > 0:
        x, y, width, height = area
        region = Region(name=named, x=x, y=y, width=width, height=height, kind=plausible.line(kind, 32) or "")
        yield upright(region, _UPRIGHT)


def _rounded(value: float) -> float:
    return plausible.tidy(round(value, _DIGITS))
