"""A member that sends harm to the relay: refused by name there, passed on where only devices can tell, and void there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from trio.testing import MockClock

from peer.engine.connecting import session_of
from peer.engine.control import sync_report
from peer.library.albums import create_album
from peer.library.library import Library
from peer.library.verifying import verify
from relay.api import LibraryApi
from relay.messages import PullEnd, PullRequest
from store.encoding import encode
from store.entries import EntryKind
from store.ids import EntryHash
from store.log import Status
from tests.fleet import authors
from tests.fleet.libraries import add_photo, digest, edit
from tests.fleet.node import FakeClock, LocalNode, make_node
from tests.fleet.peers import found, join, sync
from tests.unit.peer.library.mallory import Mallory


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


def session(library: Library, node: LocalNode) -> LibraryApi:
    return session_of(library, node.service, library.nodes.all()[0])


async def test_the_relay_refuses_by_name_and_takes_the_rest(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photo = add_photo(one, "sea")
    await sync(one, node)
    await sync(two, node)
    mallory = Mallory(two)
    mallory.sees(one)
    probe = mallory.make(b"body" * 100)
    first, second = mallory.set(photo, "v/rating", 3), mallory.set(photo, "v/caption", "harmless")
    stranger = authors.make_library("strangers")
    eve = authors.Author(stranger, "eve", authors.Keys("eve"))
    stranger.id, stranger.entries = one.id, []
    too_far = mallory.make(b"body", seq=mallory.seq + 1)
    mallory.previous = EntryHash(authors.filler("missing", 32))
    out_of_nowhere = mallory.make(b"body")
    version = encode([encode([2, b"of the future"]), bytes(32), 0])
    offered = {
        "stored": first.raw,
        "malformed": probe.raw[:-1],
        "bad-hash": probe.raw[:-1] + b"?",
        "other-library": authors.make_library("other").genesis.raw,
        "bad-signature": encode([probe.header, bytes(64), probe.body]),
        "bad-chain": too_far.raw,
        "too-large": encode([b"", bytes(64), bytes(2 * 1024 * 1024)]),
        "too-deep": b"\x81" * 16_000 + b"\x01",
        "not-allowed-author": eve.open_log().raw,
        "unknown-version": encode([version, bytes(64), b""]),
        "waiting": out_of_nowhere.raw,
        "known": first.raw,
    }
    arrival = (await session(one, node).heads()).arrival
    result = await session(two, node).push([*offered.values(), second.raw])
    answers = [outcome.error or outcome.status.name.lower() for outcome in result.outcomes]
    assert answers == [*offered, "stored"]
    assert result.after == arrival + 2
    engine = await sync(one, node)
    assert engine.progress.counts.received == 2
    assert next(iter(engine.progress.nodes.values())).reason == ""
    await assert_they_agree(one, node, tmp_path, clock)


async def test_what_only_devices_can_judge_is_void_on_each_of_them(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photo = add_photo(one, "sea")
    await sync(one, node)
    mallory = Mallory(two)
    mallory.sees(one)
    hand = mallory.hand()
    harm = [
        mallory.write(authors.filler("noise", 300)),
        mallory.change(hand, (photo, authors.filler("noise", 40))),
        mallory.set(photo, "v/rating", 5),
        mallory.write(encode([1, []]), kind=EntryKind.RELEASE),
    ]
    result = await session(two, node).push([entry.raw for entry in harm])
    assert [outcome.status for outcome in result.outcomes] == [Status.STORED] * 4
    await sync(one, node)
    edit(one, photo, caption="mine")
    await assert_they_agree(one, node, tmp_path, clock)
    with one.database.read() as connection:
        assert connection.execute("SELECT count(*) FROM void").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM waiting").fetchone() == (0,)


async def assert_they_agree(one: Library, node: LocalNode, tmp_path: Path, clock: FakeClock) -> None:
    """``one`` and a device that joins now."""
    late = await join(tmp_path / "late", one, node, clock, name="late", seed=9)
    for library in (one, late, one):
        await sync(library, node)
    assert digest(one) == digest(late)
    for library in (one, late):
        assert verify(library, deep=True).problems == []


class Turning:
    """Stands between a device and the relay, and turns a bit of some of the entries that it passes on."""

    def __init__(self, api: LibraryApi, entries: set[bytes], *, times: int) -> None:
        self._api = api
        self._entries = entries
        self._times = times

    def __getattr__(self, name: str) -> object:
        return getattr(self._api, name)

    @asynccontextmanager
    async def pull(self, request: PullRequest) -> AsyncIterator[AsyncIterator[bytes | PullEnd]]:
        async with self._api.pull(request) as items, aclosing(self._turned(items)) as turned:
            yield turned

    async def _turned(self, items: AsyncIterator[bytes | PullEnd]) -> AsyncGenerator[bytes | PullEnd]:
        async for item in items:
            if isinstance(item, bytes) and item in self._entries and self._times:
                self._times -= 1
                yield item[:-1] + bytes([item[-1] ^ 1])
            else:
                yield item


@pytest.mark.parametrize("times", [1, 1000])
async def test_entries_that_come_damaged_are_asked_for_again(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, times: int
) -> None:
    """Once: by a network. Always: by a relay, until it is repaired; meanwhile it is said, and what comes after it isn't lost either."""
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    album = create_album(one, "Sweden")
    await sync(one, node)
    await sync(two, node)
    edit(two, album, title="Norway")
    edit(two, album, title="after it")
    await sync(two, node)
    damaged = {two.log.after(two.log.arrival() - 2, limit_bytes=1)[0].entry.raw}
    node.between = lambda api: Turning(api, damaged, times=times)  # type: ignore[assignment, return-value]
    engine = await sync(one, node)
    report = sync_report(one, engine, {})
    if times > 1:
        assert not report["converged"]
        assert "refused: bad-hash" in report["nodes"][0]["reason"]
        assert one.records.digest() != two.records.digest()
        edit(one, album, title="beside it")
        await sync(one, node)
        node.between = lambda api: api
        engine = await sync(one, node)
        report = sync_report(one, engine, {})
        await sync(two, node)
    assert report["converged"], report
    assert report["nodes"][0]["reason"] == ""
    assert one.records.digest() == two.records.digest()
    assert verify(one, deep=True).problems == []
