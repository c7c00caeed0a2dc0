"""Which removals count, and what they leave of the rights of those that they remove: rules 2 to 4 of ``store.roster``. Pure.

A set of removals is a whole number with one bit for each, so that "the counting ones in the past of this one that name its author" is an `&`.
Everything here is loops, whatever a hostile member wrote: nothing recurses, and of one device at most ``MAX_REMOVALS`` removals are looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from store.heads import Heads, Tip
from store.ids import MASTER, DeviceId, EntryHash, EpochId, LogId
from store.pins import Descent, Place

MAX_REMOVALS = 256
"""Of one device, the first by their numbers; it may name 1,024 devices in each. Those of the master all count."""

VoidReason: TypeAlias = Literal["too-many", "removed-before", "beyond-pin-of-master", "no-member"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A `remove` entry: who wrote it, whom it removes, and which entries of theirs stay."""

    name: EntryHash
    author: DeviceId
    devices: tuple[DeviceId, ...]
    pins: Heads = field(repr=False)
    epoch: EpochId


class VoidRemoval(NamedTuple):
    """A `remove` entry that has no effect."""

    name: EntryHash
    reason: VoidReason


class Certified(NamedTuple):
    """A certificate whose signature is good, and where it stands."""

    place: Place
    author: DeviceId
    device: DeviceId


class Removing(NamedTuple):
    """A removal, and where it stands."""

    place: Place
    deps: frozenset[EntryHash]
    removal: Removal

    @property
    def author(self) -> DeviceId:
        return self.removal.author


@dataclass(frozen=True, slots=True)
class Standing:
    """What follows from some removals: who is certified, by whom; and which of the removals are sound (rule 3)."""

    certified_by: Mapping[DeviceId, DeviceId]
    sound: int


class Removals:
    """The rules over one set of control entries."""

    def __init__(self, certificates: Iterable[Certified], removals: Iterable[Removing], descent: Descent) -> None:
        self._descent = descent
        self._removals, too_many = _first_of_each_device(removals)
        self._bit = {each.place.name: 1 << index for index, each in enumerate(self._removals)}
        self._by_device: dict[DeviceId, list[Certified]] = {}
        self._said: dict[DeviceId, list[Certified | Removing]] = {}
        for certificate in sorted(certificates, key=lambda each: (each.device, each.place)):
            self._by_device.setdefault(certificate.device, []).append(certificate)
            self._said.setdefault(certificate.author, []).append(certificate)
        for removing in self._removals:
            self._said.setdefault(removing.author, []).append(removing)
        self._naming = self._who_is_named()
        self._within: dict[Place, tuple[int, int]] = {}
        self.known: Mapping[DeviceId, DeviceId] = self._standing(0).certified_by
        """Each device that was ever certified, and by whom: as if nobody had been removed."""
        self.void: dict[EntryHash, VoidReason] = dict.fromkeys(too_many, "too-many")
        self._counting = self._count()
        self._final = self._standing(self._counting)

    @property
    def certified_by(self) -> Mapping[DeviceId, DeviceId]:
        """Each device with a certificate that counts, and who signed it."""
        return self._final.certified_by

    def counting(self) -> tuple[Removal, ...]:
        """The removals that count, sorted by name."""
        return tuple(self._removals[index].removal for index in _members(self._counting))

    def is_removed(self, device: DeviceId) -> bool:
        """Whether a removal that counts names the device."""
        return bool(self._named(device, self._counting))

    def pin_of(self, device: DeviceId, logs: Iterable[LogId]) -> Heads:
        """Up to where the entries of a removed device count by themselves (rule 3), as heads of its ``logs``.

        The highest pins of the sound removals; without those, the lowest of all: the pins that lie within every other's.
        """
        named = self._named(device, self._counting)
        sound = named & self._final.sound
        tips: set[Place] = set()
        for log in logs:
            for index in _members(sound or named):
                setter = self._removals[index]
                pins = (Place(log, tip.seq, tip.name) for tip in setter.removal.pins.get(log, ()))
                tips.update(pin for pin in pins if pin not in tips and self._descent.is_credible(pin, setter.place))
        kept = tips if sound else {pin for pin in tips if named == self._covering(pin, named)}
        return Heads.of((pin.log, Tip(pin.seq, pin.name)) for pin in kept)

    # Rule 2: which removals count.

    def _count(self) -> int:
        """Each is judged after those in its past, because only they decide."""
        by_master = sum(1 << index for index, each in enumerate(self._removals) if each.author == MASTER)
        past = [0] * len(self._removals)
        counting = by_master
        for index, direct in self._in_causal_order():
            for earlier in direct:
                past[index] |= past[earlier] | 1 << earlier
            removing = self._removals[index]
            if removing.author == MASTER:
                continue
            reason = self._why_void(removing, past[index] & counting, by_master)
            if reason is None:
                counting |= 1 << index
            else:
                self.void[removing.place.name] = reason
        return counting

    def _why_void(self, removing: Removing, past: int, by_master: int) -> VoidReason | None:
        author = removing.author
        if self._named(author, past):
            return "removed-before"
        pinned = self._named(author, by_master)
        if pinned and not self._covering(removing.place, pinned):
            return "beyond-pin-of-master"
        return None if self._is_certified(author, past | by_master) else "no-member"

    def _is_certified(self, device: DeviceId, removals: int) -> bool:
        """Whether ``device`` has a certificate that counts when these removals are all that there are.

        Mostly the chain by which it is known holds, because every pin covers it; if not, all that may matter is worked out.
        """
        step = device
        while step in self.known:
            if not self._is_covered(step, self.known[step], removals):
                return device in self._standing(removals, self._behind(device, removals)).certified_by
            step = self.known[step]
        return step == MASTER

    def _is_covered(self, device: DeviceId, signer: DeviceId, removals: int) -> bool:
        """Whether a certificate of ``device`` by ``signer`` lies within all pins of the signer."""
        named = self._named(signer, removals)
        by_signer = (each for each in self._by_device[device] if each.author == signer)
        return not named or any(self._covering(each.place, named) == named for each in by_signer)

    def _behind(self, device: DeviceId, removals: int) -> frozenset[DeviceId]:
        """All devices that may matter to whether ``device`` is certified: who signed, and who pinned those that signed."""
        found: set[DeviceId] = set()
        waiting = [device]
        while waiting:
            each = waiting.pop()
            if each in found:
                continue
            found.add(each)
            waiting.extend(certificate.author for certificate in self._by_device.get(each, ()))
            waiting.extend(self._removals[index].removal.author for index in _members(self._named(each, removals)))
        return frozenset(found)

    def _in_causal_order(self) -> Iterator[tuple[int, list[int]]]:
        """Each removal with those that directly precede it, after all of them.

        Hashes make no circles. Numbers may while entries are missing here (``store.pins``); then the step that would close one is left out.
        """
        direct = self._direct_past()
        begun: set[int] = set()
        done: set[int] = set()
        for start in range(len(self._removals)):
            path = [(start, iter(direct[start]))] if start not in begun else []
            begun.add(start)
            while path:
                index, rest = path[-1]
                earlier = next((each for each in rest if each not in begun), None)
                if earlier is not None:
                    begun.add(earlier)
                    path.append((earlier, iter(direct[earlier])))
                    continue
                path.pop()
                yield index, [each for each in direct[index] if each in done]
                done.add(index)

    def _direct_past(self) -> list[list[int]]:
        """For each removal: those that its deps name, and those before it in its own log, as far back as one is known to have the rest in its past."""
        by_name = {each.place.name: index for index, each in enumerate(self._removals)}
        direct = [sorted({by_name[name] for name in each.deps if name in by_name}) for each in self._removals]
        for log in self._by_log().values():
            for position, index in enumerate(log):
                direct[index].extend(self._before_in_log(index, log[:position]))
        return direct

    def _before_in_log(self, index: int, lower: list[int]) -> Iterator[int]:
        place = self._removals[index].place
        for other in reversed(lower):
            earlier = self._removals[other].place
            precedes = self._descent.precedes(earlier, place)
            if precedes or (precedes is None and self._descent.may_precede(earlier, place)):
                yield other
            if precedes:
                return

    def _by_log(self) -> dict[tuple[DeviceId, LogId], list[int]]:
        """What each author wrote into each log, in the order of numbers."""
        logs: dict[tuple[DeviceId, LogId], list[int]] = {}
        for index, each in sorted(enumerate(self._removals), key=lambda item: item[1].place):
            logs.setdefault((each.author, each.place.log), []).append(index)
        return logs

    # Rule 3: what they leave.

    def _standing(self, removals: int, among: frozenset[DeviceId] | None = None) -> Standing:
        """Who is certified when these removals count, in rounds outward from the master; only devices ``among`` some are looked for."""
        certified_by: dict[DeviceId, DeviceId] = {}
        sound = 0
        newest = [MASTER]
        beyond: list[Certified | Removing] = []
        while True:
            added: dict[DeviceId, DeviceId] = {}
            grown = 0
            candidates = [*beyond, *(each for author in sorted(newest) for each in self._said.get(author, ()))]
            beyond = []
            for each in candidates:
                if not self._matters(each, removals, certified_by, among):
                    continue
                if not self._is_sound(each.place, each.author, removals, sound):
                    beyond.append(each)
                elif isinstance(each, Certified):
                    added.setdefault(each.device, each.author)
                else:
                    grown |= self._bit[each.place.name]
            if not added and not grown:
                return Standing(dict(sorted(certified_by.items())), sound)
            sound |= grown
            certified_by.update(added)
            newest = list(added)

    def _matters(
        self, each: Certified | Removing, removals: int, certified_by: Mapping[DeviceId, DeviceId], among: frozenset[DeviceId] | None
    ) -> bool:
        if isinstance(each, Removing):
            return bool(removals & self._bit[each.place.name])
        return each.device not in certified_by and (among is None or each.device in among)

    def _is_sound(self, entry: Place, author: DeviceId, removals: int, sound: int) -> bool:
        """Whether an entry of a certified device counts: nobody pinned its author, or it lies within every pin, or within a sound one."""
        named = self._named(author, removals)
        covering = self._covering(entry, named) if named else 0
        return named == covering or bool(covering & sound)

    def _named(self, device: DeviceId, removals: int) -> int:
        """Those of ``removals`` that remove ``device``."""
        return self._naming.get(device, 0) & removals

    def _covering(self, entry: Place, removals: int) -> int:
        """Those of ``removals`` within whose pins ``entry`` lies; all of them name its author."""
        judged, within = self._within.get(entry, (0, 0))
        for index in _members(removals & ~judged):
            each = self._removals[index]
            if self._descent.is_within(entry, each.removal.pins, each.place):
                within |= 1 << index
        self._within[entry] = judged | removals, within
        return within & removals

    def _who_is_named(self) -> dict[DeviceId, int]:
        naming: dict[DeviceId, int] = {}
        for index, each in enumerate(self._removals):
            for device in each.removal.devices:
                if device in self._by_device:
                    naming[device] = naming.get(device, 0) | 1 << index
        return naming


def _first_of_each_device(removals: Iterable[Removing]) -> tuple[list[Removing], list[EntryHash]]:
    """Those that are looked at, by name, and the names of those that are too many."""
    looked_at: list[Removing] = []
    too_many: list[EntryHash] = []
    count: Counter[DeviceId] = Counter()
    for each in sorted(removals, key=lambda each: (each.place.seq, each.place)):
        author = each.author
        count[author] += 1
        if author == MASTER or count[author] <= MAX_REMOVALS:
            looked_at.append(each)
        else:
            too_many.append(each.place.name)
    return sorted(looked_at, key=lambda each: each.place.name), too_many


def _members(removals: int) -> Iterator[int]:
    """The removals of a set, ascending."""
    while removals:
        lowest = removals & -removals
        yield lowest.bit_length() - 1
        removals ^= lowest
