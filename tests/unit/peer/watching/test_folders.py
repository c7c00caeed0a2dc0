"""Which folders can be watched, and what is remembered of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peer.errors import UsageError
from peer.library.library import Library
from peer.originals.held import HeldStamp
from peer.watching import folders
from peer.watching.findings import Scan, hinted
from peer.watching.folders import LeftFile, add_folder, leave, left_files, remove_folder, watched_folders, what_waits
from tests.fleet.libraries import MovedClock, make_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = make_library(tmp_path / "library", clock=MovedClock())
    yield made
    made.close()


def made(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def test_added_listed_removed(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = made(tmp_path / "phone")
    monkeypatch.chdir(tmp_path)
    add_folder(library, Path("phone/../phone"))
    add_folder(library, phone)
    assert [each.path for each in watched_folders(library)] == [phone]
    assert remove_folder(library, phone) == phone
    assert watched_folders(library) == []
    with pytest.raises(UsageError):
        remove_folder(library, phone)


@pytest.mark.parametrize("name", ["library", "library/originals", ".", "missing", "a file"])
def test_folders_that_are_refused(library: Library, tmp_path: Path, name: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(UsageError):
        add_folder(library, tmp_path / name)
    assert watched_folders(library) == []


def test_a_link_into_the_library_is_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(library.folder.originals)
    with pytest.raises(UsageError):
        add_folder(library, tmp_path / "link")


def test_folders_inside_each_other_are_refused(library: Library, tmp_path: Path) -> None:
    outer = made(tmp_path / "outer")
    inner = made(outer / "inner")
    add_folder(library, inner)
    with pytest.raises(UsageError):
        add_folder(library, outer)
    remove_folder(library, inner)
    add_folder(library, outer)
    with pytest.raises(UsageError):
        add_folder(library, inner)


def test_not_too_many(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_FOLDERS", 2)
    for name in "ab":
        add_folder(library, made(tmp_path / name))
    add_folder(library, tmp_path / "a")
    with pytest.raises(UsageError):
        add_folder(library, made(tmp_path / "c"))


def test_a_folder_that_is_gone_is_waited_for_with_a_reason(library: Library, tmp_path: Path) -> None:
    phone = made(tmp_path / "phone")
    add_folder(library, phone)
    assert list(what_waits(library)) == []
    phone.rmdir()
    (watched,) = watched_folders(library)
    assert watched.to_json()["state"] == "waiting"
    ((item, reason),) = what_waits(library)
    assert str(phone) in item
    assert "isn't there" in reason


def test_what_was_left_is_told_while_it_is_there_and_looked_at_again_when_it_changes(library: Library, tmp_path: Path) -> None:
    phone = made(tmp_path / "phone")
    add_folder(library, phone)
    photo, other = phone / "a.jpg", phone / "b.jpg"
    photo.write_bytes(b"cut")
    other.write_bytes(b"x")
    stamp = HeldStamp.of(photo.stat())
    leave(library, phone, [LeftFile(path=photo, stamp=stamp, reason="cut"), LeftFile(path=phone / "gone", stamp=stamp, reason="cut")])
    assert [each.path for each in left_files(library, phone)] == [photo]
    assert Scan(library, [phone]).page() == [other]
    photo.write_bytes(b"cut and more")
    assert Scan(library, [phone]).page() == [photo, other]
    assert hinted(library, [phone], {phone}) == [photo, other]


def test_hints_about_what_is_nobodys_business(library: Library, tmp_path: Path) -> None:
    phone = made(tmp_path / "phone")
    hidden = made(phone / ".trash")
    for path in (tmp_path / "a.jpg", hidden / "b.jpg", phone / "c.jpg.part", phone / ".d.jpg"):
        path.write_bytes(b"x")
    (phone / "loop").symlink_to(phone)
    assert hinted(library, [phone], set(tmp_path.rglob("*"))) == []
