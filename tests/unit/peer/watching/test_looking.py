"""Looking at real files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from peer.watching.looking import is_open_for_writing, look_at
from peer.watching.settling import Wholeness
from tests.fixtures.pictures import jpeg, movie, png

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has leases")


@pytest.mark.parametrize(("name", "data"), [("a.jpg", jpeg()), ("a.png", png()), ("a.mp4", movie())])
def test_whole_and_cut(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    sight = look_at(path)
    assert sight is not None
    assert sight.wholeness is Wholeness.WHOLE
    path.write_bytes(data[: len(data) * 2 // 3])
    sight = look_at(path)
    assert sight is not None
    assert sight.wholeness is Wholeness.TRUNCATED


@pytest.mark.parametrize(("name", "data"), [("a.xmp", b"<x/>"), ("a.txt", b"words"), ("a.dng", b"II*\x00" + bytes(100))])
def test_what_cannot_be_told(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    sight = look_at(path)
    assert sight is not None
    assert sight.wholeness is Wholeness.UNSURE


def test_an_empty_file_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    sight = look_at(tmp_path / "a.jpg")
    assert sight is not None
    assert sight.wholeness is Wholeness.TRUNCATED


def test_nothing_to_look_at(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe"):
        assert look_at(path) is None


@linux
def test_who_writes_is_noticed_and_not_disturbed(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with path.open("wb") as writer:
        writer.write(jpeg())
        writer.flush()
        sight = look_at(path)
        assert sight is not None
        assert sight.written
        writer.write(b"more")
    sight = look_at(path)
    assert sight is not None
    assert sight.written is False


@linux
def test_no_lease_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert is_open_for_writing(descriptor) is False
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))  # would fail as long as there was one
    finally:
        os.close(descriptor)
