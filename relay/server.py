"""Hypercorn's connection handling on our own listeners: trio, HTTP/1.1 and 2, and an end to everything.

``hypercorn.trio.serve`` would make the sockets itself and leaves some things open that a public address needs: a client that
stops reading blocks the task that writes to it for ever, because writes are shielded from cancellation; a client that sends
a body nobody reads and goes can leave its tasks behind; an exception in one connection ends the whole server; and nothing
bounds the number of connections. So each connection runs under a ``_Connection``, which limits the time of a write, reads in
larger pieces, and takes down what is left of a connection some seconds after its client went.

What has to be settled before a connection may speak HTTP at all (TLS, on the local network) is a ``Guard``'s.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, cast

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from starlette.types import ASGIApp

_log = logging.getLogger("relay.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """Bytes, connections and seconds.

    A piece of ``write_bytes`` must be taken within ``write_seconds``. After a stop, calls under way have ``grace_seconds`` to
    finish. What a client that went left behind ends after ``linger_seconds``; one that neither gets nor sends anything for
    ``silence_seconds`` counts as gone.
    """

    connections: int = 20_000
    header_bytes: int = 16 * 1024
    first_read_bytes: int = 64 * 1024
    read_bytes: int = 512 * 1024
    write_bytes: int = 512 * 1024
    write_seconds: float = 30
    keep_alive_seconds: float = 75
    grace_seconds: float = 3
    linger_seconds: float = 5
    silence_seconds: float = 300


Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class NotAdmittedError(Exception):
    """A connection that gets no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A connection that may speak HTTP over ``stream``. The application finds ``state`` in the scope of each call, under "state"."""

    stream: Stream
    state: dict[str, Any] = field(default_factory=dict)


class Control(Protocol):
    """A connection as its guard has it in hand: ``abort`` ends it at once, whatever waits for it."""

    @property
    def client_left(self) -> bool: ...

    def abort(self) -> None: ...


class Guard(Protocol):
    """What stands before HTTP. ``admit`` is around all that a connection does; it raises ``NotAdmittedError``, or yields."""

    def admit(self, stream: trio.SocketStream, control: Control) -> AbstractAsyncContextManager[Admitted]: ...


class OpenToAll:
    """Every connection speaks HTTP from its first byte."""

    @asynccontextmanager
    async def admit(self, stream: trio.SocketStream, control: Control) -> AsyncGenerator[Admitted]:
        yield Admitted(stream=stream)


class _Connection:
    """A TCP connection that is read in large pieces and can't be blocked by a client that doesn't read.

    It has what hypercorn uses of a trio stream. ``scope`` is around all that works for this connection.
    """

    def __init__(self, stream: trio.SocketStream, limits: ServerLimits) -> None:
        self.socket = stream.socket
        self.scope = trio.CancelScope()
        self._stream: Stream = stream
        self._limits = limits
        self._next_read = limits.first_read_bytes
        self._sent_at = trio.current_time()
        self.client_left = False

    async def receive_some(self, max_bytes: int) -> bytes | bytearray:
        """Larger pieces the longer a body gets; small ones at first, because what waits for its turn waits in memory."""
        try:
            received = await self._receive_unless_silent()
        except trio.BrokenResourceError:
            self._client_went()
            raise
        if not received:
            self._client_went()
        elif len(received) == self._next_read:
            self._next_read = min(2 * self._next_read, self._limits.read_bytes)
        return received

    async def _receive_unless_silent(self) -> bytes | bytearray:
        """Nothing, as if the client had gone, when no byte went either way for a long time."""
        while True:
            with trio.move_on_after(self._limits.silence_seconds):
                return await self._stream.receive_some(self._next_read)
            if trio.current_time() - self._sent_at >= self._limits.silence_seconds:
                return b""

    async def send_all(self, data: bytes) -> None:
        self._sent_at = trio.current_time()
        self._next_read = self._limits.first_read_bytes
        view = memoryview(data)
        try:
            for start in range(0, len(view), self._limits.write_bytes):
                with trio.fail_after(self._limits.write_seconds):
                    await self._stream.send_all(view[start : start + self._limits.write_bytes])
        except trio.TooSlowError as error:
            self._client_went()
            raise trio.BrokenResourceError("the client stopped reading") from error
        except trio.BusyResourceError as error:
            # One sends at a time; all that may come between is the end, which hypercorn sends on as soon as the client went.
            self._client_went()
            raise trio.BrokenResourceError("the connection is being closed") from error
        except trio.BrokenResourceError:
            self._client_went()
            raise

    async def send_eof(self) -> None:
        if isinstance(self._stream, trio.SocketStream):  # TLS has no half-closed connections
            await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def speak_over(self, stream: Stream) -> None:
        """What is received and sent goes through ``stream``, which is on top of this connection."""
        self._stream = stream

    def abort(self) -> None:
        """Whatever waits for this connection fails now, shielded or not."""
        self.scope.cancel()
        self.socket.close()

    def _client_went(self) -> None:
        self.client_left = True
        self.scope.deadline = min(self.scope.deadline, trio.current_time() + self._limits.linger_seconds)


class Connections:
    """The connections that are open, each served by hypercorn, whoever accepted them."""

    def __init__(self, app: ASGIApp, limits: ServerLimits | None = None, guard: Guard | None = None) -> None:
        self._app = ASGIWrapper(cast(Any, app))
        self._limits = limits or ServerLimits()
        self._guard = guard or OpenToAll()
        self._config = _config(self._limits)
        self._context = WorkerContext(None)
        self._open: set[_Connection] = set()

    async def serve(self, stream: trio.SocketStream) -> None:
        """One connection to its end, which is nobody else's."""
        if len(self._open) >= self._limits.connections:
            await trio.aclose_forcefully(stream)
            return
        connection = _Connection(stream, self._limits)
        self._open.add(connection)
        try:
            with connection.scope:
                async with self._guard.admit(stream, connection) as admitted:
                    connection.speak_over(admitted.stream)
                    state = ConnectionState(admitted.state)
                    await TCPServer(self._app, self._config, self._context, state, cast(Any, connection)).run()
        except NotAdmittedError:
            return
        except Exception:  # noqa: BLE001 - the boundary: bytes that upset the HTTP libraries end this connection only
            _log.exception("a connection ended by a fault in it")
        finally:
            self._open.discard(connection)
            stream.socket.close()

    async def finish(self) -> None:
        """Idle connections close; the others have some seconds."""
        await self._context.terminated.set()
        await trio.sleep(self._limits.grace_seconds)
        for connection in tuple(self._open):
            connection.abort()


def _config(limits: ServerLimits) -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = _log
    config.include_server_header = False
    config.keep_alive_timeout = limits.keep_alive_seconds
    config.keep_alive_max_requests = 1_000_000
    config.h11_max_incomplete_size = limits.header_bytes
    config.h2_max_header_list_size = limits.header_bytes
    config.max_app_queue_size = 1
    return config


async def serve(
    app: ASGIApp,
    listeners: Sequence[trio.SocketListener],
    *,
    until: Callable[[], Awaitable[object]],
    limits: ServerLimits | None = None,
    guard: Guard | None = None,
) -> None:
    """Answer on ``listeners`` until ``until`` returns; then finish what is under way, for some seconds at most."""
    connections = Connections(app, limits, guard)
    async with trio.open_nursery() as ending:
        async with trio.open_nursery() as serving:
            async with trio.open_nursery() as listening:
                listening.start_soon(partial(trio.serve_listeners, connections.serve, list(listeners), handler_nursery=serving))
                await until()
                listening.cancel_scope.cancel()
            ending.start_soon(connections.finish)
        ending.cancel_scope.cancel()
