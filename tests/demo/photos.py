"""What is imported: a person's own photographs, or a small varied set that is made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.pictures import jpeg, truncated, varied_shot, write_varied_photos

MADE = 16
MOST_FILES = 100
MOST_BYTES = 200_000_000
APART_SEED = 1000


@dataclass(frozen=True, kw_only=True)
class Photos:
    """What to give to ``calotype import``, and a sentence about it."""

    paths: list[Path]
    remark: str


def make_photos(folder: Path) -> Photos:
    """Cameras, years, places, orientations and formats; and three files that an import has something to say about."""
    made = write_varied_photos(folder, MADE)
    (folder / "IMG_0001 copy.JPG").write_bytes(made[0].read_bytes())
    (folder / "IMG_0099.JPG").write_bytes(truncated(made[1].read_bytes()))
    (folder / "notes.txt").write_text("Not a photograph.\n", "utf-8")
    return Photos(paths=[folder], remark=f"{MADE} photographs were made, with a copy of one, half of one, and a text file beside them")


def choose_photos(folder: Path) -> Photos:
    """A person's own files, where they lie, but not so many that it would take long."""
    paths: list[Path] = []
    size = left_out = 0
    for path in _files_below(folder):
        size += path.stat().st_size
        if len(paths) == MOST_FILES or size > MOST_BYTES:
            left_out += 1
        else:
            paths.append(path)
    remark = f"{len(paths)} files from {folder}" + (f"; {left_out} more were left out, to end soon" if left_out else "")
    return Photos(paths=paths, remark=remark)


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(names) if not name.startswith(".") and (path := Path(parent, name)).is_file())


def make_photo_for_both(folder: Path) -> tuple[Path, Path]:
    """One photograph under two names: as it lies on the camera's card and as a messenger calls it."""
    contents = jpeg(1600, 1200, seed=APART_SEED, shot=varied_shot(APART_SEED))
    paths = folder / "card" / "DSCF0815.JPG", folder / "received" / "photo from Anna.jpg"
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_bytes(contents)
    return paths
