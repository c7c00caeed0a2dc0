"""Reaching a neighbour. Where it is said to be is a hint: whoever is there has to prove, by TLS and once more in `hello`, the signing key of a member.

A spoofed address leads to a handshake that fails: this device shows its own certificate only to somebody who has proved such a key.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from peer.engine.connection import Traffic
from peer.lan.gates import NONCE_BYTES, Gate, members_gate
from peer.lan.tls import Credentials, client_context, signer_of
from peer.library.library import Library
from peer.seams import Clock, Randomness, RunBlocking
from relay.api import LibraryApi
from relay.client import HttpNode
from relay.errors import UnreachableError, WrongNodeKeyError
from relay.http_call import Patience
from relay.session import Greeting, Identity, LibrarySession, greet
from relay.transport import DirectWay
from store.ids import DeviceId, StoreId

LAN_PATIENCE = Patience(connect=5, call=60, between_bytes=30, silence=40)
CONNECTIONS = 8


@dataclass(frozen=True, kw_only=True)
class LanConnection:
    """A session with a neighbour. ``key``: its signing key; ``round_trip``: of its `hello`, in milliseconds."""

    api: LibraryApi
    greeting: Greeting
    node: HttpNode
    device: DeviceId
    key: bytes = field(repr=False)

    @property
    def store(self) -> StoreId:
        return self.greeting.hello.store

    @property
    def clock_offset(self) -> int:
        return self.greeting.clock_offset

    @property
    def round_trip(self) -> int:
        return self.greeting.round_trip

    def traffic(self) -> Traffic:
        return Traffic(sent=self.node.traffic.sent, received=self.node.traffic.received)


@asynccontextmanager
async def dial_lan(
    library: Library,
    host: str,
    port: int,
    *,
    run_blocking: RunBlocking,
    patience: Patience = LAN_PATIENCE,
    trusted: Mapping[bytes, DeviceId] | None = None,
    serving_port: int | None = None,
) -> AsyncGenerator[LanConnection]:
    """A session with the member that listens at ``host`` (a name or an address, an IPv6 one with its scope) and ``port``.

    ``trusted``: whom to believe, by signing keys, instead of the roster's members; for who doesn't have the roster yet. ``serving_port``: where
    this device serves, so that the other side can come too.
    Raises ``SyncError``: ``UnreachableError`` also when the other side isn't a member, or doesn't know this device as one.
    """
    devices = await run_blocking(_members, library) if trusted is None else trusted
    private = library.keys.signing_private
    async with reach(
        host,
        port,
        gate=members_gate(library.id),
        signing_private=private,
        trusted=devices,
        patience=patience,
        randomness=library.randomness,
        run_blocking=run_blocking,
        serving_port=serving_port,
    ) as reached:
        greeting = await reached.greet(library.clock, library.randomness)
        key = greeting.hello.key
        identity = Identity(library=library.id, device=library.device, sign=library.keys.sign)
        session = LibrarySession(reached.node, identity, node_key=key, clock=library.clock, randomness=library.randomness)
        yield LanConnection(api=session, greeting=await session.open(), node=reached.node, device=devices[key], key=key)


@dataclass(kw_only=True)
class Reached:
    """A way to somebody on the local network. ``key``: the one that its first connection proved, and every other has to prove as well."""

    node: HttpNode
    key: bytes = field(default=b"", repr=False)

    async def greet(self, clock: Clock, randomness: Randomness) -> Greeting:
        """Ask who is there. ``WrongNodeKeyError`` when it isn't the one whom the connection belongs to."""
        greeting = await greet(self.node, pinned_key=None, clock=clock, randomness=randomness)
        if greeting.hello.key != self.key:
            raise WrongNodeKeyError("the node has another key than its connection")
        return greeting


@asynccontextmanager
async def reach(
    host: str,
    port: int,
    *,
    gate: Gate,
    signing_private: bytes,
    trusted: Iterable[bytes],
    patience: Patience = LAN_PATIENCE,
    randomness: Randomness,
    run_blocking: RunBlocking,
    serving_port: int | None = None,
) -> AsyncGenerator[Reached]:
    """A way to an owner of one of the ``trusted`` signing keys, as the owner of ``signing_private``; connections are made when calls are."""
    keys = frozenset(trusted)
    context = await run_blocking(lambda: client_context(Credentials.issue(signing_private, randomness), sorted(keys)))
    reached: list[Reached] = []

    def check(certificate: bytes) -> None:
        key = signer_of(certificate, keys)
        if key is None or reached[0].key not in (b"", key):
            raise UnreachableError("somebody else answers there")
        reached[0].key = key

    way = DirectWay(host=host, port=port, ssl_context=context, check=check)
    url = f"https://{gate.name(randomness(NONCE_BYTES))}"
    async with HttpNode(
        url, patience=patience, connections=CONNECTIONS, way=way, serving_port=serving_port, run_blocking=run_blocking
    ) as node:
        reached.append(Reached(node=node))
        yield reached[0]


def _members(library: Library) -> dict[bytes, DeviceId]:
    members = sorted(library.roster().devices.values(), key=lambda member: member.device, reverse=True)
    return {member.signing_key: member.device for member in members}
