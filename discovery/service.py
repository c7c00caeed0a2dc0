"""Discovery as a running peer uses it: announces this device, and tells who else shares a key with it.

One task looks at everything in rounds, a few seconds apart or as soon as something was set: interfaces, the day, keys and port. What
should be announced follows from these; what differs from what is announced is announced. No round builds on the one before, so a change
that was missed is made up for by the next. When multicast can't be used, that is said and tried again, for as long as it takes.

What zeroconf's thread hears lies in an ``_Inbox`` until trio takes it: the newest for each instance, so a flood of packets costs no more
memory than the instances in it, up to a bound.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import trio

from discovery.announcement import MAX_ADDRESSES, Announcement
from discovery.interfaces import Interfaces, ListInterfaces, Settling, list_interfaces
from discovery.multicast import Gone, Multicast, MulticastError, OpenMulticast, ZeroconfMulticast
from discovery.neighbourhood import MAX_REMEMBERED, Neighbour, Neighbourhood, Sighting, differences
from discovery.seams import Clock, Randomness, RunBlocking
from discovery.tags import Blinding, DiscoveryKey, InstanceName, day_of

ROUND_SECONDS = 3.0
SOON_SECONDS = 0.5
ASK_AGAIN_SECONDS = 300.0
"""For when a switch between here and there was off, which nobody notices."""
CHANGE_SECONDS = 1.5
"""Between two changes of what is announced. Each is repeated for half a second, and replaces what is older than one (RFC 6762 section 10.2)."""
NO_NETWORK = "This device is on no network that other devices could be found on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Nobody can be found now, and this device can't be found. ``reason`` is a sentence. It is tried again all the time."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """It works again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """This device has other interfaces or addresses than before. Connections from an address that it had may be dead without a sign."""


Event = Sighting | Unavailable | Available | Moved


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Present:
    """How it is now. ``moves`` counts how often this device's own addresses changed; ``over`` is set when it isn't so any more."""

    neighbours: Mapping[InstanceName, Neighbour]
    unavailable: str | None
    moves: int = 0
    over: trio.Event = field(default_factory=trio.Event)


class Discovery:
    """One device on the local network, under a name that is random in each run.

    ``run`` does the work; everything else may be used before, beside and after it, in the same trio run. Without a port, or without keys,
    nothing is announced: whoever only looks for others gives no port.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        randomness: Randomness,
        run_blocking: RunBlocking,
        list_interfaces: ListInterfaces = list_interfaces,
        open_multicast: OpenMulticast = ZeroconfMulticast,
    ) -> None:
        self.instance = InstanceName.draw(randomness)
        self._clock = clock
        self._run_blocking = run_blocking
        self._list_interfaces = list_interfaces
        self._open_multicast = open_multicast
        self._blinding = Blinding(self.instance, randomness)
        self._neighbourhood = Neighbourhood(self.instance)
        self._inbox = _Inbox(self._take)
        self._keys: tuple[DiscoveryKey, ...] = ()
        self._port: int | None = None
        self._woken = trio.Event()
        self._present = _Present(neighbours={}, unavailable=None)

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """Who is there now and shares a key with this device."""
        return tuple(self._present.neighbours.values())

    @property
    def unavailable(self) -> str | None:
        """Why nobody can be found now, as a sentence."""
        return self._present.unavailable

    def set_keys(self, keys: Iterable[DiscoveryKey]) -> None:
        """By these others are recognised. The first 16 are announced, so the most important come first."""
        self._keys = tuple(dict.fromkeys(keys))
        self._recognise()
        self._woken.set()

    def set_port(self, port: int | None) -> None:
        """Where this device takes connections, on all its addresses; ``None``: nowhere."""
        self._port = port
        self._woken.set()

    def events(self) -> AsyncIterator[Event]:
        """All neighbours, then every change, for as long as somebody asks. Whoever asks late gets one event for many changes."""
        return _Follower(lambda: self._present)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Announce and look, until cancelled; then say goodbye, which takes about a quarter of a second."""
        self._inbox.open()
        task_status.started()
        while True:
            try:
                await self._speak(await self._run_blocking(self._list_interfaces))
            except MulticastError as error:
                self._say(str(error))
            except OSError as error:
                self._say(f"The network interfaces of this device can't be listed: {error.strerror or error}.")
            await self._pause(ROUND_SECONDS)

    async def _speak(self, interfaces: Interfaces) -> None:
        """Rounds for as long as multicast works and there is a network."""
        if not interfaces:
            raise MulticastError(NO_NETWORK)
        multicast = await self._run_blocking(self._open_multicast, interfaces, self._inbox.put)
        try:
            await self._go_round(multicast, Settling(interfaces))
        finally:
            with trio.CancelScope(shield=True), suppress(MulticastError):  # then others learn it a little later
                await self._run_blocking(multicast.close)

    async def _go_round(self, multicast: Multicast, settling: Settling) -> None:
        announced: Announcement | None = None
        change_at = ask_at = trio.current_time()
        while True:
            moved = settling.look(trio.current_time(), await self._run_blocking(self._list_interfaces))
            if not settling.settled:
                raise MulticastError(NO_NETWORK)
            self._recognise()
            wanted = self._announcement(settling.settled)
            if wanted != announced and trio.current_time() >= change_at:
                await self._run_blocking(multicast.announce, wanted)
                announced, change_at = wanted, trio.current_time() + CHANGE_SECONDS
            if moved:  # after the new addresses are known: on a new interface they are announced at once
                await self._run_blocking(multicast.follow, settling.settled)
                self._become(replace(self._present, moves=self._present.moves + 1, over=trio.Event()))
            if moved or trio.current_time() >= ask_at:
                await self._run_blocking(multicast.ask)
                ask_at = trio.current_time() + ASK_AGAIN_SECONDS
            await self._run_blocking(multicast.refresh, tuple(self._present.neighbours), self._neighbourhood.strangers)
            self._say(None)
            await self._pause(SOON_SECONDS if settling.is_restless or wanted != announced else ROUND_SECONDS)

    def _announcement(self, interfaces: Interfaces) -> Announcement | None:
        """What is to be announced now, if anything."""
        if self._port is None or not self._keys:
            return None
        addresses = dict.fromkeys(address for interface in interfaces for address in interface.addresses)
        return Announcement(
            instance=self.instance,
            port=self._port,
            addresses=tuple(addresses)[:MAX_ADDRESSES],
            tags=self._blinding.tags(self._keys, day_of(self._clock.now())),
        )

    def _recognise(self) -> None:
        self._neighbourhood.recognise_by(self._keys, day_of(self._clock.now()))
        self._look_around()

    def _take(self, heard: Iterable[Announcement | Gone]) -> None:
        for each in heard:
            if isinstance(each, Gone):
                self._neighbourhood.gone(each.instance)
            else:
                self._neighbourhood.heard(each)
        self._look_around()

    def _look_around(self) -> None:
        neighbours = self._neighbourhood.neighbours
        if neighbours != self._present.neighbours:
            self._become(replace(self._present, neighbours=neighbours, over=trio.Event()))

    def _say(self, unavailable: str | None) -> None:
        if unavailable != self._present.unavailable:
            self._become(replace(self._present, unavailable=unavailable, over=trio.Event()))

    def _become(self, present: _Present) -> None:
        before, self._present = self._present, present
        before.over.set()

    async def _pause(self, seconds: float) -> None:
        """Until the next round is due, or something was set since the last one began to wait."""
        with trio.move_on_after(seconds):
            await self._woken.wait()
        self._woken = trio.Event()


class _Follower:
    """The events of one who asks for them: what differs from what it was told before."""

    def __init__(self, look: Callable[[], _Present]) -> None:
        self._look = look
        self._told = _Present(neighbours={}, unavailable=None)
        self._to_tell: deque[Event] = deque()

    def __aiter__(self) -> _Follower:
        return self

    async def __anext__(self) -> Event:
        await trio.lowlevel.checkpoint()
        while not self._to_tell:
            before, self._told = self._told, self._look()
            self._to_tell.extend(_events(before, self._told))
            if not self._to_tell:
                await self._told.over.wait()
        return self._to_tell.popleft()


def _events(before: _Present, now: _Present) -> Iterator[Event]:
    if now.unavailable != before.unavailable:
        yield Available() if now.unavailable is None else Unavailable(reason=now.unavailable)
    if now.moves > before.moves:
        yield Moved()
    yield from differences(before.neighbours, now.neighbours)


class _Inbox:
    """From zeroconf's thread to trio: the newest of each instance. What comes when it is full is left for the next time that it is said."""

    def __init__(self, take: Callable[[Iterable[Announcement | Gone]], None]) -> None:
        self._take = take
        self._token: trio.lowlevel.TrioToken | None = None
        self._lock = threading.Lock()
        self._heard: dict[InstanceName, Announcement | Gone] = {}

    def open(self) -> None:
        """Deliver in the trio run that this is called in."""
        self._token = trio.lowlevel.current_trio_token()

    def put(self, heard: Announcement | Gone) -> None:
        """From any thread."""
        with self._lock:
            if heard.instance in self._heard or len(self._heard) < MAX_REMEMBERED:
                self._heard[heard.instance] = heard
        if self._token is not None:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(self._deliver, idempotent=True)

    def _deliver(self) -> None:
        with self._lock:
            heard, self._heard = self._heard, {}
        self._take(heard.values())
