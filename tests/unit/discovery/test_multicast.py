"""zeroconf on the loopback interface: real packets that don't leave this machine. Names are random, so runs side by side don't meet."""

from __future__ import annotations

import os
import queue
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
import trio

from discovery.announcement import SERVICE_TYPE, Announcement, host_name, service_name
from discovery.interfaces import Interface
from discovery.multicast import Gone, MulticastError, ZeroconfMulticast, interfaces_for_zeroconf
from discovery.neighbourhood import Found
from discovery.service import Discovery
from discovery.tags import DiscoveryKey, InstanceName, Tag
from tests.unit.discovery.lan import Calendar, Card, run_in_thread

LOOPBACK = (Interface(index=1, addresses=(ip_address("127.0.0.1"),)),)
GROUP = ("224.0.0.251", 5353)
PATIENCE_SECONDS = 10.0


def multicast_works() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaking, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hearing:
        speaking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        hearing.bind(("", 0))
        hearing.settimeout(1)
        try:
            member = socket.inet_aton(GROUP[0]) + socket.inet_aton("127.0.0.1")
            hearing.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            speaking.sendto(b"?", (GROUP[0], hearing.getsockname()[1]))
            return hearing.recv(1) == b"?"
        except OSError:
            return False


pytestmark = pytest.mark.skipif(not multicast_works(), reason="no multicast on the loopback interface here")


class Listening:
    """Somebody on the loopback interface, and what was reported to it about the instances that a test made."""

    def __init__(self) -> None:
        self._heard: queue.SimpleQueue[Announcement | Gone] = queue.SimpleQueue()
        self.multicast = ZeroconfMulticast(LOOPBACK, self._heard.put)

    def next(self, instance: InstanceName) -> Announcement | Gone:
        """What is said about it next."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            heard = self._heard.get(timeout=max(until - time.monotonic(), 0.001))
            if heard.instance == instance:
                return heard

    def until(self, wanted: Announcement | Gone) -> None:
        while self.next(wanted.instance) != wanted:
            pass

    def is_silent_about(self, instance: InstanceName) -> bool:
        with suppress(queue.Empty):
            while True:
                if self._heard.get_nowait().instance == instance:
                    return False
        return True


@contextmanager
def listening() -> Iterator[Listening]:
    with ExitStack() as stack:
        somebody = Listening()
        stack.callback(somebody.multicast.close)
        yield somebody


def fresh(port: int = 4000) -> Announcement:
    instance = InstanceName.draw(os.urandom)
    return Announcement(instance=instance, port=port, addresses=LOOPBACK[0].addresses, tags=(Tag(os.urandom(8)),))


def test_it_is_heard_changed_and_gone() -> None:
    with listening() as anna, listening() as bela:
        for each in (anna, bela):
            each.multicast.ask()
        first = fresh()
        anna.multicast.announce(first)
        assert bela.next(first.instance) == first
        second = replace(first, port=4001, tags=(Tag(os.urandom(8)), Tag(os.urandom(8))))
        anna.multicast.announce(second)
        bela.until(second)
        anna.multicast.announce(None)
        bela.until(Gone(instance=first.instance))


def test_who_asks_later_hears_it_too_and_closing_says_goodbye() -> None:
    with ExitStack() as stack:
        bela = stack.enter_context(listening())
        with listening() as anna:
            said = fresh()
            anna.multicast.announce(said)
            bela.multicast.ask()
            assert bela.next(said.instance) == said
            bela.multicast.refresh([said.instance], [])
            assert bela.next(said.instance) == said
            bela.multicast.ask()
            assert bela.next(said.instance) == said
        bela.until(Gone(instance=said.instance))


def test_packets_of_strangers_are_passed_over() -> None:
    """Well-formed DNS with services that no device has, and packets that are nothing."""
    from zeroconf import ServiceInfo, Zeroconf

    good = fresh()
    hostile: list[dict[str, Any]] = [
        {"port": 0},
        {"server": "somebody.local."},
        {"properties": {b"v": b"2"}},
        {"properties": b"\xff" + b"v=1"},
        {"properties": b"".join(b"\xfe" + b"x" * 254 for _ in range(5))},
        {"addresses": [b"\x00\x00\x00\x00"]},
    ]
    with listening() as anna, listening() as bela:
        bela.multicast.ask()
        stranger = Zeroconf(interfaces=["127.0.0.1"], use_asyncio=False)
        try:
            names = []
            for change in hostile:
                name = InstanceName.draw(os.urandom)
                names.append(name)
                values: dict[str, Any] = {
                    "port": 1,
                    "server": host_name(name),
                    "properties": {b"v": b"1", b"t": b"A" * 11},
                    "addresses": [b"\x7f\0\0\1"],
                }
                info = ServiceInfo(SERVICE_TYPE, service_name(name), **{**values, **change})
                stranger.registry.async_add(info)
                stranger.send(stranger.generate_service_broadcast(info, None))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:
                raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
                for packet in (b"", b"\x00", os.urandom(500), b"\x00\x00\x84\x00" + b"\xff" * 400, bytes(8000)):
                    raw.sendto(packet, GROUP)
            anna.multicast.announce(good)
            bela.until(good)
            assert all(bela.is_silent_about(name) for name in names)
        finally:
            stranger.registry.async_remove(stranger.registry.async_get_service_infos())
            stranger.close()


def test_a_port_that_is_taken_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system would say it; to take the port here would disturb others on this machine."""

    def taken(*_: object, **__: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("zeroconf._core.create_sockets", taken)
    with pytest.raises(MulticastError, match=r"UDP port 5353.*Address already in use\."):
        ZeroconfMulticast(LOOPBACK, lambda _: None)


def test_after_the_end_nothing_hangs() -> None:
    somebody = Listening()
    somebody.multicast.close()
    for call in (somebody.multicast.ask, lambda: somebody.multicast.announce(fresh())):
        with pytest.raises(MulticastError):
            call()


def test_what_zeroconf_is_told_of_interfaces() -> None:
    """One IPv4 address each; the link-local one of IPv6, or the index where there is none, or two interfaces have the same."""

    def interface(index: int, *addresses: str) -> Interface:
        return Interface(index=index, addresses=tuple(map(ip_address, addresses)))

    found = (
        interface(2, "10.0.0.1", "10.0.0.2", "fd00::1", "fe80::1%2"),
        interface(3, "fd00::3"),
        interface(4, "fe80::4%4"),
        interface(5, "10.0.5.5", "fe80::4%5"),
    )
    assert interfaces_for_zeroconf((*found, *LOOPBACK)) == ["10.0.0.1", "fe80::1", 3, 4, "10.0.5.5", 5, "127.0.0.1"]


async def test_two_devices_find_each_other_quickly_and_part() -> None:
    """The whole of it, once."""
    key = DiscoveryKey(os.urandom(32))
    card = Card({1: "127.0.0.1"})
    anna, bela = (
        Discovery(clock=Calendar(), randomness=os.urandom, run_blocking=run_in_thread, list_interfaces=card.list) for _ in range(2)
    )
    for port, each in enumerate((anna, bela), 4000):
        each.set_keys([key])
        each.set_port(port)
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            await nursery.start(anna.run)
            await nursery.start(bela.run)
            start = trio.current_time()
            for one, other in ((anna, bela), (bela, anna)):
                events = one.events()
                found = await anext(events)
                assert isinstance(found, Found)
                assert found.neighbour.instance == other.instance
            assert trio.current_time() - start < 2
            nursery.cancel_scope.cancel()
