"""Pictures of edited photos: on every device from the best that it has, never sent, and gone with the edits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from PIL import Image
from trio.testing import MockClock

from crdt.asset import view_asset
from crdt.record import EMPTY
from crdt.values import Value
from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.importing.edited_previews import EditedPreviewMaker
from peer.importing.previews import PreviewMaker
from peer.library.edited_pictures import EditedPictures, edited_pictures
from peer.library.editing import edit_photo, revert_photo
from peer.library.library import Library
from store.ids import RecordId
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring, in_this_process, rendering_in_this_process
from tests.fleet.node import call_directly
from tests.unit.peer.importing.looking import assert_whole, assets, write


@asynccontextmanager
async def running(library: Library) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """The chores of a running peer; what is given has them look and ends when they rest."""
    works = [Work(), Work()]

    async def look() -> None:
        for work in works:
            work.look()
        await trio.testing.wait_all_tasks_blocked()
        assert all(work.settled for work in works)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(PreviewMaker(call_directly, in_this_process), library, works[0], Progress())
        nursery.start_soon(EditedPreviewMaker(call_directly, rendering_in_this_process), library, works[1], Progress())
        await look()
        yield look
        nursery.cancel_scope.cancel()


@pytest.fixture
async def photo(library: Library, card: Path, autojump_clock: MockClock) -> RecordId:
    write(card, {"a.jpg": jpeg(2400, 1600, seed=1)})
    await bring(library, card)
    return assets(library)[0].record


def edit(library: Library, photo: RecordId, **edits: Value) -> None:
    library.change([edit_photo(photo, edits)])


def seen(library: Library, photo: RecordId) -> dict[str, object] | None:
    return edited_pictures(library, photo, view_asset(library.records.content(photo) or EMPTY))


def size_of(path: object) -> tuple[int, int]:
    with Image.open(str(path)) as image:
        return image.size


def files(library: Library) -> set[str]:
    return {str(path) for path in library.folder.edited.rglob("*") if path.is_file()}


async def test_they_follow_the_edits(library: Library, photo: RecordId) -> None:
    async with running(library) as look:
        assert seen(library, photo) is None
        edit(library, photo, rotate=90)
        assert seen(library, photo) == {"thumbnail": None, "preview": None, "from": None, "skipped": []}
        await look()
        first = seen(library, photo)
        assert first is not None
        assert first["from"] == "original"
        assert size_of(first["thumbnail"]) == (240, 360)
        assert size_of(first["preview"]) == (1365, 2048)
        edit(library, photo, crop=[0, 0, 0.5, 1])
        await look()
        second = seen(library, photo)
        assert second is not None
        assert size_of(second["thumbnail"]) == (360, 270)
        assert files(library) == {second["thumbnail"], second["preview"]}
        library.change([revert_photo(photo)])
        await look()
        assert seen(library, photo) is None
        assert files(library) == set()
    assert_whole(library)


async def test_they_are_made_again_when_something_better_comes(library: Library, photo: RecordId) -> None:
    async with running(library) as look:
        (original,) = library.held.all("original")
        (preview,) = library.held.all("preview")
        (thumbnail,) = library.held.all("thumbnail")
        for held in (original, preview, thumbnail):
            library.held.forget(held.file)
        edit(library, photo, rotate=90)
        await look()
        assert seen(library, photo) == {"thumbnail": None, "preview": None, "from": None, "skipped": []}
        found = []
        for held in (thumbnail, preview, original):
            library.held.put(held)
            await look()
            found.append(seen(library, photo) or {})
        assert [each["from"] for each in found] == ["thumbnail", "preview", "original"]
        assert found[0]["preview"] is None
        assert size_of(found[2]["preview"]) == (1365, 2048)
        assert len(files(library)) == 2


async def test_an_original_that_cant_be_drawn_is_tried_once(library: Library, photo: RecordId) -> None:
    async with running(library) as look:
        (original,) = library.held.all("original")
        path = library.folder.root / original.path
        path.chmod(0o600)
        path.write_bytes(b"damaged")
        edit(library, photo, tint=10)
        await look()
        assert (seen(library, photo) or {})["from"] == "preview"
        assert EditedPictures(library).due(1) == []


async def test_what_was_lost_is_made_again_and_what_was_left_is_removed(library: Library, photo: RecordId) -> None:
    async with running(library) as look:
        edit(library, photo, exposure=10)
        await look()
    before = files(library)
    for path in before:
        Path(path).unlink()  # noqa: ASYNC240 - nobody else is at work
    stray = library.folder.edited / "00" / "0000-00-0.thumbnail.webp"
    stray.parent.mkdir()
    stray.write_bytes(b"left by somebody who was killed")
    async with running(library) as look:
        await look()
    assert files(library) == before


async def test_nothing_of_it_is_written_into_the_log(library: Library, photo: RecordId) -> None:
    async with running(library) as look:
        edit(library, photo, exposure=10)
        arrival, uploads = library.log.arrival(), library.uploads.count()
        await look()
    assert (library.log.arrival(), library.uploads.count()) == (arrival, uploads)


async def test_neutral_and_unknown_edits_need_no_pictures(library: Library, photo: RecordId) -> None:
    async with running(library) as look:
        edit(library, photo, straighten=0, filter="aurora")
        await look()
        assert seen(library, photo) == {"thumbnail": None, "preview": None, "from": None, "skipped": ["filter=aurora"]}
        assert files(library) == set()


async def test_a_purged_photo_leaves_none(library: Library, photo: RecordId) -> None:
    async with running(library) as look:
        edit(library, photo, exposure=10)
        await look()
        library.change([], purges=[photo])
        await look()
        assert files(library) == set()
