"""Reaching a node: its pinned key is checked first, then this device proves its own (``relay.session``)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import httpcore

from peer.engine.connection import Connect, Connection, Traffic
from peer.library.library import Library
from peer.library.nodes import Node
from peer.seams import Clock, Randomness, RunBlocking
from relay.api import LibraryApi, SyncApi
from relay.client import HttpNode
from relay.messages import BoxId
from relay.session import Greeting, Identity, LibrarySession, greet
from store.ids import StoreId


@dataclass(frozen=True, kw_only=True)
class NodeConnection:
    """A session with one node."""

    api: LibraryApi
    greeting: Greeting
    node: HttpNode

    @property
    def store(self) -> StoreId:
        return self.greeting.hello.store

    @property
    def clock_offset(self) -> int:
        return self.greeting.clock_offset

    @property
    def address(self) -> str:
        return self.node.url

    def traffic(self) -> Traffic:
        return Traffic(sent=self.node.traffic.sent, received=self.node.traffic.received)


def dial(library: Library, run_blocking: RunBlocking, *, backend: httpcore.AsyncNetworkBackend | None = None) -> Connect:
    """How the engine of ``library`` connects to nodes. ``backend``: who opens connections instead of the system."""

    @asynccontextmanager
    async def connect(node: Node) -> AsyncIterator[Connection]:
        async with HttpNode(node.url, run_blocking=run_blocking, backend=backend) as api:
            session = session_of(library, api, node)
            yield NodeConnection(api=session, greeting=await session.open(), node=api)

    def connection(node: Node) -> AbstractAsyncContextManager[Connection]:
        return connect(node)

    return connection


def session_of(library: Library, api: SyncApi, node: Node) -> LibrarySession:
    """This device's session at a node; it is opened by the first call."""
    identity = Identity(library=library.id, device=library.device, sign=library.keys.sign)
    return LibrarySession(api, identity, node_key=node.key, clock=library.clock, randomness=library.randomness)


@asynccontextmanager
async def library_at(library: Library, node: Node, run_blocking: RunBlocking) -> AsyncIterator[LibraryApi]:
    """This library at a node, for a few calls; what is written meanwhile has stamps by the node's clock."""
    async with HttpNode(node.url, run_blocking=run_blocking) as api:
        session = session_of(library, api, node)
        greeting = await session.open()
        await run_blocking(library.hlc.discipline, greeting.clock_offset)
        yield session


class NodeMailbox:
    """The mailbox calls of one node."""

    def __init__(self, api: SyncApi) -> None:
        self._api = api

    async def post_message(self, box: bytes, message: bytes) -> None:
        await self._api.post_message(BoxId(box), message)

    async def messages(self, box: bytes, after: int, wait: float) -> Sequence[bytes]:
        return await self._api.messages(BoxId(box), after=after, wait=wait)


@asynccontextmanager
async def mailbox_at(url: str, key: bytes, clock: Clock, randomness: Randomness) -> AsyncIterator[NodeMailbox]:
    """The mailbox of a node whose key is known."""
    async with HttpNode(url) as api:
        await greet(api, pinned_key=key, clock=clock, randomness=randomness)
        yield NodeMailbox(api)
