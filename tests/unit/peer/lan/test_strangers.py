"""Who isn't a member gets no answer; who was one gets none any more, at once; and nobody speaks for another."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import trio

from peer.lan.gates import NONCE_BYTES, members_gate
from peer.lan.guard import GuardLimits
from peer.library.library import Library
from peer.library.removing import remove_devices
from relay.errors import NotMemberError, SessionInvalidError, SyncError, UnreachableError, WrongNodeKeyError
from relay.messages import Hint, SessionRequest, SessionStatement
from relay.messages.limits import NONCE_BYTES as STATEMENT_NONCE_BYTES
from tests.conformance.sync_api_support import next_hint
from tests.fleet.libraries import add_photo, admit, give, make_library
from tests.unit.peer.lan.handshakes import trusting_anybody
from tests.unit.peer.lan.stations import LOOPBACK, Station, serving

REQUEST = b"GET /v1/hello HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def anna(tmp_path: Path) -> Iterator[Library]:
    library = make_library(tmp_path / "anna", seed=1)
    yield library
    library.close()


@pytest.fixture
def bert(anna: Library, tmp_path: Path) -> Iterator[Library]:
    library = admit(anna, tmp_path / "bert", name="bert", seed=2)
    yield library
    library.close()


@pytest.fixture
def carl(anna: Library, bert: Library, tmp_path: Path) -> Iterator[Library]:
    library = admit(anna, tmp_path / "carl", name="carl", seed=3)
    give(anna, bert)
    yield library
    library.close()


@pytest.fixture
async def station(anna: Library) -> AsyncGenerator[Station]:
    async with serving(anna) as station:
        yield station


async def all_that_comes(stream: trio.abc.Stream) -> bytes:
    """Until the other side ends it."""
    received = bytearray()
    with trio.fail_after(10):
        while True:
            try:
                chunk = await stream.receive_some(65536)
            except trio.BrokenResourceError:
                return bytes(received)
            if not chunk:
                return bytes(received)
            received += chunk


async def until_it_ends(news: AsyncIterator[Hint]) -> None:
    """A stream that is cut, or ended, within moments."""
    with trio.fail_after(5), suppress(SyncError):
        async for _ in news:
            pass


async def answer_to(station: Station, context: ssl.SSLContext, name: str | None) -> bytes:
    """All that somebody gets who asks by TLS."""
    stream = trio.SSLStream(await trio.open_tcp_stream(LOOPBACK, station.port), context, server_hostname=name, https_compatible=True)
    try:
        await stream.send_all(REQUEST)
        return await all_that_comes(stream)
    except trio.BrokenResourceError:
        return b""
    finally:
        await trio.aclose_forcefully(stream)


async def test_without_a_certificate_there_is_no_answer(station: Station) -> None:
    for name in (members_gate(station.library.id).name(bytes(NONCE_BYTES)), "calotype.local", None):
        assert await answer_to(station, trusting_anybody(), name) == b""


async def test_without_tls_there_is_no_answer(station: Station) -> None:
    for sent in (REQUEST, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bytes(300), b"\x16\x03\x01\x40\x00" + bytes(20_000)):
        async with await trio.open_tcp_stream(LOOPBACK, station.port) as stream:
            await stream.send_all(sent)
            assert b"HTTP" not in await all_that_comes(stream)


async def test_a_certificate_of_one_s_own_gets_no_answer(station: Station, tmp_path: Path) -> None:
    eve = make_library(tmp_path / "eve", seed=9)
    async with station.reach(eve.keys.signing_private, [station.library.keys.signing_key]) as reached:
        with pytest.raises(UnreachableError):
            await reached.node.hello()
    with pytest.raises(UnreachableError):
        async with station.dial(eve):
            raise AssertionError
    eve.close()


async def test_a_server_that_isn_t_a_member_learns_nothing(bert: Library, tmp_path: Path) -> None:
    """A spoofed address leads to one of these."""
    eve = make_library(tmp_path / "eve", seed=9)
    async with serving(eve) as spoofer:
        with pytest.raises(UnreachableError):
            async with spoofer.dial(bert):
                raise AssertionError
        assert spoofer.server.connected == frozenset()
    eve.close()


async def test_a_listener_that_says_nothing_or_nonsense(bert: Library) -> None:
    async def nonsense(stream: trio.SocketStream) -> None:
        await stream.receive_some(1)
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
        await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, nonsense, 0, host=LOOPBACK))
        spoofer = Station(library=bert, server=None, port=listeners[0].socket.getsockname()[1])  # type: ignore[arg-type]
        with pytest.raises(UnreachableError):
            async with spoofer.dial(bert):
                raise AssertionError
        nursery.cancel_scope.cancel()


async def test_a_member_can_t_pass_for_another_member(anna: Library, bert: Library, carl: Library) -> None:
    """Carl's machine answers at anna's address: it is a member's, and is known as carl's."""
    async with serving(carl) as station, station.dial(bert) as connection:
        assert connection.device == carl.device
        assert connection.key == carl.keys.signing_key
    async with serving(carl) as station, station.reach(bert.keys.signing_private, [anna.keys.signing_key]) as reached:
        with pytest.raises(UnreachableError):
            await reached.greet(bert.clock, bert.randomness)


async def test_hello_has_to_be_that_of_the_connection(station: Station, bert: Library) -> None:
    async with station.reach(bert.keys.signing_private, [station.library.keys.signing_key]) as reached:
        await reached.greet(bert.clock, bert.randomness)
        reached.key = bert.keys.signing_key
        with pytest.raises(WrongNodeKeyError):
            await reached.greet(bert.clock, bert.randomness)


async def test_a_token_is_worth_nothing_over_another_device_s_connection(station: Station, bert: Library, carl: Library) -> None:
    anna = station.library
    statement = SessionStatement(
        node_key=anna.keys.signing_key,
        library=anna.id,
        device=bert.device,
        nonce=bytes(STATEMENT_NONCE_BYTES),
        expiry=anna.clock.now() + 1000,
    ).encode()
    request = SessionRequest(statement=statement, signature=bert.keys.sign(statement))
    trusted = [anna.keys.signing_key]
    async with (
        station.reach(bert.keys.signing_private, trusted) as berts,
        station.reach(carl.keys.signing_private, trusted) as carls,
    ):
        with pytest.raises(NotMemberError):
            await carls.node.open_session(request)
        token = (await berts.node.open_session(request)).token
        await berts.node.library(anna.id, token).heads()
        with pytest.raises(SessionInvalidError):
            await carls.node.library(anna.id, token).heads()


async def test_a_removed_device_is_cut_off_at_once_and_stays_out(station: Station, bert: Library, carl: Library) -> None:
    anna = station.library
    async with station.dial(bert) as berts, station.dial(carl) as carls:
        async with berts.api.news() as news, carls.api.news() as others_news:
            await next_hint(news)
            await next_hint(others_news)
            assert station.server.connected == {bert.device, carl.device}
            remove_devices(anna, [bert.device])
            await station.server.library_changed()
            await until_it_ends(news)
            assert await next_hint(others_news)
        with pytest.raises(SyncError):
            await berts.api.heads()
        await carls.api.heads()
        assert station.server.connected == {carl.device}
    with pytest.raises(UnreachableError):
        async with station.dial(bert):
            raise AssertionError


async def test_a_removal_that_nobody_told_of_is_found_at_the_door(station: Station, bert: Library, carl: Library) -> None:
    """Another process of this device wrote it a moment ago."""
    remove_devices(station.library, [bert.device])
    with pytest.raises(UnreachableError):
        async with station.dial(bert):
            raise AssertionError
    async with station.dial(carl):
        pass


async def test_a_removal_that_a_neighbour_brings_counts_at_once(station: Station, bert: Library, carl: Library) -> None:
    remove_devices(carl, [bert.device])
    async with station.dial(bert) as berts, station.dial(carl) as carls, berts.api.news() as news:
        await next_hint(news)
        raws = [arrived.entry.raw for arrived in carl.log.missing(station.library.log.heads(), limit_bytes=10**6)]
        await carls.api.push(raws)
        await until_it_ends(news)


async def test_a_member_that_was_away_while_the_epoch_changed_gets_in_and_follows(station: Station, bert: Library, carl: Library) -> None:
    anna = station.library
    remove_devices(anna, [bert.device])
    add_photo(anna, "after the removal")
    assert anna.write_epoch().id not in carl.keyring()
    async with station.dial(carl) as connection:
        heads = (await connection.api.heads()).heads
        assert heads == anna.log.heads()
    give(anna, carl)
    assert carl.write_epoch().id == anna.write_epoch().id


async def test_several_connections_of_one_device_are_accepted(station: Station, bert: Library) -> None:
    async with station.dial(bert) as first, station.dial(bert) as second:
        assert await first.api.heads() == await second.api.heads()
        assert station.server.connected == {bert.device}


async def test_connections_that_don_t_finish_their_handshake(anna: Library, bert: Library) -> None:
    limits = GuardLimits(handshakes=3, handshakes_of_address=3, handshake_seconds=0.3)
    async with serving(anna, limits=limits) as station:
        silent = [await trio.open_tcp_stream(LOOPBACK, station.port) for _ in range(3)]
        await trio.testing.wait_all_tasks_blocked(0.02)
        async with await trio.open_tcp_stream(LOOPBACK, station.port) as one_too_many:
            assert await all_that_comes(one_too_many) == b""
        for stream in silent:
            assert await all_that_comes(stream) == b""
            await stream.aclose()
        async with station.dial(bert):
            pass


async def test_what_travels_shows_neither_library_nor_devices(station: Station, bert: Library) -> None:
    recorded = bytearray()

    async def between(client: trio.SocketStream) -> None:
        async def carry(source: trio.SocketStream, target: trio.SocketStream) -> None:
            while chunk := await source.receive_some(65536):
                recorded.extend(chunk)
                await target.send_all(chunk)
            await target.send_eof()

        try:
            async with await trio.open_tcp_stream(LOOPBACK, station.port) as server, trio.open_nursery() as nursery:
                nursery.start_soon(carry, client, server)
                nursery.start_soon(carry, server, client)
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # one side went

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, between, 0, host=LOOPBACK))
        tapped = Station(library=station.library, server=station.server, port=listeners[0].socket.getsockname()[1])
        async with tapped.dial(bert) as connection:
            await connection.api.heads()
        nursery.cancel_scope.cancel()
    secrets = [bert.id, bert.device, bert.keys.signing_key, station.library.device, station.library.keys.signing_key]
    for secret in secrets:
        assert secret not in recorded
        assert secret.hex().encode() not in recorded
    for word in (b"anna", b"bert", b"HTTP", b"heads"):
        assert word not in recorded
