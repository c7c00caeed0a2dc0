"""What was found out about a file. Pure, and without any decoder: the program itself never loads one.

Nothing that a file contains is an error: it is a verdict with a reason.

    drawn        a photograph, RAW file or film, with its pictures
    undrawable   whole as far as its structure tells, but without a picture: too large, a variant that isn't supported, an extra isn't installed
    broken       empty, truncated or damaged: not to be taken for a photograph
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from peer.media.plausible import Metadata

THUMBNAIL_EDGE = 360
PREVIEW_EDGE = 2048


NOT_ASKED_FOR = "no picture of it was asked for"


class Verdict(StrEnum):
    """What became of a file; a sentence for each stands above."""

    DRAWN = "drawn"
    UNDRAWABLE = "undrawable"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An encoded picture: its bytes, its size in pixels, its media type."""

    data: bytes
    width: int
    height: int
    media: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that was found out. ``problem`` says why there is no picture, ``None`` when there is one; ``notes`` what else a person would want to know,
    such as a film in a photo that is cut off. Width and height are as looked at. ``exif`` has the members of ``crdt.facts.Exif`` in their wire form.
    """

    verdict: Verdict
    problem: str | None = None
    exif: Metadata = field(default_factory=dict)
    width: int | None = None
    height: int | None = None
    thumbnail: Picture | None = None
    thumbhash: bytes | None = None
    preview: Picture | None = None
    notes: tuple[str, ...] = ()


def broken(reason: str) -> Examination:
    """The examination of a file that must not be taken for a photograph."""
    return Examination(verdict=Verdict.BROKEN, problem=reason)


def undrawable(reason: str, exif: Metadata | None = None, size: tuple[int, int] | None = None, notes: tuple[str, ...] = ()) -> Examination:
    """The examination of a file that is kept without a picture."""
    width, height = size or (None, None)
    return Examination(verdict=Verdict.UNDRAWABLE, problem=reason, exif=exif or {}, width=width, height=height, notes=notes)
