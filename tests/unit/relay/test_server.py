"""The server on real sockets: stopping, stuck and vanishing clients, limits on connections."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import h2.config
import h2.connection
import pytest
import trio
from starlette.types import Receive, Scope, Send

from relay.client import HttpNode
from relay.errors import UnavailableError, UnreachableError
from relay.http import NodeApp
from relay.messages import EntriesArrived, Heartbeat
from relay.server import Admitted, Control, Guard, ServerLimits, serve
from store.ids import BlobId
from tests.conformance.sync_api_support import next_hint, open_session
from tests.fleet.authors import FleetLibrary, filler, make_library
from tests.unit.relay.nodes import HTTP_LIMITS, Node, make_node, registration, session_of
from tests.unit.relay.raw_http import connect, head, parse_reply, read_all, whole

SEALED = filler("a blob", 3_000_000)
BLOB = BlobId.of(SEALED)
QUICK = ServerLimits(grace_seconds=0.2, write_seconds=0.2, linger_seconds=0.1)


class Site:
    """A node with a library, a member's session, and one blob."""

    def __init__(self, node: Node, library: FleetLibrary, token: str) -> None:
        self.node, self.library, self.token = node, library, token
        self.stopping = trio.Event()
        self.stopped = trio.Event()

    @asynccontextmanager
    async def serving(self, limits: ServerLimits = QUICK, guard: Guard | None = None) -> AsyncGenerator[str]:
        """The address; ``stopping`` stops, ``stopped`` tells that nothing is left."""
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]

        async def until() -> None:
            await self.stopping.wait()
            self.node.service.stop()

        async def run() -> None:
            await serve(NodeApp(self.node.service, HTTP_LIMITS), listeners, until=until, limits=limits, guard=guard)
            self.stopped.set()

        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(run)
                yield f"http://127.0.0.1:{port}"
                self.stopping.set()

    async def stop(self) -> None:
        self.stopping.set()
        with trio.fail_after(5):
            await self.stopped.wait()

    def request(self, method: str, call: str, body: bytes = b"") -> bytes:
        return whole(method, f"/v1/l/{self.library.id.hex()}{call}", body, f"Authorization: Bearer {self.token}")


@pytest.fixture
async def site() -> Site:
    node, library = make_node(), make_library("server")
    anna = library.join("anna")
    await node.service.register(registration(library))
    site = Site(node, library, await open_session(node.service, node, library, anna))
    await node.service.library(library.id, site.token).push(library.raws())
    await node.service.library(library.id, site.token).put_blob(BLOB, SEALED)
    return site


async def until_true(condition: Callable[[], bool]) -> None:
    """Until others have made ``condition`` true."""
    with trio.fail_after(5):
        while not condition():
            await trio.testing.wait_all_tasks_blocked(0.001)


async def deaf_client(url: str) -> trio.SocketStream:
    """A client with hardly any room for what it receives."""
    raw = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    parts = urlsplit(url)
    await raw.connect((parts.hostname, parts.port))
    return trio.SocketStream(raw)


async def test_an_upload_under_way_is_finished_when_the_node_stops(site: Site) -> None:
    sealed = filler("another", 2_000_000)
    request = site.request("PUT", f"/blobs/{BlobId.of(sealed).hex()}", sealed)
    async with site.serving(ServerLimits(grace_seconds=10)) as url, await connect(url) as stream:
        await stream.send_all(request[:1_000_000])
        await trio.testing.wait_all_tasks_blocked(0.01)
        site.stopping.set()
        await trio.testing.wait_all_tasks_blocked(0.01)
        await stream.send_all(request[1_000_000:])
        assert parse_reply(await read_all(stream)).status == 201
        await site.stop()
    assert site.node.parts.blobs.get(BlobId.of(sealed)) == sealed


async def test_a_stopped_node_takes_no_new_calls(site: Site) -> None:
    async with site.serving() as url, await connect(url) as kept, await connect(url) as busy:
        await busy.send_all(site.request("GET", "/news"))
        await trio.testing.wait_all_tasks_blocked(0.01)
        site.stopping.set()
        assert (await read_all(busy)).endswith(b"\r\n0\r\n\r\n")
        assert await read_all(kept) == b""
        await site.stop()
        with pytest.raises(OSError, match="connect"):
            await connect(url)


async def test_news_end_whole_over_http(site: Site) -> None:
    anna = site.library.join("bert")
    await site.node.service.library(site.library.id, site.token).push(site.library.raws())
    async with site.serving() as url, HttpNode(url) as client:
        session = session_of(client, site.library, anna, key=site.node.key)
        async with session.news() as hints:
            await next_hint(hints)
            site.stopping.set()
            assert [hint async for hint in hints if hint != Heartbeat()] == []
        with pytest.raises((UnavailableError, UnreachableError)):
            await session.heads()


async def test_an_idle_connection_doesn_t_hold_up_a_stop(site: Site) -> None:
    async with site.serving(ServerLimits(grace_seconds=15)) as url, await connect(url) as stream:
        await stream.send_all(b"GET /v1/hello HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")
        await site.stop()


async def test_a_client_that_doesn_t_read_can_t_hold_up_a_stop(site: Site) -> None:
    async with site.serving(ServerLimits(grace_seconds=0.1)) as url, await deaf_client(url) as stream:
        for _ in range(3):
            await stream.send_all(site.request("GET", f"/blobs/{BLOB.hex()}"))
        await trio.testing.wait_all_tasks_blocked(0.05)
        await site.stop()


async def test_half_a_request_can_t_hold_up_a_stop(site: Site) -> None:
    async with site.serving() as url, await connect(url) as header, await connect(url) as body:
        await header.send_all(b"GET /v1/hel")
        await body.send_all(head("POST", "/v1/session", "Content-Length: 100") + b"x")
        await trio.testing.wait_all_tasks_blocked(0.01)
        await site.stop()


async def test_a_client_that_doesn_t_read_is_given_up() -> None:
    gone = trio.Event()

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": bytes(20_000_000), "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            gone.set()

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:

            async def run() -> None:
                await serve(app, listeners, until=gone.wait, limits=QUICK)

            nursery.start_soon(run)
            async with await deaf_client(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}") as stream:
                await stream.send_all(whole("GET", "/"))
                await gone.wait()


async def test_a_client_that_leaves_its_news_is_forgotten(site: Site) -> None:
    hub = site.node.parts.hub
    async with site.serving() as url:
        async with await connect(url) as stream:
            await stream.send_all(site.request("GET", "/news"))
            await until_true(lambda: len(hub.readers(site.library.id)) == 1)
        await until_true(lambda: hub.readers(site.library.id) == [])


async def test_a_client_that_leaves_a_body_that_nobody_reads(site: Site) -> None:
    async with site.serving() as url:
        for _ in range(5):
            async with await connect(url) as stream:
                with suppress(trio.BrokenResourceError):  # the server may have refused it and closed before all of it was sent
                    await stream.send_all(head("POST", "/v1/session", "Content-Length: 999999999") + bytes(1_000_000))
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        await site.stop()


async def test_more_connections_than_allowed(site: Site) -> None:
    async with site.serving(ServerLimits(connections=2)) as url, await connect(url), await connect(url):
        await trio.testing.wait_all_tasks_blocked(0.01)
        async with await connect(url) as third:
            assert await read_all(third) == b""
    assert site.stopped.is_set()


async def test_a_silent_connection_is_closed(site: Site) -> None:
    async with site.serving(ServerLimits(silence_seconds=0.1)) as url, await connect(url) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        assert parse_reply(await read_all(stream)).status == 400


async def test_a_fault_in_a_connection_is_its_own(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, validate_outbound_headers=False))
    http2.initiate_connection()
    headers = [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"x"), (b":path", b"/v1/\xff\xfe")]
    http2.send_headers(1, headers, end_stream=True)
    async with site.serving() as url, await connect(url) as other:
        async with await connect(url) as stream:
            await stream.send_all(http2.data_to_send())
            await read_all(stream)
        await other.send_all(whole("GET", "/v1/hello"))
        assert parse_reply(await read_all(other)).status == 200
    assert "UnicodeDecodeError" in caplog.text


class HangingUp:
    """A guard behind which the end of a connection is being sent whenever an answer is to be, as when a client leaves just then."""

    @asynccontextmanager
    async def admit(self, stream: trio.SocketStream, control: Control) -> AsyncGenerator[Admitted]:
        async def send_all(data: bytes) -> None:
            raise trio.BusyResourceError("another task is currently sending data on this SocketStream")

        stream.send_all = send_all  # type: ignore[method-assign,assignment]
        yield Admitted(stream=stream)


async def test_an_answer_to_who_leaves_just_then_is_no_fault(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    async with site.serving(guard=HangingUp()) as url:
        stream = await connect(url)
        async with stream:
            await stream.send_all(whole("GET", "/v1/hello"))
            assert await read_all(stream) == b""
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_http_2_without_tls(site: Site) -> None:
    http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    http2.initiate_connection()
    http2.send_headers(1, [(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", "/v1/hello")], end_stream=True)
    statuses: list[bytes] = []
    async with site.serving() as url, await connect(url) as stream:
        await stream.send_all(http2.data_to_send())
        while not statuses:
            for event in http2.receive_data(bytes(await stream.receive_some())):
                headers = getattr(event, "headers", None) or []
                statuses += [value for name, value in headers if name == b":status"]
    assert statuses == [b"200"]


async def test_a_pushed_change_reaches_a_reader_in_a_moment(site: Site) -> None:
    bert = site.library.join("bert")
    async with site.serving() as url, HttpNode(url) as writer, HttpNode(url) as reader:
        await site.node.service.library(site.library.id, site.token).push(site.library.raws())
        first, second = (session_of(api, site.library, bert, key=site.node.key, seed=n) for n, api in enumerate((writer, reader)))
        async with second.news() as hints:
            await next_hint(hints)
            await first.heads()
            start = trio.current_time()
            result = await first.push([bert.change().raw])
            assert await next_hint(hints) == EntriesArrived(arrival=result.after)
            assert trio.current_time() - start < 1


async def test_a_connection_is_used_again_after_a_stream(site: Site) -> None:
    async with site.serving() as url, await connect(url) as stream:
        body = b"\xa1\x63ids\x82" + (b"\x58\x20" + BLOB) * 2
        request = site.request("POST", "/blobs/many", body).replace(b"Connection: close\r\n", b"")
        await stream.send_all(request)
        received = bytearray()
        while not received.endswith(b"0\r\n\r\n"):
            received += await stream.receive_some()
        assert len(received) > 2 * len(SEALED)
        await stream.send_all(whole("GET", "/v1/hello"))
        assert parse_reply(await read_all(stream)).status == 200
