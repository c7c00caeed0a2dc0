"""Files and folders that are there after a crash, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import durable
from store.durable import make_folders


def test_the_names_of_new_folders_reach_the_disk_from_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[Path, set[Path]]] = []
    monkeypatch.setattr(durable, "sync_folder", lambda folder: synced.append((folder, set(folder.iterdir()))))
    make_folders(tmp_path / "blobs" / "ab")
    assert synced == [(tmp_path, {tmp_path / "blobs"}), (tmp_path / "blobs", {tmp_path / "blobs" / "ab"})]
    make_folders(tmp_path / "blobs" / "ab")
    assert len(synced) == 2
