"""Randomness that is the same in each run, and what discovery makes of it."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address

from discovery.announcement import Announcement
from discovery.tags import DiscoveryKey, InstanceName, tag

DAY = 20_000


class Seeded:
    """``Randomness`` from a label: the same calls give the same bytes."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._calls = 0

    def __call__(self, count: int) -> bytes:
        self._calls += 1
        return hashlib.shake_256(f"{self._label} {self._calls}".encode()).digest(count)


def key(label: str) -> DiscoveryKey:
    return DiscoveryKey(Seeded(f"key {label}")(32))


def instance(label: str) -> InstanceName:
    return InstanceName.draw(Seeded(f"instance {label}"))


def announcement(label: str, *keys: DiscoveryKey, day: int = DAY, port: int = 4000, address: str = "10.0.0.1") -> Announcement:
    """By the instance of that label."""
    name = instance(label)
    return Announcement(
        instance=name, port=port, addresses=(ip_address(address),), tags=tuple(tag(each, name, day) for each in keys or (key(label),))
    )
