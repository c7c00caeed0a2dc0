"""The network interfaces of this machine that lead to neighbours, and when a change of them counts.

What only Linux tells (whether a cable is plugged in, whether the network knows multicast, whether an IPv6 address may be used already) is
asked where it can be had. Elsewhere every interface that has an address counts: systems without that take the address away with the cable.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from itertools import islice
from pathlib import Path

import ifaddr

from discovery.announcement import Address, is_usable

MAX_INTERFACES = 32
SETTLED_SECONDS = 1.0
IMPATIENT_SECONDS = 5.0

_GET_FLAGS = 0x8913
"""``SIOCGIFFLAGS``, and the flags that it gives (netdevice(7))."""
_UP, _LOOPBACK, _RUNNING, _MULTICAST = 0x1, 0x8, 0x40, 0x1000
_TENTATIVE = 0x40 | 0x08
"""``IFA_F_TENTATIVE`` and ``IFA_F_DADFAILED`` of linux/if_addr.h: nobody can bind to such an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One that leads to a network: its index, and its addresses as others there may use them, at least one."""

    index: int
    addresses: tuple[Address, ...]


Interfaces = tuple[Interface, ...]
ListInterfaces = Callable[[], Interfaces]


def list_interfaces() -> Interfaces:
    """Those that are up now, at most 32, without loopback. A quick system call, blocking; ``OSError`` when the system doesn't answer."""
    tentative = _tentative()
    found: defaultdict[int, list[Address]] = defaultdict(list)  # one interface may be listed under several names
    for adapter in ifaddr.get_adapters():
        if adapter.index is None or not _leads_to_neighbours(adapter.name):
            continue
        for each in adapter.ips:
            address = _address(each.ip, adapter.index)
            if address not in tentative and is_usable(address, loopback=False):
                found[adapter.index].append(address)
    listed = (Interface(index=index, addresses=tuple(addresses)) for index, addresses in sorted(found.items()))
    return tuple(islice(listed, MAX_INTERFACES))


def _address(ip: str | tuple[str, int, int], index: int) -> Address:
    """As the system gives it; a link-local one gets the interface as its scope."""
    if isinstance(ip, str):
        return ip_address(ip)
    address = IPv6Address(ip[0].partition("%")[0])
    return IPv6Address(f"{address}%{index}") if address.is_link_local else address


def _leads_to_neighbours(name: str) -> bool:
    if not sys.platform.startswith("linux"):
        return True
    import fcntl  # not on every system

    request = struct.pack("16sH14x", name.encode()[:15], 0)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            _, flags = struct.unpack_from("16sH", fcntl.ioctl(asking, _GET_FLAGS, request))
    except OSError:
        return False  # it went away just now
    wanted = _UP | _RUNNING | _MULTICAST
    return bool(flags & (wanted | _LOOPBACK) == wanted)


def _tentative() -> frozenset[Address]:
    """IPv6 addresses that the system still checks for duplicates, or found to be some."""
    return frozenset(_read_tentative())


def _read_tentative() -> Iterator[Address]:
    with suppress(OSError):  # no Linux, or no IPv6
        for line in Path("/proc/thread-self/net/if_inet6").read_text("ascii").splitlines():
            digits, index, _, _, flags, *_ = line.split()
            if int(flags, 16) & _TENTATIVE:
                yield _address((str(IPv6Address(bytes.fromhex(digits))), 0, 0), int(index, 16))


class Settling:
    """Interfaces that come and go quickly count when they have stayed the same for a second; after five seconds of unrest as they are.

    Times are seconds of any clock that never goes back.
    """

    def __init__(self, first: Interfaces) -> None:
        self.settled = first
        self._seen = first
        self._seen_since = 0.0
        self._unrest_since: float | None = None

    @property
    def is_restless(self) -> bool:
        """Whether it is worth looking again soon."""
        return self._unrest_since is not None

    def look(self, now: float, interfaces: Interfaces) -> bool:
        """What is there at ``now``; whether ``settled`` changed by it."""
        if interfaces != self._seen:
            self._seen, self._seen_since = interfaces, now
        if interfaces == self.settled:
            self._unrest_since = None
            return False
        if self._unrest_since is None:
            self._unrest_since = now
        if now - self._seen_since < SETTLED_SECONDS and now - self._unrest_since < IMPATIENT_SECONDS:
            return False
        self.settled, self._unrest_since = interfaces, None
        return True
