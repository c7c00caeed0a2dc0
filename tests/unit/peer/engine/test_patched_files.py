"""Re-saved photos between two devices: only what changed travels, and what comes out is what was meant."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from trio.testing import MockClock

from crdt.asset import AssetView, add_source, view_asset
from crdt.draft import Draft
from crdt.facts import Source, Way
from peer.importing.outcome import Outcome
from peer.importing.pipeline import Importer, Watcher
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.patched_files import keep_patch, patch_source
from peer.library.patches import MAX_CHAIN
from peer.library.queries import Queries
from peer.library.upload_planning import queue_everything
from peer.library.verifying import verify
from peer.library.wanting import want_originals
from store.ids import FileHash, RecordId
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import in_this_process
from tests.fleet.node import FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found, join, sync

COMMENT = b"\xff\xfe"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


async def resave(library: Library, *paths: Path) -> Outcome:
    """What a watched folder does with complete files."""
    return await Importer(library, call_directly, Watcher(), resaved=True, open_pool=in_this_process).run(paths)


def with_comment(picture: bytes, text: bytes) -> bytes:
    """The same JPEG with another header."""
    return picture[:2] + COMMENT + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]


def large_jpeg(size: int = 5_000_000) -> bytes:
    """A picture with noise in an application segment, which doesn't compress."""
    picture, random = jpeg(seed=1), Random(5)
    segments = b"".join(b"\xff\xeb" + (60_002).to_bytes(2, "big") + random.randbytes(60_000) for _ in range(size // 60_000))
    return picture[:2] + segments + picture[2:]


def view(library: Library) -> AssetView:
    (row,) = Queries(library.database).assets()
    content = library.records.content(row.record)
    assert content is not None
    return view_asset(content)


def record(library: Library) -> RecordId:
    (row,) = Queries(library.database).assets()
    return row.record


def bytes_of(library: Library, file: FileHash) -> bytes:
    held = library.held.get(file)
    assert held is not None
    return (library.folder.root / held.path).read_bytes()


async def test_a_rewritten_header_of_5_mb_costs_under_100_kb(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(large_jpeg())
    await resave(one, photo)
    await sync(one, node)
    await sync(two, node)
    photo.write_bytes(with_comment(large_jpeg(), b"edited elsewhere" * 100))
    outcome = await resave(one, photo)
    assert (outcome.imported, outcome.versions) == (0, 1)
    sent = (await sync(one, node)).progress.counts
    came = (await sync(two, node)).progress.counts
    assert sent.bytes_up < 100_000
    assert came.bytes_down < 100_000
    asset = view(two)
    assert asset.primary is not None
    assert bytes_of(two, asset.primary) == photo.read_bytes()
    assert asset.sources[asset.primary][0].way is Way.PATCH
    assert len(asset.versions) == 2
    for library in (one, two):
        assert verify(library, deep=True).problems == []


async def test_a_device_that_has_nothing_gets_bases_first(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    photo = tmp_path / "a.jpg"
    contents = [large_jpeg(300_000)]
    for number in range(MAX_CHAIN + 2):
        contents.append(with_comment(contents[-1], b"%d" % number * 50))
    for content in contents:
        photo.write_bytes(content)
        await resave(one, photo)
    await sync(one, node)
    asset = view(one)
    assert len(asset.files) == len(contents)
    two = await join(tmp_path / "two", one, node, clock)
    await sync(two, node)
    assert {bytes_of(two, file) for file in asset.files} == set(contents)
    assert two.downloads.count() == (0, 0)


async def test_the_second_device_serves_the_patch_to_a_relay_that_forgot_it(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photo = tmp_path / "a.jpg"
    for content in (large_jpeg(200_000), with_comment(large_jpeg(200_000), b"again")):
        photo.write_bytes(content)
        await resave(one, photo)
    await sync(one, node)
    await sync(two, node)
    asset = view(two)
    assert asset.primary is not None
    (source,) = asset.sources[asset.primary]
    (relay,) = two.nodes.relays()
    queue_everything(two, relay.number)
    queued = {upload.blob for upload in two.uploads.due(relay.number, clock.now(), 1000)}
    assert set(source.blobs) <= queued


async def test_a_patch_that_makes_something_else_is_never_taken(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(jpeg(seed=3))
    await resave(one, photo)
    base = view(one).primary
    assert base is not None
    wanted, patch = FileHash(b"w" * 32), b"\x02 no patch at all"
    source = patch_source(patch, one.write_epoch(), size=5_000, base=base)
    assert source is not None

    def name_it(draft: Draft, stamp: object) -> None:
        draft.add("version", wanted.base64())
        add_source(draft, wanted, source)

    with one.database.write():
        one.uploads.add([each.number for each in one.nodes.relays()], keep_patch(one, patch, source.blobs))
        one.change([Edit(record(one), name_it)])
    await sync(one, node)
    two = await join(tmp_path / "two", one, node, clock)
    await sync(two, node)
    assert two.held.get(wanted) is None
    assert bytes_of(two, base) == photo.read_bytes()
    waiting = two.downloads.waiting(wanted)
    assert waiting is not None
    assert "patch" in waiting[0]


async def test_bases_that_go_round_stay_where_they_are_with_a_reason(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(jpeg(seed=3))
    await resave(one, photo)
    first, second = FileHash(b"1" * 32), FileHash(b"2" * 32)
    blobs = view(one).sources[view(one).primary or first][0].blobs

    def name_them(draft: Draft, stamp: object) -> None:
        for file, base in ((first, second), (second, first)):
            draft.add("version", file.base64())
            add_source(draft, file, Source(size=10, way=Way.PATCH, blobs=blobs, base=base))

    one.change([Edit(record(one), name_them)])
    want_originals(one, record(one))
    await sync(one, node)
    assert {item.reason for item in one.downloads.stuck()} == {"it comes as a patch of an older version, which is fetched first"}
