"""Imports that are interrupted anywhere, and run again: they go on, and nothing is lost, left over or there twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from trio.testing import MockClock

from peer.importing.outcome import Outcome
from peer.importing.prepare import Examiner
from peer.library.library import Library
from peer.media.findings import Examination
from peer.media.types import MediaType
from peer.originals.scan import Found
from store.ids import FileHash
from store.scratch import ScratchFolder
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import InThisProcess, bring
from tests.unit.peer.importing.faults import Around, Calls, Interruption
from tests.unit.peer.importing.looking import assert_whole, assets, originals, reasons, unfinished, write

PICTURES = {f"{number}.jpg": jpeg(64, 48, seed=number) for number in range(9)}


@pytest.mark.parametrize("seed", range(16))
async def test_cancelled_anywhere_it_leaves_nothing_and_goes_on(library: Library, card: Path, seed: int, autojump_clock: MockClock) -> None:
    write(card, PICTURES)
    chance = Random(seed)
    done = 0
    for _ in range(3):
        interruption = Interruption(chance.randrange(1, 40), afterwards=chance.random() < 0.5)
        with interruption.scope:
            await bring(library, card, run_blocking=interruption.calls)
        assert unfinished(library) == []
        assert len(assets(library)) >= done, "what was committed stays"
        done = len(assets(library))
        assert len(originals(library)) == done
    outcome = await bring(library, card)
    assert (outcome.imported, outcome.duplicates) == (len(PICTURES) - done, done)
    assert sorted(originals(library).values()) == sorted(PICTURES.values())
    assert len(assets(library)) == len(PICTURES)
    assert_whole(library)


async def test_cancelled_after_the_commit_and_before_the_renames(
    library: Library, card: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(card, PICTURES)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("peer.library.placing.place", killed)
        with pytest.raises(BaseExceptionGroup):
            await bring(library, card)
    held = list(library.held.all("original"))
    assert held
    assert all(each.incoming for each in held)
    assert len(assets(library)) == len(held)
    outcome = await bring(library, card)
    assert outcome.imported + len(held) == len(PICTURES)
    assert sorted(originals(library).values()) == sorted(PICTURES.values())
    assert_whole(library)


async def test_what_a_killed_import_left_is_cleared_by_the_next(library: Library, card: Path, autojump_clock: MockClock) -> None:
    killed = ScratchFolder(library.folder.incoming)
    (killed.path / "1-0.part").write_bytes(b"half a film")
    killed.abandon()
    alive = ScratchFolder(library.folder.incoming)
    (alive.path / "2-0.part").write_bytes(b"half of another film")
    await bring(library, write(card, PICTURES))
    assert unfinished(library) == [f"{alive.path.name}/2-0.part"]
    alive.close()
    assert_whole(library)


async def test_a_half_fetched_file_that_nobody_wants_any_more_is_cleared(library: Library, card: Path, autojump_clock: MockClock) -> None:
    partial = library.folder.incoming / f"{FileHash(bytes(32)).hex()}.download"
    partial.write_bytes(b"half of it")
    await bring(library, write(card, PICTURES))
    assert unfinished(library) == [partial.name], "it may just have been begun"
    library.clock.pass_by(int(partial.stat().st_mtime * 1000) + 10**10)  # type: ignore[attr-defined]
    await bring(library, card)
    assert_whole(library)


CHANGES: dict[str, Callable[[Path], Any]] = {
    "grows": lambda path: path.open("ab").write(b"more"),
    "shrinks": lambda path: path.write_bytes(b"less"),
    "is replaced": lambda path: (path.with_name("new").write_bytes(jpeg(seed=99)), path.with_name("new").replace(path)),
    "is touched": lambda path: path.write_bytes(path.read_bytes()),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_a_file_that_changes_after_it_was_identified(
    library: Library, card: Path, change: Callable[[Path], Any], autojump_clock: MockClock
) -> None:
    write(card, {"still.jpg": PICTURES["1.jpg"], "moving.jpg": PICTURES["2.jpg"]})
    outcome = await bring(library, card, run_blocking=after_identifying(lambda: change(card / "moving.jpg")))
    assert outcome.imported == 1
    assert "changed while it was imported" in reasons(outcome)["moving.jpg"]
    assert list(originals(library).values()) == [PICTURES["1.jpg"]]
    assert_whole(library)


async def test_a_file_that_vanishes_after_it_was_identified(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, {"still.jpg": PICTURES["1.jpg"], "moving.jpg": PICTURES["2.jpg"]})
    outcome = await bring(library, card, run_blocking=after_identifying((card / "moving.jpg").unlink))
    assert outcome.imported == 1
    assert "isn't there any more" in reasons(outcome)["moving.jpg"]
    assert_whole(library)


async def test_a_file_that_vanishes_after_it_was_found(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, PICTURES)
    calls = Calls(at=2, after=(card / "8.jpg").unlink)
    outcome = await bring(library, card, run_blocking=calls)
    assert outcome.imported == len(PICTURES) - 1
    assert "isn't there any more" in reasons(outcome)["8.jpg"]
    assert_whole(library)


async def test_what_changes_after_it_was_copied_is_imported_as_it_was(library: Library, card: Path, autojump_clock: MockClock) -> None:
    """And with ``--move`` the changed source stays: its new bytes are nowhere else."""
    write(card, {"moving.jpg": PICTURES["2.jpg"]})

    class Meanwhile(InThisProcess):
        async def examine(self, path: Path, media: MediaType, **wanted: bool) -> Examination:
            (card / "moving.jpg").write_bytes(PICTURES["3.jpg"])
            return await super().examine(path, media, **wanted)

    outcome = await moving(library, card, Meanwhile())
    assert outcome.imported == 1
    assert reasons(outcome) == {"moving.jpg": "imported, but it changed since: the source was left where it is"}
    assert list(originals(library).values()) == [PICTURES["2.jpg"]]
    assert (card / "moving.jpg").read_bytes() == PICTURES["3.jpg"]
    assert_whole(library)


async def test_a_copy_that_somebody_removes_costs_that_file(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, {"1.jpg": PICTURES["1.jpg"], "2.jpg": PICTURES["2.jpg"]})

    class Tidy(InThisProcess):
        async def examine(self, path: Path, media: MediaType, **wanted: bool) -> Examination:
            examination = await super().examine(path, media, **wanted)
            remove_copy_of(path, PICTURES["1.jpg"])
            return examination

    outcome = await moving(library, card, Tidy())
    assert outcome.imported == 1
    assert "can't be read any more" in reasons(outcome)["1.jpg"]
    assert (card / "1.jpg").exists()
    assert_whole(library)


def remove_copy_of(path: Path, picture: bytes) -> None:
    if path.read_bytes() == picture:
        path.unlink()


async def moving(library: Library, card: Path, examiner: InThisProcess) -> Outcome:
    """An import with ``--move`` in which ``examiner`` looks into the files."""

    @asynccontextmanager
    async def pool() -> AsyncIterator[Examiner]:
        yield examiner

    return await bring(library, card, move=True, open_pool=pool)


def after_identifying(change: Callable[[], object]) -> Around:
    """Changes something once the file ``moving.jpg`` was hashed, before it is copied."""

    def step_in(found: Found) -> None:
        if found.path.name == "moving.jpg":
            change()

    return Around("identify_file", after=step_in)
