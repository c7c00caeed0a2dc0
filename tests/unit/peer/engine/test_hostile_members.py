"""A member that sends harm to the relay: refused by name there, passed on where only devices can tell, and void there."""

from __future__ import annotations

from pathlib import Path

import pytest
from trio.testing import MockClock

from peer.engine.connecting import session_of
from peer.library.library import Library
from peer.library.verifying import verify
from relay.api import LibraryApi
from store.encoding import encode
from store.entries import EntryKind
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
        "waiting": mallory.make(b"body").raw,
        "known": first.raw,
    }
    missing = authors.filler("missing", 32)
    mallory.previous = type(mallory.previous)(missing)
    offered["waiting"] = mallory.make(b"body").raw
    mallory.previous = second.name
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


async def test_a_relay_that_passes_on_bytes_that_it_should_have_refused(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is kept, it is said, and what is good beside it arrives."""
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photo = add_photo(one, "sea")
    await sync(one, node)
    await sync(two, node)
    edit(two, photo, rating=4)
    await sync(two, node)
    log = node.parts.logs.of(one.id)
    raws = {arrived.entry.raw for arrived in log.after(0, limit_bytes=2**30)}

    class Lying:
        """Stands between a device and the relay, and turns a bit of the first new entry, once."""

        def __init__(self, api: LibraryApi) -> None:
            self._api = api

        def __getattr__(self, name: str) -> object:
            return getattr(self._api, name)

        def pull(self, request: object) -> object:
            return _turning(self._api.pull(request), raws)  # type: ignore[arg-type]

    node.between = lambda api: Lying(api)  # type: ignore[assignment, return-value]
    engine = await sync(one, node)
    assert "refused" in next(iter(engine.progress.nodes.values())).reason
    assert verify(one, deep=True).problems == []
    node.between = lambda api: api
    edit(two, photo, caption="after it")
    await sync(two, node)
    await sync(one, node)
    assert one.records.digest() == two.records.digest()
