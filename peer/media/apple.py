"""The two names in the MakerNote of Apple's cameras: what a Live Photo's parts, and what the photos of a burst have in common. Pure.

The note is a TIFF directory behind fourteen bytes, with offsets from the note's own beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

from peer.media import plausible
from peer.media.tiff import TiffFile

_PREFIX = b"Apple iOS\x00"
_ORDER_AT, _DIRECTORY_AT = 12, 14
_BURST, _CONTENT = 0x000B, 0x0011


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleNote:
    """Identifiers as text, mostly UUIDs."""

    content: str | None = None
    burst: str | None = None


def maker_note(note: bytes) -> AppleNote:
    """What ``note`` names; nothing for the note of any other maker."""
    tiff = TiffFile.with_order(note, note[_ORDER_AT:_DIRECTORY_AT]) if note.startswith(_PREFIX) else None
    directory = tiff.directory(_DIRECTORY_AT) if tiff else None
    if directory is None:
        return AppleNote()
    return AppleNote(content=plausible.line(directory.text(_CONTENT)), burst=plausible.line(directory.text(_BURST)))
