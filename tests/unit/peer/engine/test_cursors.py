"""What is remembered about a relay, when the relay isn't what it was."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from peer.library.authoring import Edit
from peer.library.library import Library
from relay.api import LibraryApi
from relay.errors import QuotaError
from relay.messages import PullEnd, PullRequest
from relay.parts import Logs
from store.ids import RecordId, RecordKind, StoreId
from store.memory import MemoryLogStore
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.fleet.node import FakeClock, LocalNode, make_node
from tests.fleet.peers import found, join, make_engine, running, sync


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


def photo(number: int) -> RecordId:
    return RecordId.make(RecordKind.ASSET, number.to_bytes(16, "big"))


def rate(library: Library, number: int) -> None:
    library.change([Edit(photo(number), lambda draft, stamp: draft.set("rating", 3))])


def roll_back(node: LocalNode, library: Library, raws: list[bytes], clock: FakeClock) -> None:
    """The relay's folder is an older copy, put there by hand: with the store id that it had."""
    log = MemoryLogStore(library.id)
    log.append(raws, now=clock.now())
    object.__setattr__(node.parts, "logs", Logs(lambda _: log))


@pytest.mark.parametrize("as_many", [1, 10, 30])
async def test_a_relay_that_was_rolled_back_and_filled_again_hides_nothing(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, as_many: int
) -> None:
    """To fewer entries than it had, to just as many, so that the numbers say that nothing is new, and to more."""
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await sync(one, node)
    await sync(two, node)
    older = [arrived.entry.raw for arrived in node.parts.logs.of(one.id).after(0, limit_bytes=1 << 30)]
    for number in range(10):
        rate(two, number)
    await sync(two, node)
    roll_back(node, one, older, clock)
    for number in range(20, 20 + as_many):
        rate(one, number)
    await sync(one, node)
    await sync(two, node)
    assert two.records.content(photo(20)) is not None
    for _ in range(2):
        await sync(two, node)
        await sync(one, node)
    assert one.records.digest() == two.records.digest()
    assert one.log.heads() == two.log.heads()


class Slow:
    """A network that needs a minute for each entry."""

    def __init__(self, api: LibraryApi) -> None:
        self._api = api

    def __getattr__(self, name: str) -> object:
        return getattr(self._api, name)

    @asynccontextmanager
    async def pull(self, request: PullRequest) -> AsyncIterator[AsyncIterator[bytes | PullEnd]]:
        async with self._api.pull(request) as items:

            async def slowly() -> AsyncGenerator[bytes | PullEnd]:
                async for item in items:
                    await trio.sleep(60)
                    yield item

            async with aclosing(slowly()) as stream:
                yield stream


async def test_a_slow_network_gets_there(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await sync(two, node)
    for number in range(20):
        rate(one, number)
    await sync(one, node)
    node.between = lambda api: Slow(api)  # type: ignore[assignment, return-value]
    engine = await sync(two, node)
    assert engine.reached
    assert one.records.digest() == two.records.digest()


class Full:
    """A relay that has no room left for entries."""

    def __init__(self, api: LibraryApi) -> None:
        self._api = api

    def __getattr__(self, name: str) -> object:
        return getattr(self._api, name)

    async def push(self, raws: list[bytes]) -> None:
        raise QuotaError("the room for this library's entries on this node is used up; nothing was stored")


async def test_a_relay_that_takes_no_more_entries_still_gives_them(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await sync(two, node)
    rate(one, 1)
    await sync(one, node)
    rate(two, 2)
    node.between = lambda api: Full(api)  # type: ignore[assignment, return-value]
    await sync(two, node)
    assert two.records.content(photo(1)) is not None
    assert two.records.content(photo(2)) is not None


async def test_what_was_pushed_at_the_beginning_is_not_pulled_back(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    await sync(one, node)
    for number in range(20):
        rate(one, number)
    asked: list[PullRequest] = []

    class Counting(Slow):
        @asynccontextmanager
        async def pull(self, request: PullRequest) -> AsyncIterator[AsyncIterator[bytes | PullEnd]]:
            asked.append(request)
            async with self._api.pull(request) as items:
                yield items

    node.between = lambda api: Counting(api)  # type: ignore[assignment, return-value]
    await sync(one, node)
    assert asked == []


async def test_stores_that_are_replaced_under_a_session_end_it(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await sync(one, node)
    older = [arrived.entry.raw for arrived in node.parts.logs.of(one.id).after(0, limit_bytes=1 << 30)]
    for number in range(10):
        rate(two, number)
    await sync(two, node)
    pulls = 0

    class Counting(Slow):
        @asynccontextmanager
        async def pull(self, request: PullRequest) -> AsyncIterator[AsyncIterator[bytes | PullEnd]]:
            nonlocal pulls
            pulls += 1
            assert pulls < 50, "it never ends"
            async with self._api.pull(request) as items:
                yield items

    node.between = lambda api: Counting(api)  # type: ignore[assignment, return-value]
    engine = make_engine(two, node)
    async with running(engine):
        await engine.until_settled()
        roll_back(node, one, older, clock)
        object.__setattr__(node.parts, "store", StoreId(bytes(16)))
        for number in range(30, 60):
            rate(one, number)
        await sync(one, node)
        with trio.fail_after(3600):
            while two.records.content(photo(30)) is None:
                await engine.progress.changed.next()
            await engine.until_settled(all_reached=True)
    await sync(one, node)
    assert one.records.digest() == two.records.digest()


async def test_a_relay_that_was_rolled_back_gets_its_photos_again_at_once(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    """What it acknowledged since may be gone with its folder. Found by the simulator, where it took devices a week to ask."""
    one = await found(tmp_path / "one", node, clock)
    await sync(one, node)
    older = [arrived.entry.raw for arrived in node.parts.logs.of(one.id).after(0, limit_bytes=1 << 30)]
    (tmp_path / "sea.jpg").write_bytes(jpeg(seed=1))
    await bring(one, tmp_path / "sea.jpg")
    await sync(one, node)
    blobs = [info.blob for info in node.parts.blobs.blobs()]
    assert blobs
    roll_back(node, one, older, clock)
    for blob in blobs:
        node.parts.libraries.forget_blob(blob)
        node.parts.blobs.delete(blob)
    await sync(one, node)
    assert [info.blob for info in node.parts.blobs.blobs()] == blobs


async def test_a_relay_that_was_rolled_back_is_told_again_what_was_seen(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    """Without the report nothing could be settled or pruned there until this device writes again. Found by the simulator."""
    one = await found(tmp_path / "one", node, clock)
    await sync(one, node)
    older = [arrived.entry.raw for arrived in node.parts.logs.of(one.id).after(0, limit_bytes=1 << 30)]
    roll_back(node, one, older, clock)
    async with running(make_engine(one, node, report_at_once=False)):
        await trio.sleep(120)
    assert [report.device for report in node.parts.logs.of(one.id).seen()] == [one.device]
