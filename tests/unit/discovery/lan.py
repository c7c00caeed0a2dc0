"""Multicast DNS in memory: what one device says is heard by all others on the same network, at once, unless it is disturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TypeVar, TypeVarTuple

import trio

from discovery.announcement import Announcement
from discovery.interfaces import Interface, Interfaces
from discovery.multicast import Gone, Multicast, MulticastError, Report
from discovery.tags import DAY_MS, InstanceName
from tests.unit.discovery.seeded import DAY

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def run_here(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """``RunBlocking`` that doesn't leave the thread."""
    await trio.lowlevel.checkpoint()
    return function(*arguments)


async def run_in_thread(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """``RunBlocking`` as in production."""
    return await trio.to_thread.run_sync(function, *arguments)


@dataclass
class Calendar:
    """``Clock``: noon of some day."""

    day: int = DAY

    def now(self) -> int:
        return self.day * DAY_MS + DAY_MS // 2


@dataclass
class Card:
    """The network interfaces of one device; each index is one network."""

    networks: dict[int, str] = field(default_factory=lambda: {1: "10.0.1.1"})

    def list(self) -> Interfaces:
        return tuple(Interface(index=index, addresses=(ip_address(address),)) for index, address in sorted(self.networks.items()))


@dataclass
class Lan:
    """All networks. ``refusal``: why multicast can't be used. ``goodbyes``: whether those who leave are heard."""

    speakers: list[Speaker] = field(default_factory=list)
    refusal: str | None = None
    goodbyes: bool = True
    opened: int = 0

    def open(self, interfaces: Interfaces, report: Report) -> Multicast:
        self.check()
        self.opened += 1
        speaker = Speaker(lan=self, interfaces=interfaces, report=report)
        self.speakers.append(speaker)
        return speaker

    def check(self) -> None:
        if self.refusal is not None:
            raise MulticastError(self.refusal)

    def stranger(self, announcement: Announcement, *networks: int) -> Speaker:
        """Somebody who says something, whatever it is."""
        speaker = Speaker(lan=self, interfaces=Card(dict.fromkeys(networks or (1,), "10.9.9.9")).list(), report=lambda _: None)
        self.speakers.append(speaker)
        speaker.announce(announcement)
        return speaker


@dataclass(eq=False, kw_only=True)
class Speaker:
    """``Multicast`` of one device. ``said``: every announcement it made."""

    lan: Lan
    interfaces: Interfaces
    report: Report
    said: list[Announcement | None] = field(default_factory=list)

    def announce(self, announcement: Announcement | None) -> None:
        self.lan.check()
        self.said.append(announcement)
        for other in self._others():
            self._tell(other)
        if announcement is None:
            self._leave()

    def ask(self) -> None:
        self.lan.check()
        for other in self._others():
            other._tell(self)

    def refresh(self, neighbours: Iterable[InstanceName], strangers: Iterable[InstanceName]) -> None:
        self.lan.check()
        present = {other.said[-1].instance: other for other in self._others() if other.said and other.said[-1]}
        for instance in neighbours:
            if instance in present:
                present[instance]._tell(self)
            else:
                self.report(Gone(instance=instance))
        for instance in strangers:
            if instance in present:
                present[instance]._tell(self)

    def follow(self, interfaces: Interfaces) -> None:
        self.lan.check()
        self.interfaces = interfaces
        for other in self._others():
            self._tell(other)

    def close(self) -> None:
        self.lan.speakers.remove(self)
        if self.lan.goodbyes:
            self._leave()

    def _leave(self) -> None:
        instance = next((each.instance for each in reversed(self.said) if each), None)
        for other in self._others():
            if instance is not None:
                other.report(Gone(instance=instance))

    def _tell(self, other: Speaker) -> None:
        if self.said and self.said[-1] is not None:
            other.report(self.said[-1])

    def _others(self) -> list[Speaker]:
        networks = {interface.index for interface in self.interfaces}
        return [each for each in self.lan.speakers if each is not self and networks & {interface.index for interface in each.interfaces}]
