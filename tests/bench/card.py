"""A memory card of photographs, each of 12 megapixels and some 3 MB, no two of which share anything that a program could save on."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from tests.fixtures.pictures import Shot, encoded, scene

SCENES = 4
QUALITY = 87
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


def fill_card(folder: Path, count: int, *, seed: int = 0) -> int:
    """``count`` files; their bytes together."""
    folder.mkdir()
    negatives = [_negative(seed + number) for number in range(min(SCENES, count))]
    return sum(
        (folder / f"IMG_{number + 1:04}.JPG").write_bytes(shuffled(negatives[number % len(negatives)], seed=seed + number))
        for number in range(count)
    )


def _negative(seed: int) -> bytes:
    return encoded(scene(4000, 3000, seed=seed, grain=28), "JPEG", shot=Shot(), quality=QUALITY, restart_marker_rows=1)


def shuffled(picture: bytes, *, seed: int) -> bytes:
    """A JPEG with restart markers after each row of blocks, its rows in another order: a valid picture, made in a moment. So hundreds of different
    files cost hardly more than one, and neither equal blocks nor anything else that files have in common helps who sends them."""
    start = picture.index(b"\xff\xda")
    start += 2 + int.from_bytes(picture[start + 2 : start + 4], "big")
    rows = _RESTART.split(picture[start:-2])
    Random(seed).shuffle(rows)
    parts = [picture[:start]]
    for number, row in enumerate(rows):
        parts += [row, bytes([0xFF, 0xD0 + number % 8])]
    return b"".join([*parts[:-1], picture[-2:]])
