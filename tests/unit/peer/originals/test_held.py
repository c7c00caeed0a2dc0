"""A file counts as held only while it looks as recorded."""

from __future__ import annotations

import os
from pathlib import Path

from peer.originals.held import HeldStamp, still_held


def test_held_until_size_time_or_inode_changes(tmp_path: Path) -> None:
    path, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    path.write_bytes(b"bytes")
    stamp = HeldStamp.of(path.stat())
    assert still_held(path, stamp)

    os.utime(path, ns=(0, stamp.mtime_ns + 1))
    assert not still_held(path, stamp)
    os.utime(path, ns=(0, stamp.mtime_ns))
    assert still_held(path, stamp)

    other.write_bytes(b"bytes")
    os.utime(other, ns=(0, stamp.mtime_ns))
    other.replace(path)
    assert not still_held(path, stamp)


def test_a_link_to_it_or_nothing_at_all_is_not_it(tmp_path: Path) -> None:
    path, link = tmp_path / "a.jpg", tmp_path / "link.jpg"
    path.write_bytes(b"bytes")
    stamp = HeldStamp.of(path.stat())
    link.symlink_to(path)
    assert not still_held(link, stamp)
    path.unlink()
    assert not still_held(path, stamp)
    assert not still_held(path / "below", stamp)
