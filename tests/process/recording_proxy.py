"""A TCP proxy on loopback that keeps what passes: what somebody on the network would see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio

READ_BYTES = 65536


class RecordingProxy:
    """Forwards to ``target`` on this machine."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.seen = bytearray()
        self._target = target

    async def serve(self, near: trio.SocketStream) -> None:
        try:
            async with near, await trio.open_tcp_stream("127.0.0.1", self._target) as far, trio.open_nursery() as nursery:
                nursery.start_soon(self._forward, near, far)
                nursery.start_soon(self._forward, far, near)
        except OSError:
            return  # the relay is stopped: so is what was forwarded to it

    async def _forward(self, source: trio.SocketStream, sink: trio.SocketStream) -> None:
        try:
            while chunk := await source.receive_some(READ_BYTES):
                self.seen += chunk
                await sink.send_all(chunk)
            await sink.send_eof()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.aclose_forcefully(sink)


@asynccontextmanager
async def recording(target: int) -> AsyncIterator[RecordingProxy]:
    proxy = RecordingProxy(target)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, proxy.serve, 0, host="127.0.0.1"))
        proxy.port = listeners[0].socket.getsockname()[1]
        yield proxy
        nursery.cancel_scope.cancel()
