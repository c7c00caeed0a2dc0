"""Found or left out, always with a reason, always in the same order."""

from __future__ import annotations

import errno
import inspect
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from peer.originals.held import HeldStamp
from peer.originals.scan import Found, Skipped, scan


def touch(path: Path, contents: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
    return path


def found(*paths: Path, library: Path | None = None) -> list[Path]:
    return [item.path for item in scan(paths, library=library) if isinstance(item, Found)]


def skipped(*paths: Path, library: Path | None = None) -> dict[Path, Skipped]:
    return {item.path: item for item in scan(paths, library=library) if isinstance(item, Skipped)}


def test_files_and_folders_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = ["b.jpg", "a/z.jpg", "a/b/c.jpg", "a.jpg", "B.jpg", "ä.jpg", "c/1.jpg", "c/10.jpg", "c/2.jpg"]
    for name in names:
        touch(tmp_path / name)
    order = [str(path.relative_to(tmp_path)) for path in found(tmp_path)]
    assert order == ["B.jpg", "a.jpg", "b.jpg", "ä.jpg", "a/z.jpg", "a/b/c.jpg", "c/1.jpg", "c/10.jpg", "c/2.jpg"]
    assert found(tmp_path / "c", tmp_path / "a.jpg")[-1] == tmp_path / "a.jpg"


def test_files_that_were_named_come_together_by_folder(tmp_path: Path) -> None:
    a, b, c, other = (touch(tmp_path / name) for name in ("one/a.jpg", "one/b.jpg", "one/c.jpg", "two/a.jpg"))
    assert found(c, other, a, tmp_path / "two", b) == [a, b, c, other, other]


def test_names_that_belong_together_come_together(tmp_path: Path) -> None:
    for name in ("a.mov", "B.jpg", "A.jpg", "b.xmp", "a-2.jpg", "deep/a.jpg"):
        touch(tmp_path / name)
    items = scan([tmp_path], beside=lambda name: name.partition(".")[0].lower())
    names = [str(item.path.relative_to(tmp_path)) for item in items]
    assert names == ["A.jpg", "a.mov", "a-2.jpg", "B.jpg", "b.xmp", "deep/a.jpg"]


def test_what_was_recovered_may_be_imported_again_and_nothing_else_of_the_library(tmp_path: Path) -> None:
    library = tmp_path / "library"
    original = touch(library / "originals/2024/07/a.jpg")
    recovered = touch(library / "recovered/2024-07-21/b.jpg")
    assert found(library / "recovered", library=library) == [recovered]
    assert found(recovered, library=library) == [recovered]
    assert found(original, library / "originals", library, library=library) == []
    assert found(tmp_path, library=library) == []


def test_a_found_file_says_how_it_looked(tmp_path: Path) -> None:
    path = touch(tmp_path / "a.jpg", b"12345")
    (item,) = scan([path])
    assert item == Found(path=path, stamp=HeldStamp.of(path.stat()))


@pytest.mark.parametrize(
    "name",
    [
        "🙂🏖️.jpg".encode(),
        b"two\nlines.jpg",
        "Cafe\u0301.jpg".encode(),
        "Caf\u00e9.jpg".encode(),
        b"caf\xe9.jpg",
        b"n" * 251 + b".jpg",
        b" .jpg",
    ],
)
def test_names_of_any_bytes_are_found_and_can_be_opened(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.write_bytes(b"x")
    (only,) = found(tmp_path)
    assert os.fsencode(only.name) == name
    assert only.read_bytes() == b"x"


def test_both_unicode_forms_side_by_side_are_two_files(tmp_path: Path) -> None:
    touch(tmp_path / "Cafe\u0301.jpg")
    touch(tmp_path / "Caf\u00e9.jpg")
    assert len(found(tmp_path)) == len(list(tmp_path.iterdir()))


class TestLinks:
    """Followed where that can't go round in circles."""

    def test_a_link_to_a_file_is_found_once_resolved(self, tmp_path: Path) -> None:
        target = touch(tmp_path / "elsewhere" / "a.jpg", b"12345")
        link = tmp_path / "photos" / "link.jpg"
        link.parent.mkdir()
        link.symlink_to(target)
        (item,) = scan([tmp_path / "photos"])
        assert item == Found(path=link, stamp=HeldStamp.of(target.stat()))

    def test_a_link_to_a_folder_is_not_followed_below_but_as_an_argument(self, tmp_path: Path) -> None:
        touch(tmp_path / "elsewhere" / "a.jpg")
        link = tmp_path / "photos" / "link"
        link.parent.mkdir()
        link.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
        assert "aren't followed" in skipped(tmp_path / "photos")[link].reason
        assert found(link) == [link / "a.jpg"]

    def test_loops_end(self, tmp_path: Path) -> None:
        touch(tmp_path / "a" / "a.jpg")
        (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "self").symlink_to(tmp_path / "self")
        (tmp_path / "one").symlink_to(tmp_path / "two")
        (tmp_path / "two").symlink_to(tmp_path / "one")
        assert found(tmp_path) == [tmp_path / "a" / "a.jpg"]
        reasons = skipped(tmp_path)
        assert reasons[tmp_path / "self"].reason == "a link that leads back to itself"
        assert reasons[tmp_path / "one"].reason == "a link that leads back to itself"
        assert skipped(tmp_path / "self")[tmp_path / "self"].reason == "a link that leads back to itself"

    def test_a_link_into_nothing_is_left_out(self, tmp_path: Path) -> None:
        (tmp_path / "dead.jpg").symlink_to(tmp_path / "gone.jpg")
        assert skipped(tmp_path)[tmp_path / "dead.jpg"].reason == "a link that leads nowhere"


class TestLibrary:
    """A library is never imported into itself."""

    @pytest.fixture
    def library(self, tmp_path: Path) -> Path:
        library = tmp_path / "Pictures" / "Calotype"
        touch(library / "originals" / "2024" / "a.jpg")
        touch(tmp_path / "Pictures" / "b.jpg")
        return library

    def test_the_folder_around_it(self, tmp_path: Path, library: Path) -> None:
        assert found(tmp_path / "Pictures", library=library) == [tmp_path / "Pictures" / "b.jpg"]
        assert skipped(tmp_path / "Pictures", library=library)[library].expected

    def test_the_library_itself_and_what_is_in_it(self, library: Path) -> None:
        for path in (library, library / "originals", library / "originals" / "2024" / "a.jpg"):
            assert found(path, library=library) == []
            assert skipped(path, library=library)[path].expected

    def test_by_another_name(self, tmp_path: Path, library: Path) -> None:
        alias = tmp_path / "alias"
        alias.symlink_to(library / "originals", target_is_directory=True)
        (tmp_path / "Pictures" / "c.jpg").symlink_to(library / "originals" / "2024" / "a.jpg")
        assert found(alias, tmp_path / "Pictures", library=library) == [tmp_path / "Pictures" / "b.jpg"]


def test_what_is_no_file_is_left_out_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.jpg"))
        reasons = skipped(tmp_path)
    assert reasons[tmp_path / "pipe.jpg"].reason == "a pipe, not a file"
    assert reasons[tmp_path / "socket.jpg"].reason == "a socket, not a file"
    assert skipped(Path("/dev/null"))[Path("/dev/null")].reason == "a device, not a file"


def test_hidden_and_system_files_are_expected_to_be_left_out(tmp_path: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "._a.jpg", ".git/config", "@eaDir/a.jpg", "$RECYCLE.BIN/a.jpg"):
        touch(tmp_path / name)
    touch(tmp_path / "a.jpg")
    assert found(tmp_path) == [tmp_path / "a.jpg"]
    assert len(skipped(tmp_path)) == 6
    assert all(item.expected for item in skipped(tmp_path).values())


def test_a_hidden_folder_that_a_person_named_is_looked_through(tmp_path: Path) -> None:
    path = touch(tmp_path / ".private" / "a.jpg")
    assert found(tmp_path / ".private") == [path]


def test_a_folder_reached_twice_is_walked_once(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "b" / "c.jpg")
    assert found(tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a") == [tmp_path / "a" / "b" / "c.jpg"]


def test_what_is_not_there_has_its_reason(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert list(scan([gone])) == [Skipped(path=gone, reason="it isn't there")]
    long = tmp_path / ("n" * 300)
    assert skipped(long)[long].reason == "its path is too long for this system"


def test_folders_that_cannot_be_read_cost_only_themselves(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "b/2.jpg", "c/3.jpg", "d/4.jpg"):
        touch(tmp_path / name)
    failures = {
        "b": PermissionError(errno.EACCES, "Permission denied"),
        "c": FileNotFoundError(errno.ENOENT, "gone"),
        "d": OSError(errno.ESTALE, "Stale handle"),
    }

    def scan_folder(path: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        if path.name in failures:
            raise failures[path.name]
        return os.scandir(path)

    items = list(scan([tmp_path], scan_folder=scan_folder))
    assert [item.reason if isinstance(item, Skipped) else item.path.name for item in items] == [
        "1.jpg",
        "no permission to read it",
        "it isn't there",
        "it can't be read: Stale handle",
    ]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody without permission")
def test_a_folder_without_permission_for_real() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        touch(folder / "closed" / "a.jpg")
        touch(folder / "open.jpg")
        (folder / "closed").chmod(0)
        os.seteuid(65_534)
        try:
            items = list(scan([folder]))
        finally:
            os.seteuid(0)
    assert items[-1] == Skipped(path=folder / "closed", reason="no permission to read it")
    assert isinstance(items[0], Found)


def test_trees_deeper_than_the_stack(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 200)
    path = touch(deep / "a.jpg")
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        assert found(tmp_path) == [path]
    finally:
        sys.setrecursionlimit(usual)


def test_a_file_that_vanishes_during_the_walk_costs_only_itself(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "b.jpg")
    walk = scan([tmp_path])
    assert next(walk)
    (tmp_path / "b.jpg").unlink()
    assert list(walk) == [Skipped(path=tmp_path / "b.jpg", reason="it isn't there")]
