"""Who of those that announce themselves shares a key with this device. Pure.

Announcements that no key recognises are remembered too, up to a bound, since a key may come later (an epoch, an invitation) and a new day
needs other tags. Nobody is told of events as they happen: whoever follows compares the neighbours that it was told of with those that
there are now. So any number of changes between two looks is one event for each neighbour, and nothing queues up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from discovery.announcement import Address, Announcement
from discovery.tags import DiscoveryKey, InstanceName, recognise

MAX_REMEMBERED = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """An instance that shares ``keys`` with this device, and where it says that it can be reached. Not verified in any way."""

    instance: InstanceName
    port: int
    addresses: tuple[Address, ...]
    keys: tuple[DiscoveryKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    neighbour: Neighbour


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """It was found before; port, addresses or shared keys are others now."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """It said goodbye, or doesn't answer any more, or shares no key any more."""

    instance: InstanceName


Sighting = Found | Changed | Lost


def differences(told: Mapping[InstanceName, Neighbour], now: Mapping[InstanceName, Neighbour]) -> Iterator[Sighting]:
    """What leads from ``told`` to ``now``."""
    for instance in told:
        if instance not in now:
            yield Lost(instance=instance)
    for instance, neighbour in now.items():
        if instance not in told:
            yield Found(neighbour=neighbour)
        elif told[instance] != neighbour:
            yield Changed(neighbour=neighbour)


class Neighbourhood:
    """What was announced lately, seen with the keys of today. ``own`` is this device itself and no neighbour."""

    def __init__(self, own: InstanceName) -> None:
        self._own = own
        self._keys: tuple[DiscoveryKey, ...] = ()
        self._day = 0
        self._announced: OrderedDict[InstanceName, Announcement] = OrderedDict()
        self._neighbours: dict[InstanceName, Neighbour] = {}

    @property
    def neighbours(self) -> Mapping[InstanceName, Neighbour]:
        """As it is now; it doesn't change later."""
        return dict(self._neighbours)

    @property
    def strangers(self) -> tuple[InstanceName, ...]:
        """Those that announced themselves and share no key, as far as they are remembered."""
        return tuple(instance for instance in self._announced if instance not in self._neighbours)

    def recognise_by(self, keys: Iterable[DiscoveryKey], day: int) -> None:
        """From now on these keys count, on this day. All that are remembered are looked at again."""
        chosen = tuple(dict.fromkeys(keys))
        if (chosen, day) == (self._keys, self._day):
            return
        self._keys, self._day = chosen, day
        for announcement in self._announced.values():
            self._judge(announcement)

    def heard(self, announcement: Announcement) -> None:
        """An instance announced itself, for the first time or again."""
        instance = announcement.instance
        if instance == self._own:
            return
        known = self._announced.get(instance)
        self._announced[instance] = announcement
        self._announced.move_to_end(instance)
        if known != announcement:
            self._judge(announcement)
        if len(self._announced) > MAX_REMEMBERED:
            self.gone(next((each for each in self._announced if each not in self._neighbours), next(iter(self._announced))))

    def gone(self, instance: InstanceName) -> None:
        """An instance said goodbye or can't be resolved any more."""
        self._announced.pop(instance, None)
        self._neighbours.pop(instance, None)

    def _judge(self, announcement: Announcement) -> None:
        keys = recognise(self._keys, announcement.instance, announcement.tags, self._day)
        if keys:
            self._neighbours[announcement.instance] = Neighbour(
                instance=announcement.instance, port=announcement.port, addresses=announcement.addresses, keys=keys
            )
        else:
            self._neighbours.pop(announcement.instance, None)
