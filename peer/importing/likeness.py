"""Whether a file that was rewritten still is the same photo, or another one took its name (a camera's numbers begin again). Pure.

In this order:

1. Most of the old bytes are in the new file (it fits into a patch of under half its size): the same.
2. One is a film and the other isn't: another.
3. Both say when they were taken: the same when that is the same second, and no camera contradicts; else another.
4. One of them doesn't say it: the same when both look alike, and no camera contradicts.
5. In doubt another: then it becomes a photo of its own, and nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from crdt.facts import Exif

SECONDS = len("2024-07-21T18:03:11")
MAX_DIFFERENCE = 1.5
"""Mean difference of the nibbles of two ThumbHashes; pictures of different things differ by 3 to 5."""

MAX_SHAPE_DIFFERENCE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of a picture without its bytes."""

    is_film: bool
    exif: Exif
    thumbhash: bytes | None


def is_same_photo(old: Look, new: Look, *, patches: bool) -> bool:
    """``patches``: the new file is mostly made of the old one's bytes."""
    if patches:
        return True
    if old.is_film != new.is_film or _cameras_differ(old.exif, new.exif):
        return False
    if old.exif.taken and new.exif.taken:
        return old.exif.taken[:SECONDS] == new.exif.taken[:SECONDS]
    return _shapes_agree(old.exif, new.exif) and _look_alike(old.thumbhash, new.thumbhash)


def _cameras_differ(old: Exif, new: Exif) -> bool:
    """A file that names none contradicts nothing: many programs leave it out."""
    return any(a and b and a.strip() != b.strip() for a, b in ((old.make, new.make), (old.model, new.model)))


def _shapes_agree(old: Exif, new: Exif) -> bool:
    if not (old.width and old.height and new.width and new.height):
        return False
    return abs(old.width / old.height - new.width / new.height) <= MAX_SHAPE_DIFFERENCE * (old.width / old.height)


def _look_alike(old: bytes | None, new: bytes | None) -> bool:
    if not old or not new or len(old) != len(new):
        return False
    difference = sum(abs((a >> 4) - (b >> 4)) + abs((a & 15) - (b & 15)) for a, b in zip(old, new, strict=True))
    return difference / (2 * len(old)) <= MAX_DIFFERENCE
