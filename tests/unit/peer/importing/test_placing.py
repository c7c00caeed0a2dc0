"""Between the commit and the rename into the readable tree: the copy in the incoming folder is the only one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.importing.previews import PreviewMaker
from peer.library.library import Library
from peer.library.placing import finish_placing
from peer.library.wanting import missing_originals, want_originals
from peer.originals.copying import place
from peer.originals.errors import CopyFailedError
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring, in_this_process
from tests.fleet.node import call_directly
from tests.unit.peer.importing.looking import assert_whole, assets, originals, write


@contextmanager
def not_placed(monkeypatch: pytest.MonkeyPatch, *names: str) -> Iterator[None]:
    """The tree takes no file of these names."""

    def refuse(copy: Path, destination: Path) -> None:
        if not names or destination.name in names:
            raise CopyFailedError(f"{destination.name} can't be written into the library: Permission denied.")
        place(copy, destination)

    with monkeypatch.context() as patch:
        patch.setattr("peer.library.placing.place", refuse)
        yield


async def test_fetching_a_photo_that_is_not_in_its_place_yet_loses_nothing(
    library: Library, card: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(card, {"a.jpg": jpeg(64, 48, seed=1)})
    with not_placed(monkeypatch):
        await bring(library, card)
    (asset,) = assets(library)
    (held,) = library.held.all("original")
    assert missing_originals(library, [held.file]) == set()
    want_originals(library, asset.record)
    assert library.held.get(held.file) is not None
    await bring(library, card)
    assert list(originals(library).values()) == [jpeg(64, 48, seed=1)]
    assert_whole(library)


async def test_a_place_that_takes_no_file_stops_no_other(
    library: Library, card: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = {f"{number}.jpg": jpeg(64, 48, seed=number) for number in range(4)}
    write(card, pictures)
    with not_placed(monkeypatch, "1.jpg"):
        outcome = await bring(library, card)
        assert outcome.imported == 4
        assert len(assets(library)) == 4
        (left,) = outcome.skipped
        assert left.path.name == "1.jpg"
        assert finish_placing(library) == 0
        assert len(library.held.incoming()) == 1
        write(card, {"more.jpg": jpeg(64, 48, seed=9)})
        assert (await bring(library, card)).imported == 1
    assert finish_placing(library) == 1
    await bring(library, card)
    assert len(originals(library)) == 5
    assert_whole(library)


async def test_a_preview_is_made_when_its_photo_came_to_its_place(
    library: Library, card: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(card, {"a.jpg": jpeg(3000, 2000, seed=1)})
    with not_placed(monkeypatch):
        await bring(library, card)
    progress, work = Progress(), Work()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(PreviewMaker(call_directly, in_this_process), library, work, progress)
        await trio.testing.wait_all_tasks_blocked()
        assert work.settled
        finish_placing(library)
        work.look()
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert len(list(library.held.all("preview"))) == 1
