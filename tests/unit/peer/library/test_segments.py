"""Files that are put together from segments."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from peer.library.segments import write_at


def test_a_segment_is_on_the_disk_when_it_counts_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, durable, real_fsync = tmp_path / "long.mp4", list[bytes](), os.fsync

    def fsync(descriptor: int) -> None:
        real_fsync(descriptor)
        durable.append(path.read_bytes())

    monkeypatch.setattr(os, "fsync", fsync)
    write_at(path, 4, b"second")
    write_at(path, 0, b"1st,")
    assert durable == [b"\0\0\0\0second", b"1st,second"]
