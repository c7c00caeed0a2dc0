"""The roster: who belongs to a library, whose log is whose, and who can open which epoch. Pure.

It is a function of the *set* of stored control entries, never of their order, and the same code on relays and peers.

- The **master** keys are those of a `genesis` whose hash is the library id.
- A **certificate** counts when it is for this library and signed by the master or by a device whose certificate counts.
  Devices become members in rounds outward from the master, so `certified_by` never goes in a circle.
- A **log** belongs to the device that its `open` names. Ids of logs are random; if two members nevertheless open one id,
  the open with the smaller name is shown here, and each entry still belongs to whoever signed it.
- An **epoch** has the packages of all `packages` entries by members or the master. One recipient may have several (two
  devices noticed at the same time that one was missing, or one of them was useless): all are kept, the reader tries each.

`remove`, `checkpoint`, `settled`, `release` and `claim` are stored and served, but have no effect here in this version:
whoever was a member stays one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from store.bodies import Certification, Genesis, Open, Packages, parse_control
from store.certificates import Certificate
from store.entries import Entry, EntryKind, is_signed_by
from store.ids import MASTER, DeviceId, EpochId, LibraryId, LogId
from store.signatures import is_signed

K = TypeVar("K")
V = TypeVar("V")

_GIVES_RIGHTS = frozenset({EntryKind.GENESIS, EntryKind.OPEN, EntryKind.CERTIFICATE})
ROSTER_KINDS = frozenset({EntryKind.GENESIS, EntryKind.OPEN, EntryKind.CERTIFICATE, EntryKind.PACKAGES})
"""The kinds of entries that have an effect on the roster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """Public halves of the keys that the recovery phrase yields."""

    signing_key: bytes
    wrapping_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A device whose certificate counts. ``certified_by`` is ``MASTER`` or a device that was a member before it."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """``master`` is ``None`` before a genesis is stored; then everything else is empty."""

    library: LibraryId
    master: MasterKeys | None = None
    devices: Mapping[DeviceId, Member] = field(default_factory=lambda: MappingProxyType({}))
    logs: Mapping[LogId, DeviceId] = field(default_factory=lambda: MappingProxyType({}))
    """The author of each log; ``MASTER`` for the master log."""
    authors: Mapping[LogId, tuple[DeviceId, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """All members that opened a log of an id: one, unless an id was used twice. The first is the one in ``logs``."""
    log_numbers: Mapping[LogId, int] = field(default_factory=lambda: MappingProxyType({}))
    """How many logs of the same device were opened before it, as its `open` says."""
    epochs: Mapping[EpochId, EpochInfo] = field(default_factory=lambda: MappingProxyType({}))

    def is_member(self, device: DeviceId) -> bool:
        """Whether ``device`` is a device of this library; the master isn't a device."""
        return device in self.devices

    def signing_key(self, author: DeviceId) -> bytes | None:
        """The Ed25519 key of a member, or of ``MASTER``."""
        if author == MASTER:
            return self.master.signing_key if self.master else None
        member = self.devices.get(author)
        return member.signing_key if member else None

    def wrapping_key(self, recipient: DeviceId) -> bytes | None:
        """The key that packages for a member, or for ``MASTER``, are made to."""
        if recipient == MASTER:
            return self.master.wrapping_key if self.master else None
        member = self.devices.get(recipient)
        return member.wrapping_key if member else None

    def author_key(self, log: LogId) -> bytes | None:
        """The Ed25519 key that entries of ``log`` are signed with."""
        author = self.logs.get(log)
        return None if author is None else self.signing_key(author)

    def logs_of(self, device: DeviceId) -> tuple[LogId, ...]:
        """The logs of a device in the order of their numbers."""
        mine = (log for log, author in self.logs.items() if author == device)
        return tuple(sorted(mine, key=lambda log: (self.log_numbers.get(log, 0), log)))

    def recipients(self) -> frozenset[DeviceId]:
        """Everyone who should have a package for each epoch: the members and the master."""
        return frozenset((*self.devices, MASTER)) if self.master else frozenset()

    def write_epochs(self) -> tuple[EpochId, ...]:
        """The epochs to write under: those that the master and nobody but members was given. A device takes the first that it can open.

        Without the master's package the recovery phrase couldn't restore what is written. A member that was certified a moment ago and
        has no package yet blocks nobody: what is missing is made up for (``needs_package``).
        """
        allowed = self.recipients()
        return tuple(sorted(epoch for epoch, info in self.epochs.items() if {MASTER} <= info.recipients.keys() <= allowed))

    def needs_package(self) -> tuple[tuple[EpochId, DeviceId], ...]:
        """Each (epoch, recipient) without a package, sorted: whoever can open the epoch makes it."""
        wanted = self.recipients()
        return tuple((epoch, device) for epoch, info in sorted(self.epochs.items()) for device in sorted(wanted - info.recipients.keys()))


class Authority:
    """Who may write what, kept up while entries are stored: the part of the roster that admitting them asks for.

    A roster is computed from all control entries, and whoever sends thousands of them at once must not have it computed for each. What
    was admitted counts: the signer of an admitted certificate is a member, so the device that it names is one from then on.
    """

    def __init__(self, roster: Roster) -> None:
        """As ``roster`` says."""
        self._keys = {device: member.signing_key for device, member in roster.devices.items()}
        if roster.master is not None:
            self._keys[MASTER] = roster.master.signing_key
        self._authors = dict(roster.authors)

    def signing_key(self, author: DeviceId) -> bytes | None:
        """The Ed25519 key of a member, or of ``MASTER``."""
        return self._keys.get(author)

    def authors(self, log: LogId) -> tuple[DeviceId, ...]:
        """All that opened a log of this id."""
        return self._authors.get(log, ())

    def stored(self, entry: Entry) -> None:
        """``entry`` was admitted and stored."""
        if entry.kind not in _GIVES_RIGHTS:
            return
        match parse_control(entry):
            case Genesis(signing_key=key, library=library):
                self._keys[MASTER] = key
                self._authors[library.master_log()] = (MASTER,)
            case Certification(certificate=certificate):
                self._keys[certificate.device] = certificate.signing_key
            case Open(device=device):
                self._authors[entry.log] = (*self.authors(entry.log), *({device} - {*self.authors(entry.log)}))


def compute_roster(library: LibraryId, control_entries: Iterable[Entry]) -> Roster:
    """The roster that a set of admitted control entries makes; changes among them are passed over."""
    entries = sorted({entry.name: entry for entry in control_entries}.items())
    bodies = [(entry, parse_control(entry)) for _, entry in entries if entry.kind in ROSTER_KINDS]
    master = next((_master_keys(body) for _, body in bodies if isinstance(body, Genesis) and body.library == library), None)
    if master is None:
        return Roster(library=library)
    devices = _members(library, master, [body.certificate for _, body in bodies if isinstance(body, Certification)])
    opens = [(entry, body) for entry, body in bodies if isinstance(body, Open) and body.device in devices]
    authors: dict[LogId, tuple[DeviceId, ...]] = {library.master_log(): (MASTER,)}
    numbers: dict[LogId, int] = {}
    for entry, opened in opens:
        others = authors.get(entry.log, ())
        authors[entry.log] = (*others, *({opened.device} - {*others}))
        numbers.setdefault(entry.log, opened.number)
    roster = Roster(
        library=library,
        master=master,
        devices=_frozen(devices),
        logs=_frozen({log: candidates[0] for log, candidates in sorted(authors.items())}),
        authors=_frozen(authors),
        log_numbers=_frozen(numbers),
    )
    packages = [(_author(entry, roster), body) for entry, body in bodies if isinstance(body, Packages)]
    return replace(roster, epochs=_frozen(_epochs(packages)))


def _master_keys(genesis: Genesis) -> MasterKeys:
    return MasterKeys(signing_key=genesis.signing_key, wrapping_key=genesis.wrapping_key)


def _members(library: LibraryId, master: MasterKeys, certificates: Iterable[Certificate]) -> dict[DeviceId, Member]:
    """The devices whose certificates count, found in rounds: those that the master signed for, those that these signed for, …"""
    waiting = sorted((each for each in certificates if each.library == library), key=lambda each: (each.signer, each.device))
    keys = {MASTER: master.signing_key}
    members: dict[DeviceId, Member] = {}
    while True:
        round_of_members: dict[DeviceId, Member] = {}
        for certificate in waiting:
            if certificate.device not in members and certificate.device not in round_of_members and _is_valid(certificate, keys):
                round_of_members[certificate.device] = _member(certificate)
        if not round_of_members:
            return dict(sorted(members.items()))
        members.update(round_of_members)
        keys.update({device: member.signing_key for device, member in round_of_members.items()})


def _is_valid(certificate: Certificate, keys: Mapping[DeviceId, bytes]) -> bool:
    key = keys.get(certificate.signer)
    return key is not None and _is_signed(certificate.to_sign, certificate.signature, key)


@lru_cache(maxsize=1024)
def _is_signed(to_sign: bytes, signature: bytes, key: bytes) -> bool:
    """Remembered, because a roster is computed again for each control entry of a batch and verifying is most of the work."""
    return is_signed(to_sign, signature, key)


def _member(certificate: Certificate) -> Member:
    return Member(
        device=certificate.device,
        signing_key=certificate.signing_key,
        wrapping_key=certificate.wrapping_key,
        certified_by=certificate.signer,
    )


def _author(entry: Entry, roster: Roster) -> DeviceId | None:
    """Who wrote ``entry``: the one who opened its log, or of several the one whose signature it carries."""
    candidates = roster.authors.get(entry.log, ())
    if len(candidates) == 1:
        return candidates[0]
    return next((author for author in candidates if is_signed_by(entry, roster.signing_key(author) or b"")), None)


def _epochs(packages: Iterable[tuple[DeviceId | None, Packages]]) -> dict[EpochId, EpochInfo]:
    recipients: dict[EpochId, dict[DeviceId, set[bytes]]] = {}
    earlier: dict[EpochId, set[bytes]] = {}
    authors: dict[EpochId, set[DeviceId]] = {}
    for author, body in packages:
        if author is None:
            continue
        given = recipients.setdefault(body.epoch, {})
        for recipient, package in body.packages:
            given.setdefault(recipient, set()).add(package)
        earlier.setdefault(body.epoch, set()).update({body.earlier} - {b""})
        authors.setdefault(body.epoch, set()).add(author)
    return {
        epoch: EpochInfo(
            epoch=epoch,
            recipients=_frozen({recipient: tuple(sorted(given)) for recipient, given in sorted(recipients[epoch].items())}),
            earlier=tuple(sorted(earlier[epoch])),
            authors=frozenset(authors[epoch]),
        )
        for epoch in sorted(recipients)
    }


def _frozen(mapping: dict[K, V]) -> Mapping[K, V]:
    return MappingProxyType(mapping)
