"""Getting acquainted and staying signed in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from relay.errors import NotMemberError, ProtocolViolationError, SessionInvalidError, WrongNodeKeyError
from relay.messages import Hello, PullRequest, SessionGrant, SessionRequest
from relay.service import SESSION_MS, NodeService
from relay.session import SHORTEST_MS, LibrarySession, greet
from store.ids import BlobId
from tests.conformance.sync_api_support import next_hint, pull
from tests.fleet.authors import NOW, Author, FleetLibrary, filler, make_library
from tests.unit.relay.nodes import FakeClock, Node, make_node, registration, session_of

YEAR = 365 * 24 * 60 * 60_000


class CountingNode(NodeService):
    """Counts the sessions that it opened, and can be made to lie."""

    opened = 0
    lie: dict[str, Any] = {}  # noqa: RUF012
    lifetime: int | None = None

    async def hello(self, nonce: bytes | None = None) -> Hello:
        return replace(await super().hello(nonce), **self.lie)

    async def open_session(self, request: SessionRequest) -> SessionGrant:
        grant = await super().open_session(request)
        self.opened += 1
        return grant if self.lifetime is None else replace(grant, expires=NOW + self.lifetime)


@pytest.fixture
def node() -> Node:
    return make_node()


@pytest.fixture
def library() -> FleetLibrary:
    return make_library("session")


@pytest.fixture
def anna(library: FleetLibrary) -> Author:
    return library.join("anna")


@pytest.fixture
async def api(node: Node, library: FleetLibrary, anna: Author) -> CountingNode:
    api = CountingNode(node.parts)
    await api.register(registration(library))
    return api


@pytest.fixture
def session(api: CountingNode, node: Node, library: FleetLibrary, anna: Author) -> LibrarySession:
    return session_of(api, library, anna, key=node.key)


async def test_a_greeting_measures_the_clock(api: CountingNode, node: Node) -> None:
    behind = FakeClock(NOW - 5000)
    greeting = await greet(api, pinned_key=node.key, clock=behind, randomness=lambda count: filler("r", count))
    assert abs(greeting.clock_offset - 5000) <= greeting.round_trip / 2 + 1
    assert greeting.hello.store == node.parts.store


async def test_without_a_pin_the_key_is_proved_all_the_same(api: CountingNode, node: Node) -> None:
    greeting = await greet(api, pinned_key=None, clock=FakeClock(), randomness=lambda count: filler("r", count))
    assert greeting.hello.key == node.key
    api.lie = {"key": bytes(32)}
    with pytest.raises(WrongNodeKeyError):
        await greet(api, pinned_key=None, clock=FakeClock(), randomness=lambda count: filler("r", count))


@pytest.mark.parametrize("lie", [{"proof": b""}, {"proof": bytes(64)}, {"key": bytes(32)}])
async def test_a_node_that_can_t_prove_the_pinned_key_gets_nothing(session: LibrarySession, api: CountingNode, lie: dict[str, Any]) -> None:
    api.lie = lie
    with pytest.raises(WrongNodeKeyError):
        await session.push([b"secret"])
    assert api.opened == 0


async def test_a_node_of_another_version(session: LibrarySession, api: CountingNode) -> None:
    api.lie = {"versions": (2, 3)}
    with pytest.raises(ProtocolViolationError):
        await session.open()


@pytest.mark.parametrize("off", [-YEAR, YEAR, -NOW])
async def test_a_clock_that_is_years_off_signs_in(api: CountingNode, node: Node, library: FleetLibrary, anna: Author, off: int) -> None:
    session = session_of(api, library, anna, key=node.key, clock=FakeClock(NOW + off))
    greeting = await session.open()
    assert abs(greeting.clock_offset + off) <= greeting.round_trip / 2 + 1
    await session.heads()


async def test_calls_share_one_session(session: LibrarySession, api: CountingNode) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(session.heads)
    assert api.opened == 1


async def test_an_ended_session_is_opened_again_by_whoever_notices(session: LibrarySession, api: CountingNode, node: Node) -> None:
    await session.heads()
    node.clock.time += SESSION_MS
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(session.heads)
    assert api.opened == 2
    node.clock.time += SESSION_MS
    async with session.news() as hints:
        await next_hint(hints)
    assert api.opened == 3
    node.clock.time += SESSION_MS
    assert len((await pull(session, PullRequest()))[0]) == 3
    node.clock.time += SESSION_MS
    async with session.many([BlobId(bytes(32))]) as blobs:
        assert [blob async for blob in blobs] == []
    assert api.opened == 5


async def test_a_node_that_never_lets_in_is_asked_twice(session: LibrarySession, api: CountingNode, node: Node) -> None:
    node.parts.sessions.find = lambda *_, **__: None  # type: ignore[method-assign]
    with pytest.raises(SessionInvalidError):
        await session.heads()
    assert api.opened == 2


async def test_a_stranger_is_not_let_in(api: CountingNode, node: Node, library: FleetLibrary) -> None:
    with pytest.raises(NotMemberError):
        await session_of(api, library, library.author("eve"), key=node.key).heads()


async def test_a_session_is_renewed_before_it_ends(session: LibrarySession, api: CountingNode, autojump_clock: MockClock) -> None:
    await session.heads()
    await trio.sleep(SESSION_MS / 1000 - 61)
    await session.heads()
    assert api.opened == 1
    await trio.sleep(2)
    await session.heads()
    assert api.opened == 2


@pytest.mark.parametrize("lifetime", [-YEAR, 0, 1])
async def test_a_node_with_very_short_sessions_isn_t_asked_all_the_time(
    session: LibrarySession, api: CountingNode, autojump_clock: MockClock, lifetime: int
) -> None:
    api.lifetime = lifetime
    for _ in range(10):
        await session.heads()
    assert api.opened == 1
    await trio.sleep(SHORTEST_MS / 1000)
    await session.heads()
    assert api.opened == 2


async def test_closing_makes_the_token_worthless(session: LibrarySession, api: CountingNode, node: Node) -> None:
    await session.heads()
    assert node.parts.sessions.count(now=NOW) == 1
    await session.close()
    await session.close()
    assert node.parts.sessions.count(now=NOW) == 0
    await session.heads()
    assert api.opened == 2
