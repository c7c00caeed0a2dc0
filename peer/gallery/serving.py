"""The gallery as a part of the running peer: where it listens, and the links by which people come in."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from functools import partial

import trio

from peer.errors import UsageError
from peer.gallery.app import GalleryApp
from peer.gallery.calls import GalleryParts
from peer.gallery.guard import own_hosts
from peer.gallery.operations import OPERATIONS
from peer.gallery.page_files import PageFiles
from peer.gallery.sessions import Sessions
from peer.gallery.tls import TlsGuard, fingerprint_of, gallery_context
from peer.rendering.renderers import open_renderers
from peer.seams import Clock, Randomness
from relay.server import ServerLimits, serve

USUAL_PORT = 8467
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LIMITS = ServerLimits(connections=256, grace_seconds=0.5)
BACKLOG = 128
RENDERERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryOptions:
    """``host``: an address of this machine; ``port``: ``None`` for the usual one, or any that is free when somebody has that."""

    host: str = "127.0.0.1"
    port: int | None = None

    @property
    def is_local(self) -> bool:
        """Only this machine reaches it; everything else goes over TLS."""
        return self.host in LOOPBACK


class Gallery:
    """One for a running peer."""

    def __init__(self, parts: GalleryParts, options: GalleryOptions, *, clock: Clock, randomness: Randomness) -> None:
        self._parts = parts
        self._options = options
        self._sessions = Sessions(clock, randomness)
        self.address: str | None = None
        """Where it is, as the beginning of all its addresses, while it serves."""
        self.fingerprint: str | None = None
        """SHA-256 of its certificate, where it serves over TLS: what a browser shows of it has to be this."""

    def login_link(self) -> str:
        """A link that opens one session, once, within a day. ``UsageError`` while it doesn't serve."""
        if self.address is None:
            raise UsageError("The gallery isn't served.", hint="Run `calotype run` without --no-gallery.")
        return f"{self.address}/login?key={self._sessions.new_key()}"

    async def run(self, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; ``started`` gives the address. ``UsageError`` when it can't listen there."""
        listener = await self._listen()
        host, port = listener.socket.getsockname()[:2]
        scheme, guard = "http", None
        if not self._options.is_local:
            context, certificate = await self._parts.run_blocking(partial(gallery_context, self._parts.library.folder, host))
            scheme, guard, self.fingerprint = "https", TlsGuard(context), fingerprint_of(certificate)
        page = await self._parts.run_blocking(PageFiles)
        try:
            async with open_renderers(RENDERERS) as renderer:
                parts = replace(self._parts, renderer=renderer)
                app = GalleryApp(parts, OPERATIONS, self._sessions, page, hosts=own_hosts(host, port), scheme=scheme)
                self.address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
                task_status.started(self.address)
                await serve(app, [listener], until=trio.sleep_forever, limits=LIMITS, guard=guard)
        finally:
            self.address = None
            self._parts.drops.close()

    async def _listen(self) -> trio.SocketListener:
        wanted = self._options.port
        ports = (USUAL_PORT, 0) if wanted is None else (wanted,)
        failure: OSError | None = None
        for port in ports:
            try:
                return await _listener(self._options.host, port)
            except OSError as error:
                failure = error
        reason = "" if failure is None else f": {failure.strerror or failure}"
        raise UsageError(
            f"The gallery can't be served at {self._options.host}:{ports[-1]}{reason}.", hint="Choose another place: --gallery HOST:PORT."
        )


async def _listener(host: str, port: int) -> trio.SocketListener:
    found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    bound = trio.socket.socket(family, kind, protocol)
    try:
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows it would share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        await bound.bind(address)
        bound.listen(BACKLOG)
    except BaseException:
        bound.close()
        raise
    return trio.SocketListener(bound)
