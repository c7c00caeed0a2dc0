"""Previews of photos that become something else while they are drawn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from crdt.asset import AssetView, view_asset
from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.importing.pipeline import Importer, Watcher
from peer.importing.prepare import Examiner
from peer.importing.previews import PreviewMaker
from peer.library.library import Library
from peer.library.purging import purge_now
from peer.library.queries import Queries
from peer.library.taking_away import take_away
from peer.library.trashing import trash_assets
from peer.media.findings import Examination
from peer.media.types import MediaType
from store.ids import RecordId
from tests.fixtures.pictures import Shot, jpeg
from tests.fleet.imports import InThisProcess, in_this_process
from tests.fleet.node import call_directly

BEFORE = jpeg(3000, 2000, shot=Shot())
CROPPED = jpeg(2400, 2400, shot=Shot())


def only(library: Library) -> tuple[RecordId, AssetView]:
    (row,) = Queries(library.database).assets()
    content = library.records.content(row.record)
    assert content is not None
    return row.record, view_asset(content)


async def resave(library: Library, path: Path, data: bytes) -> None:
    await Importer(library, call_directly, Watcher(), resaved=True, open_pool=in_this_process).run([_written(path, data)])


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


class Interrupted(InThisProcess):
    """Something happens while the first preview is drawn."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    async def examine(self, path: Path, media: MediaType, *, want_preview: bool = False, want_pictures: bool = True) -> Examination:
        examination = await super().examine(path, media, want_preview=want_preview, want_pictures=want_pictures)
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile()
        return examination


async def make_previews(library: Library, meanwhile: Callable[[], Awaitable[object]]) -> None:
    examiner = Interrupted(meanwhile)

    @asynccontextmanager
    async def pool() -> AsyncIterator[Examiner]:
        yield examiner

    work = Work()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(PreviewMaker(call_directly, pool), library, work, Progress())
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


async def test_a_photo_that_gets_another_version_meanwhile_shows_that_one(library: Library, card: Path) -> None:
    await resave(library, card / "a.jpg", BEFORE)
    await make_previews(library, lambda: resave(library, card / "a.jpg", CROPPED))
    _, asset = only(library)
    assert (asset.exif.width, asset.exif.height) == (2400, 2400)
    assert asset.preview is not None
    assert asset.preview.width == asset.preview.height


async def test_a_photo_that_is_deleted_for_good_meanwhile_gets_none(library: Library, card: Path) -> None:
    await resave(library, card / "a.jpg", BEFORE)
    photo, _ = only(library)

    async def purge() -> None:
        trash_assets(library, [photo])
        purge_now(library, [photo])
        take_away(library)

    await make_previews(library, purge)
    assert list(library.held.all()) == []
    assert not any(path.is_file() for path in library.folder.renditions.rglob("*"))
