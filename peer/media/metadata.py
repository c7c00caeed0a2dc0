"""The derived field ``exif`` (PROTOCOL.md section 6.1): what a file says of itself, decided between EXIF, IPTC and XMP. Pure.

The order is that of the Metadata Working Group (Guidelines for Handling Image Metadata 2.0, chapters 3 and 5), but for captions, where EXIF comes
last, because it holds what cameras put there by themselves, and has only ASCII by its standard:

    taken         EXIF original, EXIF digitised, XMP original, created as XMP and then IPTC say it, XMP digitised, IPTC digitised,
                  EXIF's time of writing, satellites' time in EXIF, in XMP. A file's own time is never taken for that of the picture.
                  When XMP and IPTC name the same second of creation, and one of them a zone, it counts for both
    camera, gps   EXIF, then XMP, each member by itself
    orientation   EXIF alone: nothing else turns the picture where it is looked at
    caption       XMP dc:description, IPTC 2:120, EXIF ImageDescription, XPComment, UserComment
    keywords      XMP dc:subject (or the leaves of lr:hierarchicalSubject), IPTC 2:25, EXIF XPKeywords: the first that has any
    rating        XMP, then EXIF
    regions       XMP; content: EXIF; burst: EXIF, then XMP

Where Photoshop's resources show that IPTC was changed after XMP had been written with it, IPTC comes before XMP (section 3.3 there).
Each value is checked by itself; what is absurd is left out, so that the next one counts, and is never an error (``plausible``).
"""

from __future__ import annotations

import re
from typing import TypeVar

from peer.media.exif import ExifDirectories
from peer.media.exif_statement import exif_statement
from peer.media.iptc import NO_IPTC, Iptc, iptc_statement
from peer.media.plausible import Metadata
from peer.media.statement import Statement
from peer.media.xmp import Packet
from peer.media.xmp_statement import xmp_statement

__all__ = ["UPRIGHT", "Metadata", "orientation_of", "read_metadata", "sidecar_metadata"]

T = TypeVar("T")

UPRIGHT = 1
"""The EXIF orientation of a picture that is stored as it is looked at."""

_NO_XMP: Packet = {}
_OFFSET = re.compile(r"[+-]\d\d:\d\d$", re.ASCII)
_SECONDS = len("2024-07-21T18:03:11")


def read_metadata(directories: ExifDirectories, xmp: Packet = _NO_XMP, iptc: Iptc = NO_IPTC) -> Metadata:
    """All that is known but dimensions and what films have. Keys are absent, never ``None``."""
    exif = exif_statement(directories)
    packet = xmp_statement(xmp, orientation=exif.orientation or UPRIGHT)
    press = iptc_statement(iptc)
    first, second = (press, packet) if iptc.changed_alone else (packet, press)
    created = _first(_in_zone(first.created, second.created), second.created)
    return _members(
        Statement(
            taken=_first(
                exif.taken,
                exif.digitised,
                packet.taken,
                created,
                packet.digitised,
                press.digitised,
                exif.written,
                exif.fix,
                packet.fix,
            ),
            orientation=exif.orientation,
            make=_first(exif.make, packet.make),
            model=_first(exif.model, packet.model),
            lens=_first(exif.lens, packet.lens),
            iso=_first(exif.iso, packet.iso),
            f=_first(exif.f, packet.f),
            exposure=_first(exif.exposure, packet.exposure),
            focal=_first(exif.focal, packet.focal),
            position=_first(exif.position, packet.position),
            caption=_first(first.caption, second.caption, exif.caption),
            rating=_first(packet.rating, exif.rating),
            keywords=_first(first.keywords, second.keywords, exif.keywords),
            regions=packet.regions,
            content=exif.content,
            burst=_first(exif.burst, packet.burst),
        )
    )


def sidecar_metadata(xmp: Packet) -> Metadata:
    """What a sidecar says; the same order within its one packet."""
    packet = xmp_statement(xmp)
    return _members(packet, taken=_first(packet.taken, packet.created, packet.digitised, packet.fix))


def orientation_of(metadata: Metadata) -> int:
    """The EXIF orientation, 1 to 8."""
    orientation = metadata.get("orientation", UPRIGHT)
    return orientation if isinstance(orientation, int) else UPRIGHT


def _members(said: Statement, taken: str | None = None) -> Metadata:
    found: Metadata = {
        "taken": taken or said.taken,
        "orientation": said.orientation,
        "make": said.make,
        "model": said.model,
        "lens": said.lens,
        "iso": said.iso,
        "f": said.f,
        "exposure": said.exposure,
        "focal": said.focal,
        "gps": [*said.position] if said.position else None,
        "caption": said.caption,
        "rating": said.rating,
        "keywords": [*said.keywords] if said.keywords else None,
        "regions": [region.value() for region in said.regions] or None,
        "content": said.content,
        "burst": said.burst,
    }
    return {name: value for name, value in found.items() if value is not None}


def _in_zone(moment: str | None, other: str | None) -> str | None:
    """``moment``, with the offset of ``other`` where both name the same second. Zero is what programs write for a zone that they don't know."""
    if moment is None or other is None or _OFFSET.search(moment) or moment[:_SECONDS] != other[:_SECONDS]:
        return moment
    offset = _OFFSET.search(other)
    return moment if offset is None or offset[0] == "+00:00" else moment + offset[0]


def _first(*values: T | None) -> T | None:
    return next((value for value in values if value is not None), None)
