"""Peers that serve on loopback, and devices that call them, in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import trio

from peer.lan.dialing import LanConnection, Reached, dial_lan, reach
from peer.lan.gates import Gate, members_gate
from peer.lan.guard import GuardLimits
from peer.lan.serving import LanServer
from peer.library.library import Library
from peer.seams import run_in_thread, system_randomness
from relay.api import LibraryApi
from relay.client import HttpNode
from relay.http_call import Patience
from relay.messages import BoxId, Hello, Registered, Registration, SessionGrant, SessionRequest, SessionStatement
from store.ids import DeviceId, LibraryId

LOOPBACK = "127.0.0.1"
QUICK = Patience(connect=5, between_bytes=5, call=10, silence=20)


@dataclass(kw_only=True)
class Station:
    """A peer that serves. ``heard``: set when its engine would have been told of something."""

    library: Library
    server: LanServer
    port: int
    heard: trio.Event = field(default_factory=trio.Event)

    def dial(self, library: Library) -> AbstractAsyncContextManager[LanConnection]:
        """How ``library`` calls it."""
        return dial_lan(library, LOOPBACK, self.port, run_blocking=run_in_thread, patience=QUICK)

    def reach(self, signing_private: bytes, trusted: list[bytes], gate: Gate | None = None) -> AbstractAsyncContextManager[Reached]:
        """How anybody with a key tries to."""
        return reach(
            LOOPBACK,
            self.port,
            gate=gate or members_gate(self.library.id),
            signing_private=signing_private,
            trusted=trusted,
            patience=QUICK,
            randomness=system_randomness,
            run_blocking=run_in_thread,
        )


@asynccontextmanager
async def serving(library: Library, *, limits: GuardLimits | None = None) -> AsyncGenerator[Station]:
    """A peer that serves inside the block."""

    async def received() -> None:
        station.heard.set()

    server = LanServer(library, run_blocking=run_in_thread, received=received, limits=limits)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(partial(server.run, host=LOOPBACK))
        station = Station(library=library, server=server, port=port)
        yield station
        nursery.cancel_scope.cancel()


class EachDevice:
    """``SyncApi`` of a station for several devices, each over connections of its own: ``privates`` has their keys. What needs no session, and what is
    signed by a device that isn't among them, goes over those of ``first``."""

    def __init__(self, station: Station, stack: AsyncExitStack, privates: Mapping[DeviceId, bytes], first: DeviceId) -> None:
        self._station = station
        self._stack = stack
        self._privates = privates
        self._first = first
        self._nodes: dict[DeviceId, HttpNode] = {}
        self._by_token: dict[str, HttpNode] = {}

    async def _node(self, device: DeviceId) -> HttpNode:
        device = device if device in self._privates else self._first
        if device not in self._nodes:
            server_key = self._station.library.keys.signing_key
            reached = await self._stack.enter_async_context(self._station.reach(self._privates[device], [server_key]))
            self._nodes[device] = reached.node
        return self._nodes[device]

    async def hello(self, nonce: bytes | None = None) -> Hello:
        return await (await self._node(self._first)).hello(nonce)

    async def register(self, registration: Registration) -> Registered:
        return await (await self._node(self._first)).register(registration)

    async def open_session(self, request: SessionRequest) -> SessionGrant:
        try:
            device = SessionStatement.decode(request.statement).device
        except ValueError:
            device = self._first
        node = await self._node(device)
        grant = await node.open_session(request)
        self._by_token[grant.token] = node
        return grant

    async def close_session(self, token: str) -> None:
        await self._by_token.get(token, await self._node(self._first)).close_session(token)

    def library(self, library: LibraryId, token: str) -> LibraryApi:
        return self._by_token.get(token, next(iter(self._nodes.values()))).library(library, token)

    async def post_message(self, box: BoxId, message: bytes) -> None:
        await (await self._node(self._first)).post_message(box, message)

    async def messages(self, box: BoxId, *, after: int = 0, wait: float = 0) -> Sequence[bytes]:
        return await (await self._node(self._first)).messages(box, after=after, wait=wait)
