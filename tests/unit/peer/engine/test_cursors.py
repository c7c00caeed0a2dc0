"""What is remembered about a relay, when the relay isn't what it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from peer.library.authoring import Edit
from peer.library.library import Library
from relay.api import LibraryApi
from relay.messages import PullEnd, PullRequest
from relay.parts import Logs
from store.ids import RecordId, RecordKind
from store.memory import MemoryLogStore
from tests.fleet.node import FakeClock, LocalNode, make_node
from tests.fleet.peers import found, join, sync


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


async def test_a_relay_that_was_rolled_back_and_filled_again_hides_nothing(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await sync(one, node)
    await sync(two, node)
    older = [arrived.entry.raw for arrived in node.parts.logs.of(one.id).after(0, limit_bytes=1 << 30)]
    for number in range(10):
        rate(two, number)
    await sync(two, node)
    roll_back(node, one, older, clock)
    rate(one, 20)
    await sync(one, node)
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

            async def slowly() -> AsyncIterator[bytes | PullEnd]:
                async for item in items:
                    await trio.sleep(60)
                    yield item

            yield slowly()


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
