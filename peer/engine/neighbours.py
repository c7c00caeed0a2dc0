"""Members on the local network: found by discovery, named by a person, or where they were met before; a neighbour is who proved its key.

What is known of places lies in the ``Directory``; here they are dialled. Whoever is said to be somewhere is explored once, which yields a row in
the node table; from then on the monitor of that node dials, all candidates side by side. A monitor that waits is woken when there are new
places, and moves to a better one when that has proved to be the device's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

import trio

from discovery.neighbourhood import Changed, Found, Lost, Neighbour
from discovery.racing import AllFailedError, TooSlowError, Winner, race
from discovery.service import Event, Moved
from discovery.tags import DiscoveryKey
from peer.engine.connection import Connection, Traffic, Way
from peer.engine.directory import Action, Directory, Examine, Explore, Try
from peer.engine.progress import Progress
from peer.engine.scheduler import Wake, backoff
from peer.groups import first_of
from peer.library.discovery_keys import discovery_keys
from peer.library.library import Library
from peer.library.nodes import Node, NodeKind
from peer.place import Place
from peer.seams import RunBlocking
from relay.api import LibraryApi
from relay.errors import SyncError, UnreachableError
from store.errors import NoSpaceError
from store.ids import DeviceId, StoreId
from store.roster import Roster

LOOK_AROUND_SECONDS = 2.0
"""Within which those who are there are most often found."""
DIAL_SECONDS = 5.0
NOT_HERE = "it isn't on this network now"


class NeighbourWay(Way, Protocol):
    """A way to a member of the library, which proved the key of ``device``."""

    @property
    def device(self) -> DeviceId: ...


DialNeighbour = Callable[[Place], AbstractAsyncContextManager[NeighbourWay]]
"""Dials a place, lets who is there prove that it is a member, opens a session. Raises ``relay.errors.SyncError``."""


class Watch(Protocol):
    """The part of ``discovery.service.Discovery`` that is followed here."""

    @property
    def unavailable(self) -> str | None: ...

    def set_keys(self, keys: Iterable[DiscoveryKey]) -> None: ...

    def events(self) -> AsyncIterator[Event]: ...


@dataclass(frozen=True, kw_only=True)
class NeighbourParts:
    """``discovery``: ``None`` where only the places that a person ``named`` are tried. ``store``: this database's store id, by which
    this device knows itself; ``invitation_keys``: of the open invitations, by which those who were invited look for it."""

    dial: DialNeighbour
    discovery: Watch | None
    named: Sequence[Place]
    store: StoreId
    invitation_keys: Callable[[], Sequence[DiscoveryKey]] = tuple


class Monitors(Protocol):
    """What the engine does with its nodes when something is known about a neighbour."""

    async def follow_nodes(self) -> None:
        """The node table has changed."""

    def wake(self, device: DeviceId) -> None:
        """Dial now, if the device is away."""

    def reconnect(self, device: DeviceId) -> None:
        """Dial anew, although there is a connection."""

    def doubt(self, device: DeviceId | None = None) -> None:
        """See whether the connection to a device, or those to all nodes, still work, and dial anew where one doesn't."""


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """A way to a neighbour, and where it leads."""

    way: Way
    place: Place

    @property
    def api(self) -> LibraryApi:
        return self.way.api

    @property
    def store(self) -> StoreId:
        return self.way.store

    @property
    def clock_offset(self) -> int:
        return self.way.clock_offset

    @property
    def address(self) -> str:
        return str(self.place)

    def traffic(self) -> Traffic:
        return self.way.traffic()


class Neighbours:
    """Runs beside the monitors of one engine, until cancelled."""

    def __init__(self, parts: NeighbourParts, library: Library, progress: Progress, monitors: Monitors, run_blocking: RunBlocking) -> None:
        self._parts = parts
        self._library = library
        self._progress = progress
        self._monitors = monitors
        self._run = run_blocking
        self._directory = Directory()
        self._explored: dict[str, Wake] = {}
        self._untried: set[str] = {str(place) for place in parts.named}
        self._reasons: dict[str, str] = {}
        self._looks_around_until = inf
        self._roster: Roster | None = None
        self._keys: tuple[DiscoveryKey, ...] = ()
        self._nursery: trio.Nursery | None = None

    async def run(self) -> None:
        self._looks_around_until = trio.current_time() + LOOK_AROUND_SECONDS
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._look_around)
            for place in self._parts.named:
                self._follow(self._directory.named(place))
            if self._parts.discovery is not None:
                await self._listen(self._parts.discovery)
            await trio.sleep_forever()

    async def _look_around(self) -> None:
        """Whoever waits for all to be settled waits for this too."""
        await trio.sleep(LOOK_AROUND_SECONDS)
        self._progress.changed.notify()

    @property
    def have_been_tried(self) -> bool:
        """Whoever could be found was given the time to be, and was tried."""
        discovery = self._parts.discovery
        is_alone = self._roster is not None and len(self._roster.devices) < 2
        looked = discovery is None or discovery.unavailable is not None or is_alone or trio.current_time() >= self._looks_around_until
        return looked and not self._untried

    @property
    def missed(self) -> Sequence[str]:
        """Places that a person named and where nobody has proved to be a member."""
        return [source for source in map(str, self._parts.named) if self._directory.leads_to(source) is None]

    def is_named(self, device: DeviceId) -> bool:
        """Whether a person named a place that leads to the device."""
        return any(self._directory.leads_to(str(place)) == device for place in self._parts.named)

    def documents(self) -> list[dict[str, Any]]:
        """What ``status`` says of the places that a person named, and that have led to nobody yet."""
        nobody = {"kind": NodeKind.PEER.value, "device": None, "state": "away", "last_contact": None, "behind": 0, "ahead": 0}
        return [
            {
                "name": place,
                "address": place,
                "reason": self._reasons.get(place, NOT_HERE),
                "fault": "unreachable",
                "wanted": True,
                **nobody,
            }
            for place in self.missed
        ]

    def called_by(self, device: DeviceId, place: Place) -> None:
        """A member came in, and says where it serves itself: the way back, where multicast doesn't pass."""
        if self._nursery is not None and device != self._library.device:
            self._follow(self._directory.heard(f"call of {device.hex()}", [place]))

    def try_again(self) -> None:
        """Somebody asked: explore what led to nobody yet, now."""
        for source, bell in self._explored.items():
            self._untried.add(source)
            bell.set()

    async def library_changed(self) -> None:
        """Members or epochs may be others now. Peers that are no members any more are forgotten."""
        roster = await self._run(self._library.roster)
        if roster is not self._roster:
            gone = set(self._roster.devices) - set(roster.devices) if self._roster is not None else set()
            self._directory.forget(gone)
            with suppress(NoSpaceError):  # then they are forgotten at the next change
                await self._run(self._library.nodes.keep_peers, roster.devices)
                self._roster = roster
        if self._parts.discovery is not None:
            keys = (*await self._run(discovery_keys, self._library), *self._parts.invitation_keys())
            if keys != self._keys:
                self._keys = keys
                self._parts.discovery.set_keys(keys)

    # What is said

    async def _listen(self, discovery: Watch) -> None:
        async for event in discovery.events():
            match event:
                case Found(neighbour=neighbour) | Changed(neighbour=neighbour):
                    self._follow(self._directory.heard(neighbour.instance, _places_of(neighbour)))
                case Lost(instance=instance):
                    self._directory.lost(instance)
                    if (bell := self._explored.get(instance)) is not None:
                        bell.set()
                case Moved():
                    self._monitors.doubt()
                case _:
                    self._progress.changed.notify()

    def _follow(self, actions: Iterable[Action]) -> None:
        assert self._nursery is not None
        for action in actions:
            match action:
                case Explore(source=source) if (bell := self._explored.get(source)) is not None:
                    bell.set()
                case Explore(source=source):
                    bell = self._explored[source] = Wake()
                    self._untried.add(source)
                    self._nursery.start_soon(self._explore, source, bell)
                case Try(device=device):
                    self._monitors.wake(device)
                case Examine(device=device, places=places):
                    self._nursery.start_soon(self._examine, device, places)

    async def _explore(self, source: str, bell: Wake) -> None:
        """Until it is known whom the source leads to, or it says nothing any more."""
        tries = 0
        try:
            while places := self._directory.places_of(source):
                tries += 1
                if await self._find_out(source, places):
                    return
                self._tried(source)
                if await bell.wait_at_most(backoff(tries, self._library.randomness) / 1000):
                    tries = 0
        finally:
            del self._explored[source]
            self._tried(source)

    def _tried(self, source: str) -> None:
        self._untried.discard(source)
        self._progress.changed.notify()

    async def _find_out(self, source: str, places: Sequence[Place]) -> bool:
        try:
            async with self._race(places) as winner:
                device, store = winner.connection.device, winner.connection.store
        except (SyncError, ExceptionGroup) as error:
            self._reasons[source] = _said(error).message
            return False
        if device == self._library.device and store == self._parts.store:
            self._directory.lost(source)
            return True  # this device itself
        try:
            await self._met(device, winner.candidate, winner.seconds)
        except NoSpaceError:
            self._reasons[source] = "there is no room left on this device's disk"
            return False
        self._follow(self._directory.proved(source, device, winner.candidate, winner.seconds))
        return True

    async def _met(self, device: DeviceId, place: Place, seconds: float) -> None:
        key = (await self._run(self._library.roster)).signing_key(device)
        if key is not None:
            node = await self._run(self._library.nodes.add_peer, device, key)
            await self._run(self._library.nodes.met_at, node.number, place, seconds, self._library.clock.now())
            await self._monitors.follow_nodes()

    async def _examine(self, device: DeviceId, places: Sequence[Place]) -> None:
        try:
            async with self._race(places, device) as winner:
                pass
        except (SyncError, ExceptionGroup) as error:
            _said(error)
            return
        self._directory.worked(device, winner.candidate, winner.seconds)
        if self._directory.should_move(device, winner.candidate, winner.seconds):
            self._monitors.reconnect(device)
        else:
            self._monitors.doubt(device)

    # Dialling

    def known(self, node: Node, places: Sequence[tuple[Place, float]]) -> None:
        """A monitor is about to follow this node, which was met at ``places`` before."""
        assert node.device is not None
        self._directory.remember(node.device, places)

    @asynccontextmanager
    async def connect(self, node: Node) -> AsyncIterator[Connection]:
        """``Connect`` for peers: the fastest way of those that are known."""
        assert node.device is not None
        device = node.device
        async with self._race(self._directory.candidates(device), device) as winner:
            self._directory.worked(device, winner.candidate, winner.seconds)
            self._directory.uses(device, winner.candidate)
            try:
                await self._run(self._library.nodes.met_at, node.number, winner.candidate, winner.seconds, self._library.clock.now())
                yield _Placed(way=winner.connection, place=winner.candidate)
            finally:
                self._directory.uses(device, None)

    @asynccontextmanager
    async def _race(self, places: Sequence[Place], device: DeviceId | None = None) -> AsyncIterator[Winner[Place, NeighbourWay]]:
        """The first of ``places`` where ``device``, or any member, proves its key. Raises ``SyncError``."""
        if not places:
            raise UnreachableError(NOT_HERE)
        try:
            async with race(places, lambda place: self._dial(place, device), patience=DIAL_SECONDS) as winner:
                yield winner
        except AllFailedError as error:
            reasons = [failure.reason for failure in error.failures]
            for failure in error.failures:
                if device is not None:
                    self._directory.failed(device, failure.candidate)
            raise _worst(reasons) from error

    @asynccontextmanager
    async def _dial(self, place: Place, device: DeviceId | None) -> AsyncIterator[NeighbourWay]:
        async with self._parts.dial(place) as connection:
            if device is not None and connection.device != device:
                raise UnreachableError("another device answers there now")
            yield connection


def _places_of(neighbour: Neighbour) -> list[Place]:
    return [Place(str(address), neighbour.port) for address in neighbour.addresses]


def _said(error: SyncError | ExceptionGroup[Exception]) -> SyncError:
    """What went wrong with a node, also when the connection broke in tasks of its own; what isn't a node's fault goes on."""
    if isinstance(error, SyncError):
        return error
    ours, others = error.split(SyncError)
    if ours is None or others is not None:
        raise error
    return first_of(ours)


def _worst(reasons: Sequence[Exception]) -> SyncError:
    """What says most of why nobody could be dialled."""
    said = next((reason for reason in reasons if isinstance(reason, SyncError) and not isinstance(reason, UnreachableError)), None)
    said = said or next((reason for reason in reasons if isinstance(reason, SyncError)), None)
    if said is not None:
        return said
    unexpected = next((reason for reason in reasons if not isinstance(reason, (TooSlowError, OSError, ExceptionGroup))), None)
    if unexpected is not None:
        raise unexpected  # a fault of this program
    return UnreachableError("nobody answers there")
