"""The client against nodes that break the protocol, are slow, or are no nodes at all."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio

from relay.client import HttpLibrary, HttpNode
from relay.errors import (
    AddressError,
    ClientFaultError,
    NotFoundError,
    ProtocolViolationError,
    SessionInvalidError,
    SyncError,
    TimedOutError,
    TooManyError,
    UnavailableError,
    UnreachableError,
)
from relay.http_call import Patience
from relay.messages import (
    BoxId,
    Cursor,
    EntryTrace,
    ErrorBody,
    PullEnd,
    PullRequest,
    PushResult,
    Registration,
    SessionRequest,
    Standing,
    StatAnswer,
    TraceAnswer,
    frame,
)
from relay.messages.limits import SMALL_BODY
from store.blobs import MAX_BLOB_BYTES
from store.ids import BlobId, EntryHash, LibraryId, StoreId
from tests.conformance.sync_api_support import pull

Answering = Callable[[trio.SocketStream, bytes], Awaitable[None]]
LIBRARY = LibraryId(b"l" * 32)
SEALED = b"a blob"
BLOB = BlobId.of(SEALED)
HURRIED = Patience(connect=5, between_bytes=0.1, call=0.2, silence=0.1, bytes_per_second=10**9)


async def read_request(stream: trio.SocketStream) -> bytes:
    """One request with its body; empty when the client has gone."""
    request = b""
    while b"\r\n\r\n" not in request or len(request) < request.index(b"\r\n\r\n") + 4 + body_length(request):
        received = await stream.receive_some()
        if not received:
            return b""
        request += received
    return request


def body_length(request: bytes) -> int:
    found = re.search(rb"(?i)content-length: ([0-9]+)", request)
    return int(found[1]) if found else 0


@asynccontextmanager
async def answering(answer: Answering) -> AsyncGenerator[str]:
    """The address of a server that reads a request and lets ``answer`` do what it likes."""

    async def handle(stream: trio.SocketStream) -> None:
        async with stream:
            try:
                while request := await read_request(stream):
                    await answer(stream, request)
            except trio.BrokenResourceError:
                return

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, handle, listeners)
        yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def node_that_sends(*pieces: bytes, then_closes: bool = False, patience: Patience | None = None) -> AsyncGenerator[HttpNode]:
    """A client of a server that answers each request with the same bytes."""

    async def answer(stream: trio.SocketStream, _: bytes) -> None:
        for piece in pieces:
            await stream.send_all(piece)
        if then_closes:
            await stream.aclose()

    async with answering(answer) as url, HttpNode(url, patience=patience) as node:
        with trio.fail_after(10):
            yield node


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def chunked(*chunks: bytes, end: bool = True) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + (b"0\r\n\r\n" if end else b"")


def library_at(node: HttpNode) -> HttpLibrary:
    return node.library(LIBRARY, "token")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"garbage\r\n\r\n", ProtocolViolationError),
        (b"\x15\x03\x01\x00\x02\x02\x46", ProtocolViolationError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", ProtocolViolationError),
        (ok(b"not CBOR"), ProtocolViolationError),
        (ok(b""), ProtocolViolationError),
        (ok(bytes(SMALL_BODY + 1)), ProtocolViolationError),
        (chunked(*[bytes(10_000)] * 20), ProtocolViolationError),
        (ok(b"\x81" * 5000), ProtocolViolationError),
        (ok(b"x", "Content-Encoding: gzip"), ProtocolViolationError),
        (ok(b"", "Location: http://elsewhere.example.org/", status="302 Found"), ProtocolViolationError),
        (ok(b"<html>not here</html>", status="404 Not Found"), ProtocolViolationError),
        (ok(b"<html>broken</html>", status="500 Internal"), ProtocolViolationError),
        (ok(b"<html>bad gateway</html>", status="502 Bad Gateway"), UnavailableError),
        (ok(b"", status="503 Service Unavailable"), UnavailableError),
        (ok(b"", status="429 Slow Down"), TooManyError),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ProtocolViolationError),
    ],
)
async def test_answers_that_are_none(answer: bytes, error: type[SyncError]) -> None:
    async with node_that_sends(answer) as node:
        with pytest.raises(error):
            await node.hello()


async def test_headers_without_end() -> None:
    async with node_that_sends(b"HTTP/1.1 200 OK\r\n", *[b"X: " + b"y" * 50_000 + b"\r\n"] * 20) as node:
        with pytest.raises(ProtocolViolationError):
            await node.hello()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", ok(b"whole body")[:-1], chunked(b"x", end=False)])
async def test_a_connection_that_ends_too_early(answer: bytes) -> None:
    async with node_that_sends(answer, then_closes=True) as node:
        with pytest.raises(UnreachableError):
            await node.hello()


async def test_nobody_there() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    async with HttpNode(f"http://127.0.0.1:{port}") as node:
        with pytest.raises(UnreachableError):
            await node.hello()


def test_an_address_in_the_clear() -> None:
    with pytest.raises(AddressError):
        HttpNode("http://relay.example.org")


@pytest.mark.parametrize(
    "address", ["https://relay.example/\x01", "https://relay.example/\udcff", "https://999.1.1.1", "https://ä..example"]
)
def test_an_address_that_no_request_can_be_made_of(address: str) -> None:
    with pytest.raises(AddressError):
        HttpNode(address)


async def test_an_answer_that_never_comes() -> None:
    async with node_that_sends(patience=HURRIED) as node:
        with pytest.raises(TimedOutError):
            await node.hello()


async def test_an_answer_that_trickles() -> None:
    async def trickle(stream: trio.SocketStream, _: bytes) -> None:
        beginning = frame(0, bytes(1000))[:-1000]
        await stream.send_all(ok(beginning + bytes(1000))[:-1000])
        for byte in bytes(1000):
            await stream.send_all(bytes([byte]))
            await trio.testing.wait_all_tasks_blocked(0.02)

    async with answering(trickle) as url, HttpNode(url, patience=HURRIED) as node:
        with trio.fail_after(5), pytest.raises(TimedOutError):
            await node.hello()
        with trio.fail_after(5), pytest.raises(TimedOutError):
            await pull(library_at(node), PullRequest())


async def test_errors_come_by_name() -> None:
    body = ErrorBody(error="session-invalid", message="open another").encode()
    async with node_that_sends(ok(body, status="401 Unauthorized")) as node:
        with pytest.raises(SessionInvalidError, match="open another"):
            await library_at(node).heads()
    body = ErrorBody(error="too-many", message="x").encode()
    for header, seconds in (
        ("Retry-After: 7", 7),
        ("Retry-After: Fri, 31 Dec 1999", None),
        ("Retry-After: 99999999", None),
        ("X: y", None),
    ):
        async with node_that_sends(ok(body, header, status="429 Slow")) as node:
            with pytest.raises(TooManyError) as caught:
                await library_at(node).heads()
            assert caught.value.retry_after == seconds


async def test_head_knows_by_the_status_alone() -> None:
    for status, error in ((401, SessionInvalidError), (403, ClientFaultError), (503, UnavailableError)):
        async with node_that_sends(f"HTTP/1.1 {status} X\r\n\r\n".encode()) as node:
            with pytest.raises(error):
                await library_at(node).has_blob(BLOB)
    async with node_that_sends(b"HTTP/1.1 404 X\r\n\r\n") as node:
        assert not await library_at(node).has_blob(BLOB)


async def test_other_bytes_under_a_blob_s_name() -> None:
    async with node_that_sends(ok(b"other bytes")) as node:
        with pytest.raises(ProtocolViolationError):
            await library_at(node).get_blob(BLOB)
    async with node_that_sends(ok(bytes(MAX_BLOB_BYTES + 1))) as node:
        with pytest.raises(ProtocolViolationError):
            await library_at(node).get_blob(BLOB)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (frame(0, BLOB, b"other bytes") + frame(1), ProtocolViolationError),
        (frame(0, BlobId.of(b"x"), b"x") + frame(1), ProtocolViolationError),
        (frame(0, BLOB[:10]) + frame(1), ProtocolViolationError),
        (frame(0, BLOB, SEALED), UnreachableError),
        (frame(1) + frame(1), ProtocolViolationError),
        (frame(9) + frame(1), ProtocolViolationError),
        (b"\x00", ProtocolViolationError),
    ],
)
async def test_many_blobs_that_weren_t_asked_for(body: bytes, error: type[SyncError]) -> None:
    async with node_that_sends(chunked(body)) as node:
        with pytest.raises(error):
            async with library_at(node).many([BLOB]) as blobs:
                assert [blob.blob async for blob in blobs] == [BLOB]


END = PullEnd(cursor=Cursor(store=StoreId(bytes(16)), arrival=1), more=False, seen=())


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (frame(0, b"entry"), UnreachableError),
        (frame(1, END.encode()) + frame(0, b"entry"), ProtocolViolationError),
        (frame(1, END.encode()) + frame(1, END.encode()), ProtocolViolationError),
        (frame(1, b"garbage"), ProtocolViolationError),
        (frame(7, b"unknown"), ProtocolViolationError),
        (frame(1, END.encode())[:-1], ProtocolViolationError),
        (b"\x5b" + b"\x7f" * 8, ProtocolViolationError),
        (frame(0, bytes(1_000_000)) * 20, ProtocolViolationError),
    ],
)
async def test_pulls_that_aren_t_what_was_asked_for(body: bytes, error: type[SyncError]) -> None:
    async with node_that_sends(chunked(body)) as node:
        with pytest.raises(error):
            await pull(library_at(node), PullRequest(limit=1000))


async def test_answers_for_more_or_less_than_was_asked() -> None:
    async with node_that_sends(ok(PushResult(outcomes=(), before=0, after=0).encode())) as node:
        with pytest.raises(ProtocolViolationError):
            await library_at(node).push([b"entry"])
    async with node_that_sends(ok(StatAnswer(states=()).encode())) as node:
        with pytest.raises(ProtocolViolationError):
            await library_at(node).stat([BLOB])
    one_entry = TraceAnswer(time=0, entries=(EntryTrace(standing=Standing.ABSENT),))
    async with node_that_sends(ok(one_entry.encode())) as node:
        with pytest.raises(ProtocolViolationError):
            await library_at(node).trace([], [])
        with pytest.raises(ProtocolViolationError):
            await library_at(node).trace([EntryHash(bytes(32))], [BLOB])


async def test_news_without_a_heartbeat() -> None:
    async with node_that_sends(chunked(frame(3), frame(77, b"later"), end=False), patience=HURRIED) as node:
        with pytest.raises(TimedOutError):
            async with library_at(node).news() as hints:
                assert [hint async for hint in hints]


async def test_news_that_break_off_and_news_that_end() -> None:
    async with node_that_sends(chunked(frame(3), end=False), then_closes=True) as node:
        with pytest.raises(UnreachableError):
            async with library_at(node).news() as hints:
                assert [hint async for hint in hints]
    async with node_that_sends(chunked(frame(3), frame(77, b"later"))) as node, library_at(node).news() as hints:
        assert len([hint async for hint in hints]) == 1


async def test_only_headers_that_say_something_are_sent_and_no_cookie_comes_back() -> None:
    requests: list[bytes] = []

    async def remember(stream: trio.SocketStream, request: bytes) -> None:
        requests.append(request)
        await stream.send_all(ok(b"", "Set-Cookie: spy=1; Path=/", status="204 No Content"))

    async with answering(remember) as url, HttpNode(url) as node:
        for _ in range(2):
            await node.post_message(BoxId(bytes(16)), b"hello")
        await node.close_session("token")
        sent, received = node.traffic.sent, node.traffic.received
    port = url.rsplit(":", 1)[1]
    path = b"/v1/mailbox/" + b"0" * 32
    assert requests[0] == requests[1] == b"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Length: 5\r\n\r\nhello" % (path, port.encode())
    assert requests[2] == b"DELETE /v1/session HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nauthorization: Bearer token\r\n\r\n" % port.encode()
    assert sent == sum(map(len, requests))
    assert received == 3 * len(ok(b"", "Set-Cookie: spy=1; Path=/", status="204 No Content"))


async def test_secrets_are_in_no_error() -> None:
    async with node_that_sends(b"garbage\r\n\r\n") as node:
        for call in (
            node.register(Registration(token="hush-hush", genesis=b"")),
            node.open_session(SessionRequest(statement=b"", signature=bytes(64))),
            node.library(LIBRARY, "hush-hush").heads(),
        ):
            with pytest.raises(ProtocolViolationError) as caught:
                await call
            chain: BaseException | None = caught.value
            while chain is not None:
                assert "hush" not in str(chain)
                chain = chain.__cause__


async def test_a_library_that_isn_t_there() -> None:
    body = ErrorBody(error="not-found", message="no such library").encode()
    async with node_that_sends(ok(body, status="404 Not Found")) as node:
        with pytest.raises(NotFoundError):
            await library_at(node).heads()
