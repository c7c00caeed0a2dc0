from __future__ import annotations

import pytest

from peer.errors import UsageError
from tools.replaying.sides import Sides, Sort, told_apart


def told(first: str, second: str = "", *, folders: tuple[str, ...] = ()) -> Sort:
    sides = told_apart(first, second, is_folder=lambda text: text in folders)
    assert sides == Sides(sort=sides.sort, first=first, second=second)
    return sides.sort


@pytest.mark.parametrize(
    ("first", "second", "sort"),
    [
        ("/mnt/old", "~/Pictures/Calotype", Sort.FOLDER),
        ("./3f2a", "..", Sort.FOLDER),
        ("backup", "/mnt/old", Sort.FOLDER),
        (".", "", Sort.FOLDER),
        ("2026-11-01", "2026-11-20T16:03", Sort.TIME),
        ("2h", "", Sort.TIME),
        ("3 d ago", "now", Sort.TIME),
        ("3d", "2026-11-20", Sort.TIME),
        ("3f2a", "77AA", Sort.RECORD),
        ("3f2a", "3d", Sort.RECORD),
        ("asset:3d", "3d", Sort.RECORD),
        ("20241101", "3f", Sort.RECORD),
        ("album:3f", "device:3f", Sort.RECORD),
    ],
)
def test_what_is_compared(first: str, second: str, sort: Sort) -> None:
    assert told(first, second) is sort


def test_a_folder_that_is_here_may_be_called_anything() -> None:
    assert told("3f2a", "/mnt/old", folders=("3f2a",)) is Sort.FOLDER
    assert told("3f2a", "asset:77", folders=("3f2a",)) is Sort.RECORD
    with pytest.raises(UsageError, match="'3f2a' and '77aa' can each be a folder or a record"):
        told("3f2a", "77aa", folders=("3f2a", "77aa"))


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("3d", "4d", "can each be a time or a record"),
        ("3f2a", "2026-11-20", "'3f2a' is a record and '2026-11-20' is a time: they can't be compared"),
        ("3f2a", "", "What is record '3f2a' to be compared with"),
        ("/mnt", "2h", "'/mnt' is a folder and '2h' is a time"),
    ],
)
def test_what_is_unclear_is_asked_for(first: str, second: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        told(first, second)
