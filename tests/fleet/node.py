"""A relay in this process, over memory stores: the same service that the relay program serves over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar, TypeVarTuple

import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peer.engine.connecting import session_of
from peer.engine.connection import Connect, Connection, Traffic
from peer.library.library import Library
from peer.library.nodes import Node
from peer.seams import Clock
from relay.accounts import TokenHash
from relay.api import LibraryApi
from relay.errors import UnreachableError
from relay.memory_accounts import MemoryLibraries, MemoryMailboxes, MemorySessions
from relay.memory_releases import MemoryReleases
from relay.parts import Logs, NodeParts
from relay.service import NodeService
from relay.session import Greeting
from store.ids import StoreId
from store.memory import MemoryBlobStore, MemoryLogStore

TOKEN = "a registration token"
URL = "http://127.0.0.1:1"
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def call_directly(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """``RunBlocking`` without threads, so that trio's virtual time never runs ahead of work."""
    await trio.lowlevel.checkpoint()
    return function(*arguments)


class FakeClock:
    """Stands still until it is moved. Milliseconds since 1970."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self.time = now

    def now(self) -> int:
        self.time += 1
        return self.time


@dataclass(frozen=True, kw_only=True)
class LocalConnection:
    """A session with the service, without a network between."""

    api: LibraryApi
    greeting: Greeting

    @property
    def store(self) -> StoreId:
        return self.greeting.hello.store

    @property
    def clock_offset(self) -> int:
        return self.greeting.clock_offset

    @property
    def address(self) -> str:
        return URL

    def traffic(self) -> Traffic:
        return Traffic(sent=0, received=0)


@dataclass
class LocalNode:
    """The service, whether it can be reached, and a way for tests to stand between it and a device."""

    service: NodeService
    parts: NodeParts
    reachable: bool = True
    between: Callable[[LibraryApi], LibraryApi] = field(default=lambda api: api)

    def connect(self, library: Library) -> Connect:
        """How an engine on ``library`` reaches this node."""

        @asynccontextmanager
        async def dialled(node: Node) -> AsyncIterator[Connection]:
            if not self.reachable:
                raise UnreachableError("the relay is away")
            session = session_of(library, self.service, node)
            greeting = await session.open()
            yield LocalConnection(api=self.between(session), greeting=greeting)

        def connection(node: Node) -> AbstractAsyncContextManager[Connection]:
            return dialled(node)

        return connection

    @property
    def key(self) -> bytes:
        return self.parts.key.public_key().public_bytes_raw()


def make_node(clock: Clock, *, seed: int = 1, quota: int = 10**12) -> LocalNode:
    """A fresh relay with one registration token, ``TOKEN``."""
    random = Random(seed)
    libraries = MemoryLibraries()
    libraries.add_token(TokenHash.of(TOKEN), quota=quota, uses=9, now=clock.now())
    logs: dict[bytes, MemoryLogStore] = {}
    parts = NodeParts(
        kind="relay",
        key=Ed25519PrivateKey.from_private_bytes(random.randbytes(32)),
        store=StoreId(random.randbytes(16)),
        libraries=libraries,
        sessions=MemorySessions(),
        mailboxes=MemoryMailboxes(),
        logs=Logs(lambda library: logs.setdefault(library, MemoryLogStore(library, trusts_settled=True))),
        blobs=MemoryBlobStore(),
        clock=clock,
        randomness=random.randbytes,
        run_blocking=call_directly,
        releases=MemoryReleases(libraries),
    )
    return LocalNode(service=NodeService(parts), parts=parts)
