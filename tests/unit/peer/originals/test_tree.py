"""Names in use, as the least discerning file system sees them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from peer.originals.names import choose_path
from peer.originals.tree import NamesInUse

JULY = "2024-07-21T18:03:11"


def test_names_on_disk_and_names_given_out_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "originals" / "2024" / "07"
    folder.mkdir(parents=True)
    (folder / "img_0042.heic").touch()
    names = NamesInUse(tmp_path)
    second = choose_path(JULY, "IMG_0042.HEIC", names)
    assert second == PurePosixPath("originals/2024/07/IMG_0042 (2).HEIC")
    names.add(second)
    assert choose_path(JULY, "IMG_0042.HEIC", names).name == "IMG_0042 (3).HEIC"
    assert choose_path(None, "IMG_0042.HEIC", names) == PurePosixPath("originals/undated/IMG_0042.HEIC")


def test_what_other_processes_added_is_seen_after_forgetting(tmp_path: Path) -> None:
    folder = tmp_path / "originals" / "undated"
    folder.mkdir(parents=True)
    names = NamesInUse(tmp_path)
    path = choose_path(None, "a.jpg", names)
    (folder / "a.jpg").touch()
    assert not names(path)
    names.forget(path.parent)
    assert names(path)
