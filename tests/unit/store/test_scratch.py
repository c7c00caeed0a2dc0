"""Folders for files on their way in, whose owners end in all ways."""

from __future__ import annotations

from pathlib import Path

from store.scratch import ScratchFolder, clear_abandoned


def test_an_own_folder_goes_away_with_its_owner(tmp_path: Path) -> None:
    folder = ScratchFolder(tmp_path)
    (folder.path / "0").write_bytes(b"half a file")
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_to_be_kept_stays_until_it_was_taken(tmp_path: Path) -> None:
    folder = ScratchFolder(tmp_path)
    for name in ("0", "1"):
        (folder.path / name).write_bytes(b"a file")
    kept = f"{folder.path.name}/1"
    folder.close(keep={kept})
    assert [path.name for path in folder.path.iterdir()] == ["1"]
    clear_abandoned(tmp_path, keep={kept})
    assert (tmp_path / kept).exists()
    (tmp_path / kept).unlink()
    clear_abandoned(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_what_has_no_owner_any_more_is_cleared(tmp_path: Path) -> None:
    killed, alive = ScratchFolder(tmp_path), ScratchFolder(tmp_path)
    for folder in (killed, alive):
        (folder.path / "0").write_bytes(b"half a file")
    killed.abandon()
    clear_abandoned(tmp_path)
    assert not killed.path.exists()
    assert (alive.path / "0").exists()
    alive.close()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_without_a_folder_is_cleared_too(tmp_path: Path) -> None:
    killed = ScratchFolder(tmp_path)
    killed.path.rmdir()
    killed.abandon()
    clear_abandoned(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_of_its_making_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    for name in ("notes.txt", "holiday/1.jpg", "engine.lock", "0123.lock"):
        (tmp_path / name).write_text("not ours")
    before = sorted(tmp_path.rglob("*"))
    clear_abandoned(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
