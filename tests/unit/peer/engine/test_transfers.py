"""Photos on their way between two devices through a relay: whole, once, and in spite of everything."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from crdt.asset import view_asset
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.queues import Priority
from peer.library.verifying import verify
from peer.library.wanting import missing_originals, want_originals
from relay.api import LibraryApi, SealedBlob
from relay.errors import QuotaError, UnreachableError
from store.errors import NoSpaceError
from store.ids import BlobId, RecordId
from tests.fixtures.pictures import box, jpeg, movie, png
from tests.fleet.imports import bring
from tests.fleet.node import FakeClock, LocalNode, make_node
from tests.fleet.peers import found, join, make_engine, running, sync
from tests.unit.peer.importing.looking import unfinished


class Between:
    """Stands between a device and the relay: passes everything on, and lets a test break it."""

    def __init__(self, api: LibraryApi) -> None:
        self._api = api
        self.puts: list[BlobId] = []
        self.puts_until_broken: int | None = None
        self.full = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._api, name)

    async def put_blob(self, blob: BlobId, sealed: bytes) -> bool:
        if self.full:
            raise QuotaError("the library's quota is used up")
        if self.puts_until_broken == 0:
            raise UnreachableError("the connection broke")
        if self.puts_until_broken is not None:
            self.puts_until_broken -= 1
        is_new = await self._api.put_blob(blob, sealed)
        self.puts.append(blob)
        return is_new


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def originals(library: Library) -> dict[str, bytes]:
    return {str(held.path): (library.folder.root / held.path).read_bytes() for held in library.held.all("original")}


async def test_photos_arrive_whole_with_thumbnails(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photos = write(tmp_path / "card", {"a.jpg": jpeg(seed=1), "b.png": png(seed=2), "ä ☀.jpg": jpeg(seed=3)})
    outcome = await bring(one, photos)
    assert outcome.imported == 3
    await sync(one, node)
    engine = await sync(two, node)
    assert engine.progress.counts.blobs_down == 6
    assert originals(two) == originals(one)
    assert {row.original for row in Queries(two.database).assets()} == {"here"}
    assert verify(two, deep=True).problems == []
    assert one.records.digest() == two.records.digest()


async def test_a_file_of_several_segments_with_an_index(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    long = movie() + box(b"free", bytes(range(256)) * 4096 * 70)
    assert len(long) > 17 * 4 * 1024 * 1024
    assert (await bring(one, write(tmp_path / "card", {"long.mp4": long}))).imported == 1
    await sync(one, node)
    await sync(two, node)
    assert list(originals(two).values()) == [long]
    assert unfinished(two) == []


async def test_the_same_bytes_on_two_devices_are_one_asset_and_one_upload(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    picture = jpeg(seed=4)
    await bring(one, write(tmp_path / "first", {"here.jpg": picture}))
    await bring(two, write(tmp_path / "second", {"there.jpg": picture}))
    await sync(one, node)
    engine = await sync(two, node)
    await sync(one, node)
    assert engine.progress.counts.blobs_up == 0
    (row,) = Queries(one.database).assets()
    content = one.records.content(row.record)
    assert content is not None
    assert {key.split("/")[2] for key in content.live if key.startswith("s/name/")} == {"here.jpg", "there.jpg"}
    assert row.conflicts == 0
    assert one.records.digest() == two.records.digest()


async def test_what_was_acknowledged_is_never_sent_again(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    await bring(one, write(tmp_path / "card", {f"{n}.jpg": jpeg(seed=n) for n in range(6)}))
    betweens: list[Between] = []

    def between(api: LibraryApi) -> LibraryApi:
        betweens.append(Between(api))
        betweens[-1].puts_until_broken = 5 if len(betweens) == 1 else None
        return betweens[-1]  # type: ignore[return-value]

    node.between = between
    engine = make_engine(one, node)
    async with running(engine):
        with trio.fail_after(600):
            await engine.until_settled(all_reached=True)
    sent = [blob for each in betweens for blob in each.puts]
    assert len(betweens) > 1
    assert len(sent) == len(set(sent))
    assert len(list(node.parts.blobs.blobs())) == 12
    assert one.uploads.count() == (0, 0)


async def test_a_lost_acknowledgement_costs_a_question_and_no_upload(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    await bring(one, write(tmp_path / "card", {"a.jpg": jpeg(seed=1)}))
    number = one.nodes.all()[0].number
    queued = one.uploads.due(number, clock.now(), 10)
    await sync(one, node)
    one.uploads.add([number], queued)
    engine = await sync(one, node)
    assert engine.progress.counts.blobs_up == 0
    assert one.uploads.count() == (0, 0)


async def test_a_full_relay_stops_photos_but_no_edits_and_goes_on_when_there_is_room(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await bring(one, write(tmp_path / "card", {"a.jpg": jpeg(seed=1)}))
    betweens: list[Between] = []

    def full(api: LibraryApi) -> LibraryApi:
        betweens.append(Between(api))
        betweens[-1].full = True
        return betweens[-1]  # type: ignore[return-value]

    node.between = full
    engine = make_engine(one, node)
    async with running(engine):
        await engine.until_settled()
        assert "quota" in next(iter(engine.progress.nodes.values())).reason
        assert {stuck.reason for stuck in one.uploads.stuck()} == {"the library's quota is used up"}
        await sync_plainly(two, node)
        assert len(list(Queries(two.database).assets())) == 1
        for each in betweens:
            each.full = False
        clock.time += 10 * 60_000
        with trio.fail_after(3600):
            while one.uploads.count()[0]:
                await engine.progress.changed.next()


async def sync_plainly(library: Library, node: LocalNode) -> None:
    between, node.between = node.between, lambda api: api
    await sync(library, node)
    node.between = between


async def test_a_full_disk_here_is_a_reason_and_not_an_end(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await bring(one, write(tmp_path / "card", {"a.jpg": jpeg(seed=1)}))
    await sync(one, node)
    receive = two.receive

    def no_room(raws: Sequence[bytes]) -> object:
        raise NoSpaceError("database or disk is full")

    monkeypatch.setattr(two, "receive", no_room)
    engine = make_engine(two, node)
    async with running(engine):
        await engine.until_settled()
        assert "no room" in next(iter(engine.progress.nodes.values())).reason
        monkeypatch.setattr(two, "receive", receive)
        with trio.fail_after(3600):
            await engine.until_settled(all_reached=True)
    assert originals(two) == originals(one)


async def test_a_download_waits_for_a_blob_that_is_not_there_yet(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await sync(one, node)
    await bring(one, write(tmp_path / "card", {"a.jpg": jpeg(seed=1)}))
    number = one.nodes.all()[0].number
    queued = one.uploads.due(number, clock.now(), 10)
    one.uploads.done(number, [upload.blob for upload in queued])
    await sync(one, node)
    await sync(two, node)
    assert {stuck.reason for stuck in two.downloads.stuck()} == {"no node in reach has it yet"}
    second = make_engine(two, node)
    async with running(second):
        await second.until_settled()
        one.uploads.add([number], queued)
        await sync(one, node)
        with trio.fail_after(60):
            while two.downloads.count()[0]:
                await second.progress.changed.next()
    assert originals(two) == originals(one)


async def test_wrong_bytes_under_a_right_name_are_never_kept(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await bring(one, write(tmp_path / "card", {"a.jpg": jpeg(seed=1), "b.jpg": jpeg(seed=2)}))
    await sync(one, node)
    rows = list(Queries(one.database).assets())
    wrong = {two_source(one, rows[0].record): two_source(one, rows[1].record)}

    class Liar(Between):
        async def get_blob(self, blob: BlobId) -> bytes:
            return await self._api.get_blob(wrong.get(blob, blob))

    node.between = lambda api: Liar(api)  # type: ignore[assignment, return-value]
    engine = make_engine(two, node)
    async with running(engine):
        await engine.until_settled()
    assert len(originals(two)) == 1
    assert len(two.downloads.stuck()) == 1
    node.between = lambda api: api
    clock.time += 10 * 60_000
    await sync(two, node)
    assert sorted(originals(two).values()) == sorted(originals(one).values())


async def test_wrong_bytes_under_the_name_of_a_thumbnail_are_never_kept(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    """Sealed by a member, and not what the record names."""
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await bring(one, write(tmp_path / "card", {"a.jpg": jpeg(seed=1), "b.jpg": jpeg(seed=2)}))
    await sync(one, node)
    first, second = (thumbnail_of(one, row.record) for row in Queries(one.database).assets())
    other = node.parts.blobs.get(second)
    assert other is not None
    sealed_of = {first: other}

    class Liar(Between):
        @asynccontextmanager
        async def many(self, blobs: Sequence[BlobId]) -> AsyncIterator[AsyncIterator[SealedBlob]]:
            async with self._api.many(blobs) as items:

                async def swapped() -> AsyncGenerator[SealedBlob]:
                    async for item in items:
                        yield SealedBlob(blob=item.blob, sealed=sealed_of.get(item.blob, item.sealed))

                async with aclosing(swapped()) as stream:
                    yield stream

    node.between = lambda api: Liar(api)  # type: ignore[assignment, return-value]
    engine = make_engine(two, node)
    async with running(engine):
        await engine.until_settled()
    assert len(list(two.held.all("thumbnail"))) == 1
    assert len(two.downloads.stuck()) == 1
    node.between = lambda api: api
    clock.time += 10 * 60_000
    await sync(two, node)
    assert {held.file for held in two.held.all("thumbnail")} == {held.file for held in one.held.all("thumbnail")}


async def test_a_blob_that_the_relay_lost_is_sent_again_when_it_asks(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    await bring(one, write(tmp_path / "card", {"a.jpg": jpeg(seed=1)}))
    (row,) = Queries(one.database).assets()
    lost = two_source(one, row.record)
    engine = make_engine(one, node)
    async with running(engine):
        await engine.until_settled()
        node.parts.blobs.delete(lost)
        node.parts.libraries.forget_blob(lost)
        for reader in node.parts.hub.readers(one.id):
            reader.blobs_wanted((lost,))
        with trio.fail_after(600):
            while node.parts.blobs.get(lost) is None:
                await engine.progress.changed.next()


def thumbnail_of(library: Library, record: RecordId) -> BlobId:
    content = library.records.content(record)
    assert content is not None
    thumbnail = view_asset(content).thumbnail
    assert thumbnail is not None
    return thumbnail.blobs[0]


def two_source(library: Library, record: RecordId) -> BlobId:
    content = library.records.content(record)
    assert content is not None
    asset = view_asset(content)
    assert asset.primary is not None
    return asset.sources[asset.primary][0].blobs[0]


async def test_order_on_the_wire_is_small_before_large(tmp_path: Path, clock: FakeClock, node: LocalNode) -> None:
    one = await found(tmp_path / "one", node, clock)
    await bring(one, write(tmp_path / "card", {f"{n}.jpg": jpeg(seed=n) for n in range(4)}))
    due = one.uploads.due(one.nodes.all()[0].number, clock.now(), 100)
    assert [upload.priority for upload in due] == sorted(upload.priority for upload in due)
    assert {upload.priority for upload in due} == {Priority.THUMBNAIL, Priority.ORIGINAL}


async def test_an_original_that_was_removed_by_hand_is_fetched_back(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await bring(one, write(tmp_path / "card", {"a.jpg": jpeg(seed=1)}))
    await sync(one, node)
    await sync(two, node)
    (held,) = two.held.all("original")
    (two.folder.root / held.path).unlink()
    (row,) = Queries(two.database).assets()
    assert missing_originals(two, [held.file]) == {held.file}
    want_originals(two, row.record)
    want_originals(two, row.record)
    await sync(two, node)
    assert missing_originals(two, [held.file]) == set()
    assert originals(two) == originals(one)
    assert row.trashed is None
