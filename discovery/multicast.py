"""What discovery needs of multicast DNS, and zeroconf as its implementation.

zeroconf runs an asyncio loop in a thread of its own. That is the only thread here: asking, resolving and answering all happen on that
loop, and the methods below hand their work to it and wait. They block, so they are called through ``run_blocking``. What is heard is
reported from that thread.

Names are random, so nobody is asked beforehand whether a name is free (RFC 6762 section 8.1 would take most of a second), and a device
is visible with its first packet.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Protocol, TypeVar

import zeroconf
from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo

from discovery.announcement import SERVICE_TYPE, Announcement, encode_text, host_name, parse_announcement, parse_service_name, service_name
from discovery.interfaces import Interfaces
from discovery.tags import InstanceName
from store.encoding import MalformedError

MAX_REQUESTS = 32
REQUEST_MS = 3000
_PATIENCE_SECONDS = 10.0

T = TypeVar("T")


class MulticastError(Exception):
    """Multicast DNS can't be used now. The text is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """An instance said goodbye, or doesn't answer."""

    instance: InstanceName


Report = Callable[[Announcement | Gone], None]
"""Called on another thread, also for announcements that nothing has changed in."""


class Multicast(Protocol):
    """Multicast DNS on some interfaces. Every method may raise ``MulticastError``; after that only ``close`` is of use."""

    def announce(self, announcement: Announcement | None) -> None:
        """Say this from now on, instead of what was said before. ``None``: say goodbye and nothing more."""

    def ask(self) -> None:
        """Ask everybody; answers and what is known already are reported."""

    def refresh(self, neighbours: Iterable[InstanceName], strangers: Iterable[InstanceName]) -> None:
        """Report again what these say by now. A neighbour whose words are too old is asked, and gone when it doesn't answer."""

    def follow(self, interfaces: Interfaces) -> None:
        """Use these interfaces from now on. Nothing changes on those that stay; on new ones the announcement is repeated."""

    def close(self) -> None:
        """Say goodbye and end."""


OpenMulticast = Callable[[Interfaces, Report], Multicast]


class ZeroconfMulticast:
    """``Multicast`` by python-zeroconf. Opened on construction; ``MulticastError`` when that can't be done."""

    def __init__(self, interfaces: Interfaces, report: Report) -> None:
        self._report = report
        self._loopback = _is_loopback(interfaces)
        self._browser: AsyncServiceBrowser | None = None
        self._announced: AsyncServiceInfo | None = None
        self._broadcast: object = None
        self._requests: dict[InstanceName, asyncio.Task[None]] = {}
        with _sentences():
            self._zeroconf = Zeroconf(interfaces=interfaces_for_zeroconf(interfaces), use_asyncio=False)

    def announce(self, announcement: Announcement | None) -> None:
        self._on_loop(self._announce(announcement))

    def ask(self) -> None:
        self._on_loop(self._ask())

    def refresh(self, neighbours: Iterable[InstanceName], strangers: Iterable[InstanceName]) -> None:
        self._on_loop(self._refresh(tuple(neighbours), tuple(strangers)))

    def follow(self, interfaces: Interfaces) -> None:
        self._loopback = _is_loopback(interfaces)
        with _sentences():
            self._zeroconf.update_interfaces(interfaces_for_zeroconf(interfaces))

    def close(self) -> None:
        try:
            self._on_loop(self._stop_asking())
        finally:
            with _sentences():
                self._zeroconf.close()

    def _on_loop(self, work: Coroutine[None, None, T]) -> T:
        loop = self._zeroconf.loop
        if loop is None or loop.is_closed():
            work.close()
            raise MulticastError("Multicast DNS has ended.")
        with _sentences():
            return asyncio.run_coroutine_threadsafe(work, loop).result(_PATIENCE_SECONDS)

    async def _announce(self, announcement: Announcement | None) -> None:
        """The repetitions go on by themselves; what is returned for them is kept, since a loop forgets tasks that nobody holds."""
        before, self._announced = self._announced, None if announcement is None else _service(announcement)
        if self._announced is not None and before is not None:
            self._broadcast = await self._zeroconf.async_update_service(self._announced)
        elif self._announced is not None:
            self._broadcast = await self._zeroconf.async_register_service(self._announced, cooperating_responders=True)
        elif before is not None:
            self._broadcast = await self._zeroconf.async_unregister_service(before)

    async def _ask(self) -> None:
        """A new browser asks at once, then after one, four and nine seconds more, and is told of all that is in the cache."""
        await self._stop_browsing()
        self._browser = AsyncServiceBrowser(self._zeroconf, [SERVICE_TYPE], handlers=[self._changed])

    async def _stop_browsing(self) -> None:
        if self._browser is not None:
            await self._browser.async_cancel()
            self._browser = None

    async def _stop_asking(self) -> None:
        await self._stop_browsing()
        for request in self._requests.values():
            request.cancel()

    async def _refresh(self, neighbours: tuple[InstanceName, ...], strangers: tuple[InstanceName, ...]) -> None:
        for instance in neighbours:
            self._look(instance)
        for instance in strangers:
            service = _unresolved(instance)
            if service.load_from_cache(self._zeroconf):
                self._tell(service)

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        instance = parse_service_name(name)
        if instance is None:
            return
        if state_change is ServiceStateChange.Removed:
            self._report(Gone(instance=instance))
        else:
            self._look(instance)

    def _look(self, instance: InstanceName) -> None:
        """Report what the cache says; ask for what it lacks, unless too many are being asked already."""
        service = _unresolved(instance)
        if service.load_from_cache(self._zeroconf):
            self._tell(service)
        elif instance not in self._requests and len(self._requests) < MAX_REQUESTS:
            self._requests[instance] = asyncio.get_running_loop().create_task(self._resolve(instance, service))

    async def _resolve(self, instance: InstanceName, service: AsyncServiceInfo) -> None:
        try:
            if await service.async_request(self._zeroconf, REQUEST_MS):
                self._tell(service)
            else:
                self._report(Gone(instance=instance))
        finally:
            del self._requests[instance]

    def _tell(self, service: AsyncServiceInfo) -> None:
        with suppress(MalformedError):  # whoever says that is no device of ours
            announcement = parse_announcement(
                name=service.name,
                server=service.server,
                port=service.port,
                text=service.text,
                addresses=service.parsed_scoped_addresses(),
                loopback=self._loopback,
            )
            self._report(announcement)


def _unresolved(instance: InstanceName) -> AsyncServiceInfo:
    return AsyncServiceInfo(SERVICE_TYPE, service_name(instance))


def _service(announcement: Announcement) -> AsyncServiceInfo:
    return AsyncServiceInfo(
        SERVICE_TYPE,
        service_name(announcement.instance),
        port=announcement.port,
        properties=encode_text(announcement.tags),
        server=host_name(announcement.instance),
        addresses=[address.packed for address in announcement.addresses],
    )


def interfaces_for_zeroconf(interfaces: Interfaces) -> list[str | int | tuple[tuple[str, int, int], int]]:
    """For each interface one IPv4 and one IPv6 address to speak from, in zeroconf's terms; no socket can join a group twice there.

    The link-local one, where that says which interface it is: others learn from it on which of theirs they see us. Else the index.
    """
    chosen: list[str | int | tuple[tuple[str, int, int], int]] = []
    local = Counter(each.packed for interface in interfaces for each in interface.addresses if each.is_link_local)
    for interface in interfaces:
        chosen += [str(each) for each in interface.addresses if each.version == 4][:1]
        six = [each for each in interface.addresses if each.version == 6]
        unique = [str(IPv6Address(each.packed)) for each in six if local[each.packed] == 1]
        if six:
            chosen.append(unique[0] if unique else interface.index)
    return chosen


def _is_loopback(interfaces: Interfaces) -> bool:
    return any(address.is_loopback for interface in interfaces for address in interface.addresses)


@contextmanager
def _sentences() -> Iterator[None]:
    """What zeroconf and the system raise, as ``MulticastError``."""
    try:
        yield
    except (TimeoutError, CancelledError, zeroconf.EventLoopBlocked) as error:
        raise MulticastError("Multicast DNS doesn't answer.") from error
    except OSError as error:
        raise MulticastError(f"Multicast DNS (UDP port 5353) can't be used: {error.strerror or error}.") from error
    except (zeroconf.Error, RuntimeError) as error:
        raise MulticastError(f"Multicast DNS can't be used: {error or type(error).__name__}.") from error
