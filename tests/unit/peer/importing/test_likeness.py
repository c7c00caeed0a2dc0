"""Whether a rewritten file still is the same photo."""

from __future__ import annotations

import pytest

from crdt.facts import Exif
from peer.importing.likeness import Look, is_same_photo

TAKEN = "2024-07-21T18:03:11"
HASH = bytes(range(20))


def look(*, is_film: bool = False, thumbhash: bytes | None = HASH, **exif: str | int | None) -> Look:
    given = {"width": 400, "height": 300, **exif}
    return Look(is_film=is_film, exif=Exif(**given), thumbhash=thumbhash)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (look(taken=TAKEN, model="X"), look(taken=TAKEN + ".123+02:00", model="X", width=200, thumbhash=b"other"), True),
        (look(taken=TAKEN, model="X"), look(taken=TAKEN, width=100), True),
        (look(taken=TAKEN), look(taken="2024-07-21T18:03:12"), False),
        (look(taken=TAKEN, model="X"), look(taken=TAKEN, model="Y"), False),
        (look(taken=TAKEN), look(taken=TAKEN, is_film=True), False),
        (look(), look(), True),
        (look(taken=TAKEN), look(width=800, height=600), True),
        (look(), look(width=300, height=400), False),
        (look(), look(thumbhash=bytes(20)), False),
        (look(), look(thumbhash=None), False),
        (look(width=None), look(), False),
    ],
)
def test_by_what_they_say_and_how_they_look(old: Look, new: Look, same: bool) -> None:
    assert is_same_photo(old, new, patches=False) is same


def test_the_same_bytes_inside_are_the_same_photo_whatever_they_say() -> None:
    assert is_same_photo(look(taken=TAKEN, model="X"), look(taken="2019-01-01T00:00:00", model="Y"), patches=True)
