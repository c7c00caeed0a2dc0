"""Copies that are beyond doubt, and everything that can come between."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from peer.errors import NoSpaceLeftError
from peer.originals import copying
from peer.originals.copying import BLOCK_BYTES, Copied, clear_incoming, copy_verified, hash_source, place
from peer.originals.errors import (
    CopyDamagedError,
    CopyFailedError,
    NameTakenError,
    SourceChangedError,
    SourceUnreadableError,
    SourceVanishedError,
)
from peer.originals.held import HeldStamp, still_held
from store import durable
from store.ids import FileHash

CONTENTS = bytes(range(256)) * (BLOCK_BYTES // 256) * 2 + b"rest"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "card" / "IMG_0042.JPG"
    path.parent.mkdir()
    path.write_bytes(CONTENTS)
    os.utime(path, ns=(1_500_000_000_000_000_000, 1_500_000_000_123_456_789))
    return path


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    folder = tmp_path / "library" / ".calotype" / "incoming"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "library" / "originals" / "2017" / "07" / "IMG_0042.JPG"


def once(action: Callable[[], Any]) -> Callable[[int], None]:
    """Runs ``action`` after the first block."""
    actions = [action]
    return lambda _count: actions.pop()() if actions else None


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(code: int) -> Callable[..., Any]:
    def fail(*_arguments: Any, **_options: Any) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


def test_from_the_card_into_the_tree(source: Path, incoming: Path, destination: Path) -> None:
    hashed = hash_source(source)
    copied = copy_verified(source, incoming, expected=hashed)
    assert copied.file == hashed.file == FileHash(hashlib.sha256(CONTENTS).digest())
    assert copied.path.parent == incoming
    place(copied.path, destination)
    assert destination.read_bytes() == CONTENTS
    assert stat.S_IMODE(destination.stat().st_mode) == 0o444
    assert destination.stat().st_nlink == 1
    assert destination.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert still_held(destination, copied.stamp)
    assert names_in(incoming) == []
    assert source.read_bytes() == CONTENTS


def test_progress_is_told_block_by_block(source: Path, incoming: Path) -> None:
    counts: list[int] = []
    copy_verified(source, incoming, on_block=counts.append)
    assert counts == [BLOCK_BYTES, BLOCK_BYTES, 4]


def test_an_empty_file_is_a_file(tmp_path: Path, incoming: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert copy_verified(path, incoming).file == FileHash(hashlib.sha256().digest())


class TestSource:
    """Whatever happens to the source, nothing of it stays in the library."""

    CHANGES: tuple[tuple[Callable[[Path], Any], type[Exception]], ...] = (
        (lambda path: path.unlink(), SourceVanishedError),
        (lambda path: os.truncate(path, 10), SourceChangedError),
        (lambda path: path.open("ab").write(b"more"), SourceChangedError),
        (lambda path: os.utime(path), SourceChangedError),
        (lambda path: (path.rename(path.with_name("old")), path.write_bytes(CONTENTS)), SourceChangedError),
    )

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    @pytest.mark.parametrize(("change", "error"), CHANGES)
    def test_a_file_that_changes_while_it_is_read(
        self, source: Path, incoming: Path, change: Callable[[Path], Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            copy_verified(source, incoming, on_block=once(lambda: change(source)))
        assert names_in(incoming) == []

    def test_a_file_that_changes_while_it_is_hashed(self, source: Path) -> None:
        with pytest.raises(SourceChangedError):
            hash_source(source, on_block=once(lambda: os.truncate(source, 10)))

    def test_a_file_that_changes_between_hash_and_copy(self, source: Path, incoming: Path) -> None:
        hashed = hash_source(source)
        source.write_bytes(b"other")
        with pytest.raises(SourceChangedError):
            copy_verified(source, incoming, expected=hashed)
        assert names_in(incoming) == []

    def test_a_file_that_changes_without_looking_different(self, source: Path, incoming: Path) -> None:
        hashed = hash_source(source)
        with source.open("r+b") as writer:
            writer.write(b"OTHER")
        os.utime(source, ns=(0, hashed.stamp.mtime_ns))
        with pytest.raises(SourceChangedError):
            copy_verified(source, incoming, expected=hashed)
        assert names_in(incoming) == []

    def test_a_file_that_is_gone(self, tmp_path: Path, incoming: Path) -> None:
        with pytest.raises(SourceVanishedError):
            copy_verified(tmp_path / "gone", incoming)

    def test_a_pipe_is_refused_without_waiting_for_its_other_end(self, tmp_path: Path, incoming: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(SourceUnreadableError):
            copy_verified(tmp_path / "pipe", incoming)
        with pytest.raises(SourceUnreadableError):
            hash_source(tmp_path)

    def test_a_name_that_cannot_be_printed_is_spelled_out(self, tmp_path: Path, incoming: Path) -> None:
        with pytest.raises(SourceVanishedError, match=r"caf%E9%0A\.jpg") as caught:
            copy_verified(tmp_path / "caf\udce9\n.jpg", incoming)
        assert caught.value.hint


class TestDisk:
    """Whatever happens on the library's disk, the copy is whole or isn't there."""

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
    def test_a_full_disk(self, source: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        monkeypatch.setattr(os, "fsync", failing(code))
        with pytest.raises(NoSpaceLeftError, match=r"IMG_0042\.JPG was not imported, nothing was lost") as caught:
            copy_verified(source, incoming)
        assert caught.value.hint
        assert names_in(incoming) == []

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
    def test_a_disk_that_is_full_in_the_middle_of_a_file(self, source: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(copying, "_create", lambda folder: (folder / "full.part", os.open("/dev/full", os.O_WRONLY)))
        with pytest.raises(NoSpaceLeftError):
            copy_verified(source, incoming)

    def test_a_disk_that_gives_back_something_else(self, source: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(copying, "_checksum_from_disk", lambda path: bytes(16))
        with pytest.raises(CopyDamagedError):
            copy_verified(source, incoming)
        assert names_in(incoming) == []

    def test_a_library_that_cannot_be_written(self, source: Path, tmp_path: Path) -> None:
        with pytest.raises(CopyFailedError):
            copy_verified(source, tmp_path / "no" / "such" / "folder")

    def test_work_that_is_stopped_leaves_nothing(self, source: Path, incoming: Path) -> None:
        def stop(_count: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            copy_verified(source, incoming, on_block=stop)
        assert names_in(incoming) == []

    def test_the_copy_is_read_back_from_the_disk(self, source: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if not hasattr(os, "posix_fadvise"):
            pytest.skip("this system can't be asked to forget a file")
        calls: list[str] = []

        def noting(name: str, real: Callable[..., None]) -> Callable[..., None]:
            def call(*arguments: Any) -> None:
                calls.append(name)
                real(*arguments)

            return call

        monkeypatch.setattr(os, "fsync", noting("durable", os.fsync))
        monkeypatch.setattr(os, "posix_fadvise", noting("forgotten", os.posix_fadvise))
        copy_verified(source, incoming)
        assert calls == ["durable", "forgotten"]


class TestPlace:
    """Never over another file, and again after a crash."""

    @pytest.fixture
    def copied(self, source: Path, incoming: Path) -> Copied:
        return copy_verified(source, incoming)

    @pytest.fixture(params=["links", "no links"])
    def file_system(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        if request.param == "no links":
            monkeypatch.setattr(os, "link", failing(errno.EPERM))

    @pytest.mark.usefixtures("file_system")
    def test_it_keeps_its_stamp(self, copied: Copied, destination: Path, incoming: Path) -> None:
        place(copied.path, destination)
        assert still_held(destination, copied.stamp)
        assert names_in(incoming) == []

    @pytest.mark.usefixtures("file_system")
    def test_a_name_that_is_taken(self, copied: Copied, destination: Path) -> None:
        destination.parent.mkdir(parents=True)
        destination.write_bytes(b"mine")
        with pytest.raises(NameTakenError):
            place(copied.path, destination)
        assert destination.read_bytes() == b"mine"
        assert copied.path.read_bytes() == CONTENTS

    def test_again_after_a_crash_between_its_two_steps(self, copied: Copied, destination: Path) -> None:
        destination.parent.mkdir(parents=True)
        os.link(copied.path, destination)
        place(copied.path, destination)
        assert not copied.path.exists()
        assert still_held(destination, copied.stamp)

    def test_a_full_disk(self, copied: Copied, destination: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "link", failing(errno.ENOSPC))
        with pytest.raises(NoSpaceLeftError):
            place(copied.path, destination)
        assert copied.path.exists()
        assert not destination.exists()

    def test_folders_are_made_durable_from_above(
        self, copied: Copied, destination: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[Path] = []
        for module in (copying, durable):
            monkeypatch.setattr(module, "sync_folder", synced.append)
        place(copied.path, destination)
        library = tmp_path / "library"
        assert synced == [library, library / "originals", library / "originals" / "2017", destination.parent]


def test_what_nobody_knows_is_cleared_once_it_is_old(source: Path, incoming: Path) -> None:
    known, unknown = copy_verified(source, incoming), copy_verified(source, incoming)
    changed = unknown.path.stat().st_ctime_ns
    assert clear_incoming(incoming, keep={known.path.name}, before_ns=changed) == 0
    assert clear_incoming(incoming, keep={known.path.name}, before_ns=changed + 1) == 1
    assert names_in(incoming) == [known.path.name]
    assert HeldStamp.of(known.path.stat()) == known.stamp
