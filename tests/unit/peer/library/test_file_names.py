"""Which of its names is a file's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.library.file_names import name_in_role, name_of
from store.ids import FileHash

PICTURE, RAW = FileHash(bytes(32)), FileHash(bytes([1]) * 32)
NAMES = ("x.AAE", "x.CR2", "x.CR2.xmp", "x.JPG", "x.JPG.xmp", "x.MOV")
PHOTO = replace(view_asset(EMPTY), primary=PICTURE, media="image/jpeg", names=NAMES, roles={"raw": RAW})

ROLES = {
    "primary": "x.JPG",
    "version": "x.JPG",
    "raw": "x.CR2",
    "motion": "x.MOV",
    "sidecar": "x.JPG.xmp",
    "sidecar_raw": "x.CR2.xmp",
    "adjustments": "x.AAE",
    "other": "x",
}


@pytest.mark.parametrize(("role", "name"), ROLES.items())
def test_the_type_of_a_file_tells(role: str, name: str) -> None:
    assert name_in_role(PHOTO, role) == name


def test_by_file() -> None:
    assert (name_of(PHOTO, PICTURE), name_of(PHOTO, RAW)) == ("x.JPG", "x.CR2")
    assert name_of(view_asset(EMPTY), PICTURE) is None


def test_where_no_name_fits() -> None:
    assert name_in_role(replace(PHOTO, names=("a.xmp", "b.png"))) == "b.png", "a JPEG that is named otherwise"
    assert name_in_role(replace(PHOTO, names=("a.xmp",))) == "a.xmp"
    assert name_in_role(replace(PHOTO, names=("a.jpg",)), "motion") == "a"
    assert name_in_role(replace(PHOTO, names=("a.jpg", "a.xmp")), "sidecar") == "a.xmp"
