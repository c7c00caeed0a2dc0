"""All lines of a world, the relays at their ends, and how devices reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TypeVar, TypeVarTuple

import trio

from peer.engine.connecting import dial, session_of
from peer.engine.connection import Connect, Connection, Traffic
from peer.library.library import Library
from peer.library.nodes import Node
from relay.api import LibraryApi
from relay.service import NodeService
from relay.session import Greeting
from store.ids import StoreId
from tests.simulation.wire.backend import Backend
from tests.simulation.wire.direct import DirectNode
from tests.simulation.wire.hostile import Hostile
from tests.simulation.wire.line import Line, Way
from tests.simulation.wire.proxy import Counts
from tests.simulation.wire.site import Site
from tests.simulation.wire.stream import Connection as ByteConnection
from tests.simulation.wire.stream import End

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def call_directly(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """``RunBlocking`` without threads."""
    await trio.lowlevel.checkpoint()
    return function(*arguments)


@dataclass(frozen=True, kw_only=True)
class DirectConnection:
    """A session with a relay, without HTTP between."""

    api: LibraryApi
    greeting: Greeting
    address: str

    @property
    def store(self) -> StoreId:
        return self.greeting.hello.store

    @property
    def clock_offset(self) -> int:
        return self.greeting.clock_offset

    def traffic(self) -> Traffic:
        return Traffic(sent=0, received=0)


class Web:
    """``http``: whether devices speak HTTP with relays, or call their services directly. ``random``: each line has its own, made of this and its name."""

    def __init__(self, random: Random, story: Callable[[str], None], *, http: bool = True) -> None:
        self._seed = random.getrandbits(64)
        self._story = story
        self._http = http
        self._lines: dict[tuple[str, str], Line] = {}
        self._sites: dict[str, Site] = {}
        self._names: dict[str, str] = {}
        self._devices: list[str] = []
        self._ports = 40_000
        self.counts = Counts()

    # Relays

    def call_relay(self, url: str, name: str) -> None:
        """How the story calls the relay at ``url``; before any line leads there."""
        self._names[url] = name

    async def serve(
        self,
        url: str,
        service: NodeService,
        *,
        hostile: Hostile | None = None,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Answer at ``url`` until cancelled, in a nursery of the relay's machine: what its disk raises while it answers is raised here.

        ``hostile``: answers instead of the service whenever it is. Without ``http`` devices speak HTTP with it as long as that lasts.
        """
        site = Site(
            service,
            hostile,
            counts=self.counts,
            lines=lambda: [line for (_, there), line in self._lines.items() if there == url],
            line_of=lambda host: self.line(self._devices[int(host.rpartition(".")[2]) - 1], url),
        )
        self._sites[url] = site
        if hostile is not None and not self._http:
            hostile.changed = site.break_off
        try:
            await site.run(task_status=task_status)
        finally:
            if self._sites.get(url) is site:
                del self._sites[url]

    # Lines

    def line(self, device: str, url: str) -> Line:
        """The way between a device, by its name, and a relay. There is one for each pair, from the beginning."""
        line = self._lines.get((device, url))
        if line is None:
            name = f"{device} and {self._names.get(url, url)}"
            line = self._lines[device, url] = Line(name, Random(f"{self._seed} {name}"), self._story)
        return line

    @property
    def lines(self) -> list[Line]:
        """All that were asked for so far."""
        return list(self._lines.values())

    def vanish(self, device: str) -> None:
        """The device's machine stops without a word: relays keep their ends of its connections until they notice by themselves.

        To be called before its tasks are cancelled.
        """
        for (name, _), line in self._lines.items():
            for thing in line.things if name == device else ():
                if isinstance(thing, ByteConnection):
                    thing.vanish()

    # Devices

    def connect(self, library: Library, device: str) -> Connect:
        """For ``EngineParts``: how the device with this name reaches relays."""
        if self._http:
            return dial(library, call_directly, backend=self.backend(device))
        return partial(self._connect_directly, library, device)

    def backend(self, device: str) -> Backend:
        """For ``HttpNode``: the network as this device has it."""
        self._number(device)
        return Backend(partial(self._dial, device))

    def _number(self, device: str) -> int:
        if device not in self._devices:
            self._devices.append(device)
        return self._devices.index(device) + 1

    async def _dial(self, device: str, host: str, port: int) -> End:
        """A connection, as TCP makes one: nobody answers out of a hole, and it is tried until the caller gives up."""
        url = f"http://{host}:{port}"
        line = self.line(device, url)
        await trio.sleep(line.travel_time() + line.travel_time())
        while line.way is Way.HOLE:
            await line.changes()
        site = self._sites.get(url)
        if line.way is Way.CUT or site is None or not site.is_up:
            raise trio.BrokenResourceError("nobody answers")
        self._ports += 1
        return site.accept(line, (f"10.0.0.{self._number(device)}", self._ports), (host, port))

    def _connect_directly(self, library: Library, device: str, node: Node) -> AbstractAsyncContextManager[Connection]:
        return self._connected_directly(library, device, node)

    @asynccontextmanager
    async def _connected_directly(self, library: Library, device: str, node: Node) -> AsyncIterator[Connection]:
        site = self._sites.get(node.url)
        if site is not None and site.hostile is not None and site.hostile.is_hostile:
            async with dial(library, call_directly, backend=self.backend(device))(node) as connection:
                yield connection
            return
        session = session_of(library, self.direct(device, node.url), node)
        yield DirectConnection(api=session, greeting=await session.open(), address=node.url)

    def direct(self, device: str, url: str) -> DirectNode:
        """The relay at ``url`` for this device, called directly over its line."""
        return DirectNode(self.line(device, url), partial(self._sites.get, url), self.counts)
