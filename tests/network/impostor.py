"""A stranger's server that waits where a spoofed announcement points, and takes down who came and what it could read."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trio

from tests.network.hosts import Host
from tests.network.tls_front import ENDED, write_certificate

WAIT_SECONDS = 5.0


@dataclass(kw_only=True)
class Visit:
    """``trusted``: the visitor finished the handshake with this server. ``certificate``: what it showed of itself, in DER; ``read``: what it said."""

    trusted: bool = False
    certificate: bytes = b""
    read: bytes = b""


@dataclass(kw_only=True)
class Impostor:
    port: int = 0
    visits: list[Visit] = field(default_factory=list)
    came: trio.Event = field(default_factory=trio.Event)

    async def _receive(self, context: ssl.SSLContext, outside: trio.SocketStream) -> None:
        visit = Visit()
        self.visits.append(visit)
        self.came.set()
        stream = trio.SSLStream(outside, context, server_side=True)
        try:
            with trio.move_on_after(WAIT_SECONDS):
                await stream.do_handshake()
                visit.certificate = stream.getpeercert(True) or b""
                visit.read = bytes(await stream.receive_some())  # TLS 1.3: whether the visitor agrees is known with what it sends next
                visit.trusted = True
        except ENDED:
            return  # the visitor went away
        finally:
            await trio.aclose_forcefully(outside)


@asynccontextmanager
async def waiting_at(host: Host, folder: Path) -> AsyncIterator[Impostor]:
    """It speaks TLS 1.3 with a certificate of its own, asks for the visitor's, and takes any."""
    context = write_certificate(folder / "impostor.pem", host.ipv4, host.ipv6)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1", "h2"])
    impostor = Impostor()
    async with trio.open_nursery() as nursery:
        listener = host.listen()
        impostor.port = listener.socket.getsockname()[1]

        async def receive(stream: trio.SocketStream) -> None:
            await impostor._receive(context, stream)

        nursery.start_soon(trio.serve_listeners, receive, [listener])
        yield impostor
        nursery.cancel_scope.cancel()
