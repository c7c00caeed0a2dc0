"""A local network in this process: devices that announce themselves, dial each other and serve each other, without sockets and TLS.

    network = LocalNetwork()
    host = network.join(library)
    async with running(host.engine()): ...

Hosts may be cut off, move to other addresses, or stop to announce themselves. They serve what ``peer.lan`` serves, over their libraries; calls and the
entries that they carried are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import trio

from discovery.neighbourhood import Neighbour, differences
from discovery.service import Event
from discovery.tags import DiscoveryKey, InstanceName
from peer.engine.chores import Chore
from peer.engine.connection import Traffic
from peer.engine.engine import Engine, EngineParts
from peer.engine.neighbours import NeighbourParts, NeighbourWay
from peer.engine.scheduler import Broadcast
from peer.lan.node import InvitationBoxes, peer_parts
from peer.library.library import Library
from peer.place import Place
from peer.seams import RunBlocking
from relay.api import LibraryApi, SealedBlob
from relay.errors import UnreachableError
from relay.memory_accounts import MemorySessions
from relay.messages import Hint, PullEnd, PullRequest, PushResult
from relay.service import NodeService
from relay.session import Identity, LibrarySession
from store.ids import BlobId, DeviceId, StoreId
from tests.fleet.node import LocalNode, call_directly

TRAVEL_SECONDS = 0.0005
PORT = 40_000


class LocalNetwork:
    """Who is on it, and who can reach whom."""

    def __init__(self) -> None:
        self.hosts: list[Host] = []
        self.cuts: set[frozenset[DeviceId]] = set()
        self.changed = Broadcast()

    def join(self, library: Library, *, announced: bool = True) -> Host:
        host = Host(network=self, library=library, number=len(self.hosts) + 1, announced=announced)
        self.hosts.append(host)
        self.changed.notify()
        return host

    def cut(self, one: Host, other: Host) -> None:
        """These two can't reach each other any more."""
        self.cuts.add(frozenset({one.library.device, other.library.device}))
        self.tell()

    def tell(self) -> None:
        """Something that hosts see of each other has changed."""
        for host in self.hosts:
            host.moved.notify()
        self.changed.notify()

    def joined(self, one: Host, other: Host) -> bool:
        return frozenset({one.library.device, other.library.device}) not in self.cuts

    def host_at(self, place: Place) -> Host | None:
        return next((host for host in self.hosts if host.is_up and place in host.places), None)


@dataclass
class Host:
    """A device on the network. ``addresses``: where it is and what it announces."""

    network: LocalNetwork
    library: Library
    number: int
    announced: bool
    is_up: bool = False
    dials: bool = True
    addresses: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    between: Callable[[LibraryApi], LibraryApi] = field(default=lambda api: api)
    moved: Broadcast = field(default_factory=Broadcast)
    running: Engine | None = None
    run_blocking: RunBlocking = call_directly

    def __post_init__(self) -> None:
        self.addresses = self.addresses or [f"10.0.0.{self.number}"]
        self.parts = peer_parts(self.library, run_blocking=self.run_blocking, boxes=InvitationBoxes(), sessions=MemorySessions())
        self.service = NodeService(self.parts)
        self.told = self.library.log.arrival()

    @property
    def places(self) -> list[Place]:
        return [Place(address, PORT) for address in self.addresses]

    @property
    def neighbour(self) -> Neighbour:
        addresses = tuple(ip_address(address) for address in self.addresses)
        return Neighbour(instance=InstanceName(f"{self.number:016x}"), port=PORT, addresses=addresses, keys=())

    # What the engine of this host gets

    def engine(
        self,
        relay: LocalNode | None = None,
        *,
        named: Sequence[Place] = (),
        discovers: bool = True,
        once: bool = False,
        chores: Sequence[Chore] = (),
    ) -> Engine:
        """``relay``: in reach, if the library knows it. ``once``: as ``sync`` runs it."""

        def no_relay(_: object) -> AbstractAsyncContextManager[Any]:
            raise UnreachableError("no way to the relay")

        parts = NeighbourParts(dial=self.dial, discovery=Sight(self) if discovers else None, named=named, store=self.parts.store)
        self.running = Engine(
            EngineParts(
                library=self.library,
                connect=relay.connect(self.library) if relay is not None else no_relay,
                run_blocking=call_directly,
                chores=chores,
                report_at_once=once,
                neighbours=parts,
                served=self,
            )
        )
        return self.running

    @property
    def connected(self) -> Collection[DeviceId]:
        return {reader.device for reader in self.parts.hub.readers(self.library.id)}

    async def library_changed(self) -> None:
        arrival = self.library.log.arrival()
        if arrival > self.told:
            for reader in self.parts.hub.readers(self.library.id):
                reader.entries_arrived(arrival)
        self.told = arrival

    def blobs_arrived(self, blobs: Iterable[BlobId]) -> None:
        for reader in self.parts.hub.readers(self.library.id):
            reader.blobs_arrived(blobs)

    async def received(self) -> None:
        """A neighbour brought something."""
        self.told = self.library.log.arrival()
        if self.running is not None and self.is_up:
            await self.running.library_changed()

    def dial(self, place: Place) -> AbstractAsyncContextManager[NeighbourWay]:
        return self._dialled(place)

    @asynccontextmanager
    async def _dialled(self, place: Place) -> AsyncIterator[NeighbourWay]:
        await trio.sleep(0.001)
        host = self.network.host_at(place)
        if host is None or not self.dials or not self.network.joined(self, host):
            raise UnreachableError("nobody answers there")
        identity = Identity(library=self.library.id, device=self.library.device, sign=self.library.keys.sign)
        key = host.library.keys.signing_key
        session = LibrarySession(host.service, identity, node_key=key, clock=self.library.clock, randomness=self.library.randomness)
        await session.open()
        api = host.between(Wire(session, host, self, place))
        yield LanConnection(api=api, device=host.library.device, store=host.parts.store)


@dataclass(frozen=True, kw_only=True)
class LanConnection:
    """A session with a neighbour, whose clock is wrong by a quarter of an hour."""

    api: LibraryApi
    device: DeviceId
    store: StoreId
    clock_offset: int = 900_000

    def traffic(self) -> Traffic:
        return Traffic(sent=0, received=0)


class Sight:
    """What one host sees of the others by multicast."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.keys: tuple[DiscoveryKey, ...] = ()
        self.unavailable = None

    def set_keys(self, keys: Iterable[DiscoveryKey]) -> None:
        self.keys = tuple(keys)

    async def events(self) -> AsyncIterator[Event]:
        told: dict[InstanceName, Neighbour] = {}
        network = self._host.network
        while True:
            changed = network.changed.next_event()
            others = [each for each in network.hosts if each is not self._host and each.is_up and each.announced]
            now = {each.neighbour.instance: each.neighbour for each in others if network.joined(self._host, each)}
            for event in differences(told, now):
                yield event
            told = now
            await changed.wait()


class Wire:
    """``LibraryApi`` of one host for another one, reached at ``place``: as long as it is there. Counts calls and entries."""

    def __init__(self, api: LibraryApi, host: Host, guest: Host, place: Place) -> None:
        self._api = api
        self._host = host
        self._guest = guest
        self._place = place

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:
            await self._reach(name)
            return await getattr(self._api, name)(*arguments, **named)

        return call

    async def _reach(self, name: str) -> None:
        await trio.sleep(TRAVEL_SECONDS)
        if not self._is_there():
            raise UnreachableError("the connection broke")
        self._host.calls[name] += 1

    def _is_there(self) -> bool:
        host = self._host
        return host.is_up and self._place in host.places and host.network.joined(host, self._guest)

    async def push(self, raws: Sequence[bytes]) -> PushResult:
        await self._reach("push")
        self._host.carried["push"] += len(raws)
        result = await self._api.push(raws)
        await self._host.received()
        return result

    async def seen(self, reports: Sequence[bytes]) -> int:
        await self._reach("seen")
        accepted = await self._api.seen(reports)
        await self._host.received()
        return accepted

    @asynccontextmanager
    async def pull(self, request: PullRequest) -> AsyncIterator[AsyncIterator[bytes | PullEnd]]:
        await self._reach("pull")
        async with self._api.pull(request) as items, aclosing(self._counted(items, request)) as stream:
            yield stream

    async def _counted(self, items: AsyncIterator[bytes | PullEnd], request: PullRequest) -> AsyncGenerator[bytes | PullEnd]:
        async for item in items:
            self._host.carried["control" if request.control else "pull"] += isinstance(item, bytes)
            yield item

    @asynccontextmanager
    async def many(self, blobs: Sequence[BlobId]) -> AsyncIterator[AsyncIterator[SealedBlob]]:
        await self._reach("many")
        async with self._api.many(blobs) as stream:
            yield stream

    @asynccontextmanager
    async def news(self) -> AsyncIterator[AsyncIterator[Hint]]:
        await self._reach("news")
        async with self._api.news() as hints, aclosing(self._heard(hints)) as stream:
            yield stream

    async def _heard(self, hints: AsyncIterator[Hint]) -> AsyncGenerator[Hint]:
        async for hint in hints:
            if not self._is_there():
                raise UnreachableError("the connection broke")
            yield hint


@asynccontextmanager
async def running_on(*hosts: Host, **parts: Any) -> AsyncIterator[list[Engine]]:
    """The engines of hosts, serving each other until the block ends."""
    engines = [host.engine(**parts) for host in hosts]
    async with trio.open_nursery() as nursery:
        for host, engine in zip(hosts, engines, strict=True):
            host.is_up = True
            await nursery.start(engine.run)
        hosts[0].network.tell()
        yield engines
        nursery.cancel_scope.cancel()
    for host in hosts:
        host.is_up = False
