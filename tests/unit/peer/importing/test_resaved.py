"""Files that are imported again from where they were, with other bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from crdt.asset import AssetView, view_asset
from crdt.facts import Way
from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.importing.outcome import Outcome
from peer.importing.pipeline import Importer, Watcher
from peer.importing.prepare import Examiner
from peer.importing.redescribing import Redescriber, describe_original, show_version
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.patches import MAX_CHAIN, chain_length
from peer.library.queries import Queries
from peer.library.trashing import trash_assets
from peer.library.verifying import verify
from peer.media.findings import Examination
from peer.media.types import MediaType
from store.ids import RecordId
from tests.fixtures.pictures import Shot, jpeg
from tests.fleet.imports import InThisProcess, in_this_process
from tests.fleet.node import call_directly

BEFORE = jpeg(600, 400, shot=Shot())
CROPPED = jpeg(300, 300, seed=0, shot=Shot())


def with_comment(picture: bytes, text: bytes) -> bytes:
    return picture[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]


async def resave(library: Library, path: Path, data: bytes) -> Outcome:
    return await Importer(library, call_directly, Watcher(), resaved=True, open_pool=in_this_process).run([_written(path, data)])


def only(library: Library) -> tuple[RecordId, AssetView]:
    (row,) = Queries(library.database).assets()
    content = library.records.content(row.record)
    assert content is not None
    return row.record, view_asset(content)


async def test_another_header_is_a_patch_and_another_picture_of_it_has_blobs_of_its_own(library: Library, card: Path) -> None:
    path = card / "a.jpg"
    await resave(library, path, BEFORE)
    assert (await resave(library, path, with_comment(BEFORE, b"ours"))).versions == 1
    _, asset = only(library)
    assert asset.primary is not None
    assert [source.way for source in asset.sources[asset.primary]] == [Way.PATCH]
    assert (await resave(library, path, CROPPED)).versions == 1
    _, asset = only(library)
    assert asset.primary is not None
    assert [source.way for source in asset.sources[asset.primary]] == [Way.BLOBS]
    assert (asset.exif.width, asset.exif.height) == (300, 300)
    assert asset.preview is None
    assert len(asset.files) == 3
    assert verify(library, deep=True).problems == []


async def test_chains_stay_short(library: Library, card: Path) -> None:
    data = BEFORE
    for number in range(MAX_CHAIN + 3):
        data = with_comment(data, b"%d" % number * 30)
        await resave(library, card / "a.jpg", data)
    _, asset = only(library)
    lengths = [chain_length(asset.sources, file) for file in asset.files]
    assert all(length is not None and length <= MAX_CHAIN for length in lengths)
    assert len(lengths) == MAX_CHAIN + 3


async def test_a_plain_import_makes_no_versions(library: Library, card: Path) -> None:
    path = card / "a.jpg"
    await resave(library, path, BEFORE)
    path.write_bytes(with_comment(BEFORE, b"ours"))
    outcome = await Importer(library, call_directly, Watcher(), open_pool=in_this_process).run([path])
    assert (outcome.imported, outcome.versions) == (1, 0)


async def test_bytes_of_another_photo_copied_over_it_stay_that_photo(library: Library, card: Path) -> None:
    other = with_comment(BEFORE, b"ours")
    await Importer(library, call_directly, Watcher(), open_pool=in_this_process).run([_written(card / "b.jpg", other)])
    await resave(library, card / "a.jpg", BEFORE)
    outcome = await resave(library, card / "a.jpg", other)
    assert (outcome.versions, outcome.duplicates) == (0, 1)


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


async def test_a_version_of_a_photo_in_the_trash_stays_where_it_lies(library: Library, card: Path) -> None:
    await resave(library, card / "a.jpg", BEFORE)
    record, _ = only(library)
    trash_assets(library, [record])
    outcome = await resave(library, card / "a.jpg", with_comment(BEFORE, b"ours"))
    assert (outcome.deleted_before, outcome.versions, outcome.imported) == (1, 0, 0)
    assert library.held.totals()["original"][0] == 1


async def test_a_version_that_is_shown_again_is_described_again(library: Library, card: Path) -> None:
    await resave(library, card / "a.jpg", BEFORE)
    record, asset = only(library)
    first = asset.primary
    assert first is not None
    await resave(library, card / "a.jpg", CROPPED)
    described = await describe_original(library, first, InThisProcess(), call_directly)
    assert described is not None
    show_version(library, record, described)
    _, asset = only(library)
    assert (asset.primary, asset.exif.width) == (first, 600)


async def test_a_primary_that_was_named_without_its_description_gets_one(library: Library, card: Path) -> None:
    await resave(library, card / "a.jpg", BEFORE)
    record, asset = only(library)
    first = asset.primary
    assert first is not None
    await resave(library, card / "a.jpg", CROPPED)
    library.change([Edit(record, lambda draft, stamp: draft.set("primary", bytes(first)))])
    assert only(library)[1].exif.width == 300
    work = Work()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Redescriber(call_directly, in_this_process), library, work, Progress(serves=False))
        with trio.fail_after(20):
            while not work.settled:  # noqa: ASYNC110 - as `sync` asks
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert only(library)[1].exif.width == 600


async def test_what_gets_another_primary_while_it_is_described_isn_t_described_as_the_one_before(library: Library, card: Path) -> None:
    await resave(library, card / "a.jpg", BEFORE)
    record, asset = only(library)
    first = asset.primary
    assert first is not None
    await resave(library, card / "a.jpg", CROPPED)
    library.change([Edit(record, lambda draft, stamp: draft.set("primary", bytes(first)))])

    class Interrupted(InThisProcess):
        async def examine(self, path: Path, media: MediaType, *, want_preview: bool = False, want_pictures: bool = True) -> Examination:
            await resave(library, card / "a.jpg", with_comment(CROPPED, b"ours"))
            return await super().examine(path, media, want_preview=want_preview, want_pictures=want_pictures)

    @asynccontextmanager
    async def pool() -> AsyncIterator[Examiner]:
        yield Interrupted()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(Redescriber(call_directly, pool), library, Work(), Progress(serves=False))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert only(library)[1].exif.width == 300
