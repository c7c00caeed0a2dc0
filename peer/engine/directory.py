"""Where on the local network each member may be, and what follows when that changes. Pure.

A *source* says where somebody may be: an instance that discovery heard of, or an address that a person gave. Whom it leads to is known only when a
dial proved a key; until then it is to be explored. From then on the places of all sources that lead to a device, and those where it was met
before, are candidates for one dial, ordered by what was measured (``discovery.ranking``).

What a source says may be a lie. So a connection that works is given up only for a place that proved to lead to the same device.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from discovery.ranking import AddressBook
from peer.place import Place
from store.ids import DeviceId

MUCH_FASTER = 0.5
"""A place is worth moving to when dialling it takes less than this part of the time that the one in use takes."""


@dataclass(frozen=True, slots=True)
class Explore:
    """Find out whom the source leads to."""

    source: str


@dataclass(frozen=True, slots=True)
class Try:
    """There are new places to try for a device: now, if it is away."""

    device: DeviceId


@dataclass(frozen=True, slots=True)
class Examine:
    """Dial these places beside the connection that a device has: it may be moving, or have a better way."""

    device: DeviceId
    places: tuple[Place, ...]


Action = Explore | Try | Examine


@dataclass(slots=True)
class _Source:
    places: tuple[Place, ...]
    fixed: bool
    leads_to: DeviceId | None = None


@dataclass(slots=True)
class _Known:
    met_at: dict[Place, float] = field(default_factory=dict)
    """Seconds that dialling took, the last time."""
    book: AddressBook[Place] = field(default_factory=AddressBook)
    in_use: Place | None = None


class Directory:
    """Of one engine."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}
        self._known: dict[DeviceId, _Known] = {}

    def remember(self, device: DeviceId, met_at: Sequence[tuple[Place, float]]) -> None:
        """Where a device was met in earlier runs."""
        known = self._known.setdefault(device, _Known())
        known.met_at = dict(met_at)
        self._rebuild(device)

    def forget(self, devices: Iterable[DeviceId]) -> None:
        """These are members no more. Who hears of them again finds out again."""
        for device in devices:
            self._known.pop(device, None)
            for source in self._sources.values():
                if source.leads_to == device:
                    source.leads_to = None

    def named(self, place: Place) -> list[Action]:
        """A person said that a device is there."""
        return self._says(str(place), (place,), fixed=True)

    def heard(self, source: str, places: Sequence[Place]) -> list[Action]:
        """Discovery says that somebody is at these places, and at no others any more."""
        return self._says(source, tuple(dict.fromkeys(places)), fixed=False)

    def _says(self, name: str, places: tuple[Place, ...], *, fixed: bool) -> list[Action]:
        source = self._sources.get(name)
        if source is None:
            self._sources[name] = _Source(places, fixed)
            return [Explore(name)]
        before, source.places = source.places, places
        device = source.leads_to
        if device is None:
            return [Explore(name)]
        self._rebuild(device)
        in_use = self._known[device].in_use
        if in_use is None:
            return [Try(device)]
        new = tuple(place for place in places if place not in before)
        return [Examine(device, new)] if new else []

    def lost(self, source: str) -> None:
        """Nobody is heard of there any more. A connection that works goes on."""
        gone = self._sources.pop(source, None)
        if gone is not None and gone.leads_to is not None:
            self._rebuild(gone.leads_to)

    def places_of(self, source: str) -> tuple[Place, ...]:
        """None when nobody says anything there any more."""
        found = self._sources.get(source)
        return found.places if found else ()

    def leads_to(self, source: str) -> DeviceId | None:
        found = self._sources.get(source)
        return found.leads_to if found else None

    def proved(self, source: str, device: DeviceId, place: Place, seconds: float) -> list[Action]:
        """A dial to one of the source's places proved the key of ``device``."""
        found = self._sources.get(source)
        if found is None or place not in found.places:
            return []
        before, found.leads_to = found.leads_to, device
        self._known.setdefault(device, _Known())
        self._rebuild(device)
        if before is not None and before != device:
            self._rebuild(before)
        self._known[device].book.worked(place, seconds)
        return [Try(device)]

    # Dialling a device

    def candidates(self, device: DeviceId) -> tuple[Place, ...]:
        """The places to dial, the best first."""
        known = self._known.get(device)
        return known.book.candidates() if known else ()

    def worked(self, device: DeviceId, place: Place, seconds: float) -> None:
        """A dial to ``place`` led to the device."""
        if (known := self._known.get(device)) is not None:
            known.met_at[place] = seconds
            known.book.worked(place, seconds)

    def failed(self, device: DeviceId, place: Place) -> None:
        """A dial to ``place`` led to nobody, or to somebody else."""
        if (known := self._known.get(device)) is not None:
            known.book.failed(place)

    def uses(self, device: DeviceId, place: Place | None) -> None:
        """The device is connected at ``place`` now, or not at all."""
        if (known := self._known.get(device)) is not None:
            known.in_use = place

    def should_move(self, device: DeviceId, to: Place, seconds: float) -> bool:
        """Whether a connection to ``to``, which took so long to make, is to replace the one in use."""
        known = self._known.get(device)
        if known is None or known.in_use is None or known.in_use == to:
            return False
        said = {place for source in self._sources.values() if source.leads_to == device for place in source.places}
        return known.in_use not in said or seconds < MUCH_FASTER * known.met_at.get(known.in_use, seconds)

    def _rebuild(self, device: DeviceId) -> None:
        known = self._known[device]
        sources = [source for source in self._sources.values() if source.leads_to == device]
        fixed = [place for source in sources if source.fixed for place in source.places]
        said = [place for source in sources for place in source.places]
        known.book = AddressBook([*fixed, *known.met_at])
        known.book.announced(said)
        for place, seconds in known.met_at.items():
            known.book.worked(place, seconds)
