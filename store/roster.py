"""The roster: who belongs to a library, whose log is whose, who was removed, and who can open which epoch. Pure.

It is a function of the *set* of stored control entries and of descent within logs, never of their order, and the same code on relays and peers.
Two devices that store the same entries have the same roster.

1. **Who was ever let in.** The **master** keys are those of a `genesis` whose hash is the library id. A **certificate** is good when it is for
   this library and signed by the master or by a device with a good certificate, in rounds outward from the master. Whoever has one is *known*,
   and known for ever: what it writes is stored everywhere, whatever was removed meanwhile, so that storing depends on no order of arrival.
   A **log** belongs to the known device that its `open` names. Ids of logs are random; if two devices nevertheless open one id, each entry still
   belongs to whoever signed it, and members are shown before others.

2. **Which removals count.** All by the master. A removal by a device counts unless

   - a removal that counts, in its *past*, removes its author: it knew; or
   - the master removed its author, and it lies beyond every pin that the master set for it; or
   - its author wouldn't be certified if only the master's removals and those that count in its past existed.

   So removals at the same time all stand, also of each other; and the recovery phrase outranks every device: what a thief removed
   with a stolen device is void once the master has removed that device. One removal is in the past of another when the other's
   deps name it, when both are in one log and it comes before, or through such steps. Nothing else makes a past, because nothing else
   is kept for ever: whoever removes names all removals that it knows. The past is judged first, so this ends.

3. **Who is a member.** An entry of a device that no counting removal names is *sound* once the device is certified. An entry of one that was
   removed is sound when it lies within the pins of every counting removal of that device, or within those of one that is sound itself. A
   device is certified by a sound certificate, in rounds outward from the master. Members are the certified that no counting removal names;
   the id of a removed device is never a member's again.

   **A removal never gives rights.** "The highest pin holds" would be simpler, and wrong: a removed device could write one more removal of itself, as if
   it didn't know of the first, with a pin that its forged certificates lie within. Hence only sound removals raise a pin. So among honest
   devices that remove one at the same time the higher pin holds; a removed device, and whatever it certifies beyond its pin, can only lower
   them: the least set that satisfies the rule has none of what only vouches for itself. Two devices that removed each other are both
   unsound; then the lowest pins hold, and whom they had let in before stays.

4. **Epochs.** For *reading*, all packages by anybody known are kept: the reader tries each, and a secret is checked by its hash. For *writing* an
   epoch is good when the master and nobody but members was given it, by nobody but members or the master. If a counting removal by one of
   those began it, its secret was new then, and packages by others say nothing: a removed device can't spoil the epoch that shuts it out.

What else counts of what a removed device wrote is not decided here: an entry beyond its pin counts exactly when a counting entry of
another device has it in its past (``peer.library``). `checkpoint`, `settled`, `release` and `claim` have no effect on the roster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from store.bodies import Certification, ControlBody, Genesis, Open, Packages, Remove, parse_control
from store.certificates import Certificate
from store.entries import Entry, EntryKind, is_signed_by
from store.heads import Heads
from store.ids import MASTER, DeviceId, EpochId, LibraryId, LogId
from store.pins import Descent, IsAncestor, LiesBelow, Place
from store.removals import Certified, Removal, Removals, Removing, VoidRemoval
from store.signatures import is_signed

K = TypeVar("K")
V = TypeVar("V")

ROSTER_KINDS = frozenset({EntryKind.GENESIS, EntryKind.OPEN, EntryKind.CERTIFICATE, EntryKind.PACKAGES, EntryKind.REMOVE})
"""The kinds of entries that have an effect on the roster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """Public halves of the keys that the recovery phrase yields."""

    signing_key: bytes
    wrapping_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A device that is certified, or was. ``certified_by`` is ``MASTER`` or a device that was certified before it."""

    device: DeviceId
    signing_key: bytes
    wrapping_key: bytes = field(repr=False)
    certified_by: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochInfo:
    """Who was given the secret of an epoch. Tuples are sorted; ``earlier`` holds what is not empty."""

    epoch: EpochId
    recipients: Mapping[DeviceId, tuple[bytes, ...]] = field(repr=False)
    """For each recipient (``MASTER`` for the master) all packages that were made for it."""
    earlier: tuple[bytes, ...] = field(repr=False)
    """Bundles of earlier secrets, sealed under this epoch's."""
    authors: frozenset[DeviceId]
    given: frozenset[DeviceId] = frozenset()
    """The recipients that count: if ``is_fresh`` those of packages by members or the master, else all."""
    is_fresh: bool = False
    """Whether a counting removal by a member or the master began it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """``master`` is ``None`` before a genesis is stored; then everything else is empty."""

    library: LibraryId
    master: MasterKeys | None = None
    devices: Mapping[DeviceId, Member] = field(default_factory=lambda: MappingProxyType({}))
    logs: Mapping[LogId, DeviceId] = field(default_factory=lambda: MappingProxyType({}))
    """The author of each log; ``MASTER`` for the master log."""
    authors: Mapping[LogId, tuple[DeviceId, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """All known devices that opened a log of an id: one, unless an id was used twice. The first is the one in ``logs``."""
    log_numbers: Mapping[LogId, int] = field(default_factory=lambda: MappingProxyType({}))
    """How many logs of the same device were opened before it, as its `open` says."""
    epochs: Mapping[EpochId, EpochInfo] = field(default_factory=lambda: MappingProxyType({}))
    former: Mapping[DeviceId, Member] = field(default_factory=lambda: MappingProxyType({}))
    """Known devices that are no members: removed, or let in by what a removed device wrote beyond its pin."""
    removals: tuple[Removal, ...] = ()
    """Those that count, sorted by name."""
    void_removals: tuple[VoidRemoval, ...] = ()
    pins: Mapping[DeviceId, Heads] = field(default_factory=lambda: MappingProxyType({}))
    """For each former device how far its entries count by themselves."""

    def is_member(self, device: DeviceId) -> bool:
        """Whether ``device`` is a device of this library; the master isn't a device."""
        return device in self.devices

    def signing_key(self, author: DeviceId) -> bytes | None:
        """The Ed25519 key of a member, or of ``MASTER``."""
        if author == MASTER:
            return self.master.signing_key if self.master else None
        member = self.devices.get(author)
        return member.signing_key if member else None

    def known_key(self, author: DeviceId) -> bytes | None:
        """The Ed25519 key of a member, a former device, or ``MASTER``: for verifying what they wrote or said, whatever it counts for."""
        former = self.former.get(author)
        return former.signing_key if former else self.signing_key(author)

    def pin_of(self, device: DeviceId) -> Heads | None:
        """The newest entries of a former device's logs that count by themselves; those before them do too, all others don't.

        Empty for a device that wasn't removed itself. ``None`` for a member, and for who was never known.
        """
        return self.pins.get(device)

    def wrapping_key(self, recipient: DeviceId) -> bytes | None:
        """The key that packages for a member, or for ``MASTER``, are made to."""
        if recipient == MASTER:
            return self.master.wrapping_key if self.master else None
        member = self.devices.get(recipient)
        return member.wrapping_key if member else None

    def author_key(self, log: LogId) -> bytes | None:
        """The Ed25519 key that entries of ``log`` are signed with."""
        author = self.logs.get(log)
        return None if author is None else self.known_key(author)

    def logs_of(self, device: DeviceId) -> tuple[LogId, ...]:
        """The logs of a device in the order of their numbers."""
        mine = (log for log, author in self.logs.items() if author == device)
        return tuple(sorted(mine, key=lambda log: (self.log_numbers.get(log, 0), log)))

    def recipients(self) -> frozenset[DeviceId]:
        """Everyone who should have a package for each epoch: the members and the master."""
        return frozenset((*self.devices, MASTER)) if self.master else frozenset()

    def write_epochs(self) -> tuple[EpochId, ...]:
        """The epochs to write under (rule 4). A device takes the first that it can open.

        Without the master's package the recovery phrase couldn't restore what is written. A member that was certified a moment ago and
        has no package yet blocks nobody: what is missing is made up for (``needs_package``).
        """
        allowed = self.recipients()
        good = (info for info in self.epochs.values() if {MASTER} <= info.given <= allowed and (info.is_fresh or info.authors <= allowed))
        return tuple(sorted(info.epoch for info in good))

    def needs_package(self) -> tuple[tuple[EpochId, DeviceId], ...]:
        """Each (epoch, recipient) without a package, sorted: whoever can open the epoch makes it."""
        wanted = self.recipients()
        return tuple((epoch, device) for epoch, info in sorted(self.epochs.items()) for device in sorted(wanted - info.given))


def compute_roster(
    library: LibraryId, control_entries: Iterable[Entry], is_ancestor: IsAncestor, *, lies_below: LiesBelow = lambda _log, _seq: False
) -> Roster:
    """The roster that a set of admitted control entries makes; changes among them are passed over.

    ``is_ancestor`` and ``lies_below`` say what the store knows of descent (``store.pins``).
    """
    entries = sorted({entry.name: entry for entry in control_entries}.items())
    bodies = [(entry, parse_control(entry)) for _, entry in entries if entry.kind in ROSTER_KINDS]
    master = next((_master_keys(body) for _, body in bodies if isinstance(body, Genesis) and body.library == library), None)
    if master is None:
        return Roster(library=library)
    return _Computation(library, master, bodies, Descent(is_ancestor, lies_below)).roster()


class _Computation:
    """One roster in the making."""

    def __init__(self, library: LibraryId, master: MasterKeys, bodies: Sequence[tuple[Entry, ControlBody]], descent: Descent) -> None:
        self._library = library
        self._master = master
        self._bodies = bodies
        certificates = [(entry, body.certificate) for entry, body in bodies if isinstance(body, Certification)]
        self._certificates = {each.device: each for _, each in certificates if each.library == library}
        self._keys = {MASTER: master.signing_key} | {device: each.signing_key for device, each in self._certificates.items()}
        good = [Certified(Place.of(entry), each.signer, each.device) for entry, each in certificates if self._is_good(each)]
        self._openers = self._who_opened()
        self._removals = Removals(good, self._removing(), descent)
        self._members = {device for device in self._removals.certified_by if not self._removals.is_removed(device)}

    def roster(self) -> Roster:
        known = sorted(self._removals.known)
        authors = self._authors()
        former = [device for device in known if device not in self._members]
        logs_of: dict[DeviceId, list[LogId]] = {}
        for log, candidates in authors.items():
            for device in candidates:
                logs_of.setdefault(device, []).append(log)
        return Roster(
            library=self._library,
            master=self._master,
            devices=_frozen({device: self._member(device) for device in known if device in self._members}),
            logs=_frozen({log: candidates[0] for log, candidates in sorted(authors.items())}),
            authors=_frozen(authors),
            log_numbers=_frozen(self._log_numbers(authors)),
            epochs=_frozen(self._epochs()),
            former=_frozen({device: self._member(device) for device in former}),
            removals=self._removals.counting(),
            void_removals=tuple(VoidRemoval(name, reason) for name, reason in sorted(self._removals.void.items())),
            pins=_frozen({device: self._removals.pin_of(device, logs_of.get(device, ())) for device in former}),
        )

    def _is_good(self, certificate: Certificate) -> bool:
        """Whether its signer signed it, whoever that is: an id is the hash of the keys, so all certificates of a device carry the same."""
        key = self._keys.get(certificate.signer)
        is_ours = certificate.library == self._library
        return is_ours and key is not None and _is_signed(certificate.to_sign, certificate.signature, key)

    def _who_opened(self) -> dict[LogId, dict[DeviceId, int]]:
        """For each log those that opened it, in the order of the entries' names, with the numbers that they gave it."""
        openers: dict[LogId, dict[DeviceId, int]] = {self._library.master_log(): {MASTER: 0}}
        for entry, body in self._bodies:
            if isinstance(body, Open) and body.device in self._certificates:
                openers.setdefault(entry.log, {}).setdefault(body.device, body.number)
        return openers

    def _author(self, entry: Entry) -> DeviceId | None:
        """Who wrote ``entry``: the one who opened its log, or of several the one whose signature it carries."""
        candidates = tuple(self._openers.get(entry.log, ()))
        if len(candidates) == 1:
            return candidates[0]
        return next((author for author in candidates if is_signed_by(entry, self._keys[author])), None)

    def _removing(self) -> Iterator[Removing]:
        for entry, body in self._bodies:
            author = self._author(entry) if isinstance(body, Remove) else None
            if isinstance(body, Remove) and author is not None:
                removal = Removal(name=entry.name, author=author, devices=body.devices, pins=body.pins, epoch=body.epoch)
                yield Removing(Place.of(entry), frozenset(dep.name for dep in entry.deps), removal)

    def _member(self, device: DeviceId) -> Member:
        certificate = self._certificates[device]
        certified_by = self._removals.certified_by.get(device) or self._removals.known[device]
        return Member(device=device, signing_key=certificate.signing_key, wrapping_key=certificate.wrapping_key, certified_by=certified_by)

    def _authors(self) -> dict[LogId, tuple[DeviceId, ...]]:
        """The known that opened each log, members first."""
        known = {MASTER, *self._removals.known}
        authors = {log: sorted(known & openers.keys(), key=self._members_first(openers)) for log, openers in self._openers.items()}
        return {log: tuple(candidates) for log, candidates in authors.items() if candidates}

    def _members_first(self, openers: Mapping[DeviceId, int]) -> Callable[[DeviceId], tuple[bool, int]]:
        order = {device: index for index, device in enumerate(openers)}
        return lambda device: (device != MASTER and device not in self._members, order[device])

    def _log_numbers(self, authors: Mapping[LogId, tuple[DeviceId, ...]]) -> dict[LogId, int]:
        return {log: self._openers[log][candidates[0]] for log, candidates in authors.items() if candidates[0] != MASTER}

    def _epochs(self) -> dict[EpochId, EpochInfo]:
        allowed = {MASTER, *self._members}
        fresh = {each.epoch for each in self._removals.counting() if each.author in allowed}
        epochs: dict[EpochId, _EpochPackages] = {}
        for entry, body in self._bodies:
            author = self._author(entry) if isinstance(body, (Packages, Remove)) else None
            if isinstance(body, (Packages, Remove)) and author is not None and (author == MASTER or author in self._removals.known):
                epochs.setdefault(body.epoch, _EpochPackages()).add(body, author, counts=body.epoch not in fresh or author in allowed)
        return {epoch: packages.info(epoch, is_fresh=epoch in fresh) for epoch, packages in sorted(epochs.items())}


class _EpochPackages:
    """What the packages of one epoch say together."""

    def __init__(self) -> None:
        self._recipients: dict[DeviceId, set[bytes]] = {}
        self._earlier: set[bytes] = set()
        self._authors: set[DeviceId] = set()
        self._given: set[DeviceId] = set()

    def add(self, body: Packages | Remove, author: DeviceId, *, counts: bool) -> None:
        for recipient, package in body.packages:
            self._recipients.setdefault(recipient, set()).add(package)
            if counts:
                self._given.add(recipient)
        self._earlier.update({body.earlier} - {b""})
        self._authors.add(author)

    def info(self, epoch: EpochId, *, is_fresh: bool) -> EpochInfo:
        return EpochInfo(
            epoch=epoch,
            recipients=_frozen({recipient: tuple(sorted(given)) for recipient, given in sorted(self._recipients.items())}),
            earlier=tuple(sorted(self._earlier)),
            authors=frozenset(self._authors),
            given=frozenset(self._given),
            is_fresh=is_fresh,
        )


def _master_keys(genesis: Genesis) -> MasterKeys:
    return MasterKeys(signing_key=genesis.signing_key, wrapping_key=genesis.wrapping_key)


@lru_cache(maxsize=4096)
def _is_signed(to_sign: bytes, signature: bytes, key: bytes) -> bool:
    """Remembered, because a roster is computed again for each control entry of a batch and verifying is most of the work."""
    return is_signed(to_sign, signature, key)


def _frozen(mapping: dict[K, V]) -> Mapping[K, V]:
    return MappingProxyType(mapping)
