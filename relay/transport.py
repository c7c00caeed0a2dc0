"""The client's HTTP transport: httpcore on trio, reading in large pieces, and counting what goes over the wire.

The counts are the bytes of HTTP/1.1 as they are written to and read from each connection, headers and framing included;
what TLS, TCP and IP add is not. How long a connection has been idle is measured by trio's clock, like every other time of the client.
"""

# ruff: noqa: ASYNC109 - the interface of httpcore

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self, cast

import httpcore
import httpx
import trio

from relay.errors import ProtocolViolationError, TimedOutError, UnreachableError

READ_BYTES = 512 * 1024
_WORDS_FOR_AN_END = ("disconnected", "closed connection")
"""httpcore has one error for a connection that ended early and for bytes that are no HTTP; only its words tell them apart."""


@dataclass
class Traffic:
    """Bytes over the wire since the counter was made."""

    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectWay:
    """Where a node is, when its address doesn't say it, and who it has to be.

    ``host`` may be an IPv6 address with a scope. ``check`` is shown the certificate (DER) that each connection's other side proved to have; it raises
    a ``SyncError`` when that isn't the one who was meant.
    """

    host: str
    port: int
    ssl_context: ssl.SSLContext
    check: Callable[[bytes], None]


class _MeteredStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream, backend: _MeteredBackend) -> None:
        self._stream = stream
        self._backend = backend
        self._traffic = backend.traffic
        self._used_at = trio.current_time()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As much as is there: ``max_bytes`` is what httpcore would be content with."""
        received = await self._stream.read(max(max_bytes, READ_BYTES), timeout)
        if received and (tls := self._stream.get_extra_info("ssl_object")) is not None:
            received = _and_what_else_is_there(tls, received)
        self._traffic.received += len(received)
        self._used_at = trio.current_time()
        return received

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)
        self._traffic.sent += len(buffer)
        self._used_at = trio.current_time()

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        secured = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        if self._backend.way is not None:
            try:
                self._backend.way.check(secured.get_extra_info("ssl_object").getpeercert(binary_form=True))
            except BaseException:
                await secured.aclose()
                raise
        return _MeteredStream(secured, self._backend)

    def get_extra_info(self, info: str) -> Any:
        """An idle connection that "is readable" isn't used again: the other side has ended it, or it is too old."""
        if info == "is_readable" and trio.current_time() - self._used_at > self._backend.keep_alive_seconds:
            return True
        return self._stream.get_extra_info(info)


def _and_what_else_is_there(tls: ssl.SSLObject, received: bytes) -> bytes:
    """TLS gives a record of 16 KiB at a time, however many have come: asking for each anew would cost more than to decrypt them."""
    pieces, size = [received], len(received)
    with suppress(ssl.SSLError):  # no whole record is left; what else may be wrong is found by the next who reads
        while size < READ_BYTES and (piece := tls.read(READ_BYTES)):
            pieces.append(piece)
            size += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _MeteredBackend(httpcore.AsyncNetworkBackend):
    def __init__(
        self, backend: httpcore.AsyncNetworkBackend, traffic: Traffic, way: DirectWay | None, *, keep_alive_seconds: float
    ) -> None:
        self._backend = backend
        self.traffic = traffic
        self.way = way
        self.keep_alive_seconds = keep_alive_seconds

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if self.way is not None:
            host, port = self.way.host, self.way.port
        stream = await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _MeteredStream(stream, self)

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream
        self._chunks = aiter(stream)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        with errors_translated():
            return await anext(self._chunks)

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()


class _Content:
    """The content of a request. A generator that is left in the middle, when the connection breaks, would have to be cleaned up by somebody."""

    def __init__(self, content: bytes) -> None:
        self._left = [content] if content else []

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


class Transport(httpx.AsyncBaseTransport):
    """``httpx``'s transport over an ``httpcore`` pool whose connections are metered. Raises our errors. ``backend``: who opens connections."""

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None,
        connections: int,
        keep_alive_seconds: float,
        traffic: Traffic,
        way: DirectWay | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        metered = _MeteredBackend(backend or httpcore.TrioBackend(), traffic, way, keep_alive_seconds=keep_alive_seconds)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context if way is None else way.ssl_context,
            max_connections=connections,
            max_keepalive_connections=connections,
            network_backend=metered,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path),
            headers=request.headers.raw,
            content=_Content(request.content),
            extensions=request.extensions,
        )
        with errors_translated():
            response = await self._pool.handle_async_request(call)
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(cast(AsyncIterable[bytes], response.stream)),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


@contextmanager
def errors_translated() -> Iterator[None]:
    """httpcore's errors as ours."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise TimedOutError("the node did not answer in time") from error
    except httpcore.ConnectError as error:
        raise UnreachableError("no connection to the node") from error
    except httpcore.NetworkError as error:
        raise UnreachableError("the connection to the node broke") from error
    except httpcore.RemoteProtocolError as error:
        if any(words in str(error) for words in _WORDS_FOR_AN_END):
            raise UnreachableError("the connection ended before the answer did") from error
        raise ProtocolViolationError("what answers doesn't speak HTTP as it should") from error
    except httpcore.LocalProtocolError as error:
        raise ProtocolViolationError("the answer can't be followed") from error
