"""Files and folders that are there after a crash, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from store import durable
from store.durable import make_folders, write_synced


def test_the_names_of_new_folders_reach_the_disk_from_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[Path, set[Path]]] = []
    monkeypatch.setattr(durable, "sync_folder", lambda folder: synced.append((folder, set(folder.iterdir()))))
    make_folders(tmp_path / "blobs" / "ab")
    assert synced == [(tmp_path, {tmp_path / "blobs"}), (tmp_path / "blobs", {tmp_path / "blobs" / "ab"})]
    make_folders(tmp_path / "blobs" / "ab")
    assert len(synced) == 2


def test_a_file_system_that_syncs_no_folders_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", refuse)
    durable.make_folders(tmp_path / "one" / "two")
    assert (tmp_path / "one" / "two").is_dir()


def test_a_disk_that_fails_to_sync_a_folder_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        durable.make_folders(tmp_path / "one")


def test_a_file_that_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        write_synced(tmp_path / "one", b"new")
    assert (tmp_path / "one").read_bytes() == b"precious"
