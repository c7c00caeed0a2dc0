"""The same bytes again: in one import, under another name, after they were deleted, and by two imports at once."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import trio
from trio.testing import MockClock

from crdt.asset import view_asset
from peer.importing.outcome import Outcome
from peer.layout import LibraryFolder
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.seams import run_in_thread
from store.ids import RecordId
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.unit.peer.importing.looking import assert_whole, assets, originals, reasons, write

PICTURE = jpeg(64, 48, seed=1)
OTHER = jpeg(64, 48, seed=2)


def names(library: Library, record: RecordId) -> set[str]:
    content = library.records.content(record)
    assert content is not None
    return set(view_asset(content).names)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def trash(library: Library, record: RecordId) -> None:
    library.change([Edit(record, lambda draft, stamp: draft.trash(stamp))])


async def test_twice_in_one_import_under_two_names(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, {"a.jpg": PICTURE, "b.jpg": PICTURE, "c.jpg": OTHER})
    write(card / "copy of it", {"a.jpg": PICTURE, "a (2).jpg": PICTURE})
    outcome = await bring(library, card)
    assert (outcome.imported, outcome.duplicates) == (2, 3)
    assert len(outcome.assets) == 2
    assert sorted(originals(library).values()) == sorted([PICTURE, OTHER])
    assert {frozenset(names(library, row.record)) for row in assets(library)} == {
        frozenset({"a.jpg", "b.jpg", "a (2).jpg"}),
        frozenset({"c.jpg"}),
    }
    assert_whole(library)


async def test_again_under_a_new_name_is_seen(library: Library, card: Path, autojump_clock: MockClock) -> None:
    await bring(library, write(card, {"a.jpg": PICTURE}))
    arrival = library.log.arrival()
    (card / "a.jpg").rename(card / "b.jpg")
    outcome = await bring(library, card)
    assert (outcome.imported, outcome.duplicates, outcome.assets) == (0, 1, [])
    assert names(library, assets(library)[0].record) == {"a.jpg", "b.jpg"}
    assert library.log.arrival() == arrival + 1


async def test_what_was_trashed_stays_so_and_can_be_brought_back(library: Library, card: Path, autojump_clock: MockClock) -> None:
    (record,) = (await bring(library, write(card, {"a.jpg": PICTURE}))).assets
    trash(library, record)
    outcome = await bring(library, card, move=True)
    assert (outcome.imported, outcome.duplicates, outcome.deleted_before) == (0, 0, 1)
    assert assets(library) == []
    assert (card / "a.jpg").exists(), "what stays deleted may be the last copy one day"
    outcome = await bring(library, card, bring_back=True)
    assert (outcome.duplicates, outcome.deleted_before, outcome.assets) == (1, 0, [record])
    assert [row.record for row in assets(library)] == [record]
    assert_whole(library)


async def test_what_was_purged_stays_so_and_comes_back_as_the_next_generation(
    library: Library, card: Path, autojump_clock: MockClock
) -> None:
    (record,) = (await bring(library, write(card, {"a.jpg": PICTURE}))).assets
    for _ in range(2):
        library.change([], purges=[assets(library)[0].record])
        outcome = await bring(library, card)
        assert (outcome.imported, outcome.deleted_before) == (0, 1)
        assert assets(library) == []
        await bring(library, card, bring_back=True)
        assert len(assets(library)) == 1
    assert assets(library)[0].record not in (record, None)
    assert sum(library.records.is_purged(each) for each in library.records.purged()) == 2
    assert list(originals(library).values()) == [PICTURE]
    assert_whole(library)


async def test_an_original_that_was_removed_by_hand_is_put_back(library: Library, card: Path, autojump_clock: MockClock) -> None:
    await bring(library, write(card, {"a.jpg": PICTURE}))
    (name,) = originals(library)
    (library.folder.root / name).unlink()
    outcome = await bring(library, card)
    assert (outcome.imported, outcome.duplicates) == (0, 1)
    assert originals(library) == {name: PICTURE}
    assert_whole(library)


async def test_move_removes_what_is_held_and_nothing_else(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, {"a.jpg": PICTURE, "b.jpg": PICTURE, "c.jpg": OTHER, "broken.jpg": PICTURE[:100], "notes.txt": b"keep me"})
    outcome = await bring(library, card, move=True)
    assert (outcome.imported, outcome.duplicates) == (2, 1)
    assert names_in(card) == ["broken.jpg", "notes.txt"]
    assert sorted(originals(library).values()) == sorted([PICTURE, OTHER])
    assert_whole(library)


async def test_move_leaves_a_source_whose_copy_was_not_placed(
    library: Library, card: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(card, {"a.jpg": PICTURE})
    monkeypatch.setattr("peer.library.held.HeldFile.untouched", lambda *_: False)
    assert (await bring(library, card, move=True)).imported == 1
    assert (card / "a.jpg").exists()


async def test_a_source_that_can_t_be_removed_is_said(
    library: Library, card: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(card, {"a.jpg": PICTURE})
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path == card / "a.jpg":
            raise PermissionError(13, "Permission denied")
        real(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        outcome = await bring(library, card, move=True)
    assert outcome.imported == 1
    assert reasons(outcome) == {"a.jpg": "imported, but the source could not be removed: Permission denied"}


async def test_the_library_isn_t_imported_into_itself(library: Library, card: Path, autojump_clock: MockClock) -> None:
    await bring(library, write(card, {"a.jpg": PICTURE}))
    (card / "the library").symlink_to(library.folder.root)
    (card / "one of it.jpg").symlink_to(library.folder.root / next(iter(originals(library))))
    outcome = await bring(library, library.folder.root, library.folder.originals, card, move=True)
    assert (outcome.imported, outcome.duplicates) == (0, 1)
    assert list(originals(library).values()) == [PICTURE]
    assert_whole(library)


@pytest.mark.parametrize("seed", range(3))
async def test_two_imports_of_one_folder_at_once(library: Library, card: Path, seed: int) -> None:
    """Two processes with a library object each; threads, and the database between them."""
    pictures = {f"{number}.jpg": jpeg(64, 48, seed=number % 20) for number in range(30)}
    write(card, pictures)
    second = Library.open(LibraryFolder(library.folder.root), clock=library.clock, randomness=Random(seed).randbytes)
    outcomes: list[Outcome] = []

    async def one(into: Library) -> None:
        outcomes.append(await bring(into, card, run_blocking=run_in_thread))

    try:
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(one, library)
                nursery.start_soon(one, second)
    finally:
        second.close()
    assert sum(outcome.imported for outcome in outcomes) == 20
    assert sum(outcome.imported + outcome.duplicates for outcome in outcomes) == 60
    assert [outcome.skipped for outcome in outcomes] == [[], []]
    assert len(assets(library)) == 20
    assert sorted(originals(library).values()) == sorted(set(pictures.values()))
    assert_whole(library)
