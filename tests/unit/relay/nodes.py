"""Nodes for tests: over memory stores, in process or served over HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import TypeVar, TypeVarTuple

import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relay.accounts import TokenHash
from relay.api import SyncApi
from relay.http import NodeApp
from relay.http_limits import HttpLimits, Rate
from relay.memory_accounts import MemoryLibraries, MemoryMailboxes, MemorySessions
from relay.memory_releases import MemoryReleases
from relay.messages import Registration
from relay.parts import Logs, NodeParts
from relay.server import ServerLimits, serve
from relay.service import NodeService
from relay.session import Identity, LibrarySession
from store.ids import StoreId
from store.memory import MemoryBlobStore, MemoryLogStore
from tests.fleet.authors import NOW, Author, FleetLibrary

TOKEN = "a-registration-token"
QUOTA = 64 * 1024 * 1024
PATIENT = Rate(burst=100_000, per_second=100_000)
HTTP_LIMITS = HttpLimits(registrations=PATIENT, sessions=PATIENT, mail=PATIENT, discard_patience=0.05)
"""Rates are tested by themselves."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class FakeClock:
    """Stands still until a test moves it. Milliseconds since 1970."""

    def __init__(self, time: int = NOW) -> None:
        self.time = time

    def now(self) -> int:
        return self.time


async def call_directly(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """``RunBlocking`` without threads, so that trio's virtual time never runs ahead of work."""
    await trio.lowlevel.checkpoint()
    return function(*arguments)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node and the parts that a test reaches into."""

    parts: NodeParts
    clock: FakeClock
    service: NodeService

    @property
    def key(self) -> bytes:
        return self.parts.key.public_key().public_bytes_raw()


def make_parts(clock: FakeClock, *, quota: int = QUOTA, uses: int = 1, seed: int = 1) -> NodeParts:
    """Empty memory stores and one registration token, ``TOKEN``."""
    random = Random(seed)
    libraries = MemoryLibraries()
    libraries.add_token(TokenHash.of(TOKEN), quota=quota, uses=uses, now=clock.now())
    return NodeParts(
        kind="relay",
        key=Ed25519PrivateKey.from_private_bytes(random.randbytes(32)),
        store=StoreId(random.randbytes(16)),
        libraries=libraries,
        sessions=MemorySessions(),
        mailboxes=MemoryMailboxes(),
        logs=Logs(partial(MemoryLogStore, trusts_settled=True)),
        blobs=MemoryBlobStore(),
        clock=clock,
        randomness=random.randbytes,
        run_blocking=call_directly,
        releases=MemoryReleases(libraries),
    )


def make_node(clock: FakeClock | None = None, **options: int) -> Node:
    clock = clock or FakeClock()
    return node_of(make_parts(clock, **options), clock)


def node_of(parts: NodeParts, clock: FakeClock, **changes: object) -> Node:
    """A node of ``parts``, some of them replaced."""
    parts = replace(parts, **changes)  # type: ignore[arg-type]
    return Node(parts=parts, clock=clock, service=NodeService(parts))


def registration(library: FleetLibrary, token: str = TOKEN) -> Registration:
    """All that the library's master wrote."""
    genesis, *others = [entry.raw for entry in library.entries if entry.log == library.id.master_log()]
    return Registration(token=token, genesis=genesis, entries=tuple(others))


def session_of(
    api: SyncApi, library: FleetLibrary, author: Author, *, key: bytes, clock: FakeClock | None = None, seed: int = 7
) -> LibrarySession:
    """``author``'s session at a node; the device's own clock may be another than the node's."""
    identity = Identity(library=library.id, device=author.device, sign=author.keys.sign)
    return LibrarySession(api, identity, node_key=key, clock=clock or FakeClock(), randomness=Random(seed).randbytes)


@asynccontextmanager
async def serving(service: NodeService, *, http: HttpLimits = HTTP_LIMITS, server: ServerLimits | None = None) -> AsyncGenerator[str]:
    """The address at which ``service`` answers inside the block; it is stopped gracefully in the end."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    stopping = trio.Event()

    async def until() -> None:
        await stopping.wait()
        service.stop()

    async with trio.open_nursery() as nursery:

        async def run() -> None:
            await serve(NodeApp(service, http), listeners, until=until, limits=server or ServerLimits())

        nursery.start_soon(run)
        yield f"http://127.0.0.1:{port}"
        stopping.set()
