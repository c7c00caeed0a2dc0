"""A full disk in the middle of an import: a sentence, nothing lost, and it goes on when there is room."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from trio.testing import MockClock

from peer.errors import ExitCode, NoSpaceLeftError
from peer.library.library import Library
from store.errors import NoSpaceError
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.unit.peer.importing.faults import Around, Calls
from tests.unit.peer.importing.looking import assert_whole, assets, originals, unfinished, write

PICTURES = {f"{number}.jpg": jpeg(64, 48, seed=number) for number in range(6)}


@contextmanager
def says_that_the_disk_is_full() -> Iterator[None]:
    with pytest.raises(NoSpaceLeftError) as caught:
        yield
    error = caught.value
    assert error.exit_code is ExitCode.PARTLY
    assert "full" in error.message
    assert "othing was lost" in error.message
    assert "Make room" in error.hint


async def assert_it_goes_on(library: Library, card: Path) -> None:
    """With ``card`` complete: what was taken before is there already, the rest is taken now."""
    assert unfinished(library) == []
    assert sorted((card / name).read_bytes() for name in PICTURES) == sorted(PICTURES.values())
    before = len(assets(library))
    outcome = await bring(library, card)
    assert (outcome.imported, outcome.duplicates) == (len(PICTURES) - before, before)
    assert sorted(originals(library).values()) == sorted(PICTURES.values())
    assert_whole(library)


@pytest.mark.parametrize("error", [NoSpaceError("database or disk is full"), NoSpaceLeftError("The disk is full.")])
@pytest.mark.parametrize("at", [2, 4, 5, 9, 14, 20, 27])
async def test_at_any_point(library: Library, card: Path, at: int, error: Exception, autojump_clock: MockClock) -> None:
    write(card, PICTURES)

    def fail() -> None:
        raise error

    with says_that_the_disk_is_full():
        await bring(library, card, run_blocking=Calls(at, before=fail))
    await assert_it_goes_on(library, card)


@pytest.mark.parametrize("room", [0, 1, 2])
async def test_in_the_database(library: Library, card: Path, room: int, autojump_clock: MockClock) -> None:
    """SQLite itself says it: the database may not grow by more than ``room`` pages."""
    write(card, PICTURES)
    with library.database.read() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + room}")
    with says_that_the_disk_is_full():
        await bring(library, card)
    assert assets(library) == [], "all of them are one batch"
    with library.database.read() as connection:
        connection.execute("PRAGMA max_page_count = 1073741823")
    await assert_it_goes_on(library, card)


CALLS: dict[str, Callable[[Path, pytest.MonkeyPatch], None]] = {
    "a copy": lambda folder, patch: failing(patch, "fsync", lambda descriptor: path_of(descriptor).endswith(".part")),
    "a thumbnail": lambda folder, patch: failing(patch, "fsync", lambda descriptor: path_of(descriptor).endswith(".rendition")),
    "a name in the tree": lambda folder, patch: failing(patch, "link", lambda source, target: True),
    "a folder in the tree": lambda folder, patch: failing(patch, "mkdir", lambda path, *_: "originals" in str(path)),
}


@pytest.mark.parametrize("what", CALLS)
async def test_at_a_file(library: Library, card: Path, what: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    write(card, PICTURES)
    with monkeypatch.context() as patch, says_that_the_disk_is_full():
        CALLS[what](library.folder.root, patch)
        await bring(library, card)
    if what.endswith("tree"):
        assert assets(library), "these were committed; only their renames are still to be done"
        assert [held.incoming is not None for held in library.held.all("original")] == [True] * len(assets(library))
        await bring(library, card)
    await assert_it_goes_on(library, card)


async def test_the_sentence_says_how_far_it_came(library: Library, card: Path, tmp_path: Path, autojump_clock: MockClock) -> None:
    await bring(library, write(card, PICTURES))
    more = write(tmp_path / "more", {f"{number}.jpg": jpeg(64, 48, seed=number) for number in range(100, 103)})

    def fail(_: object) -> None:
        raise NoSpaceError("database or disk is full")

    with pytest.raises(NoSpaceLeftError) as caught:
        await bring(library, more, run_blocking=Around("commit", before=fail))
    assert caught.value.message == "The disk is full: 0 photos were imported, the rest was not. Nothing was lost."
    assert len(assets(library)) == len(PICTURES)
    assert_whole(library)


def failing(patch: pytest.MonkeyPatch, name: str, applies: Callable[..., bool]) -> None:
    """Lets a call of the operating system say that the disk is full, the second time that it ``applies``."""
    real, times = getattr(os, name), [0]

    def call(*arguments: object, **options: object) -> object:
        if applies(*arguments):
            times[0] += 1
            if times[0] == 2 or name != "fsync":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments, **options)

    patch.setattr(os, name, call)


def path_of(descriptor: object) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())
