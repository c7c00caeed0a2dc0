"""The one judgement of what a store takes in, the same on relays and peers (PROTOCOL.md section 3).

An entry is admitted when all of this holds, looked at in this order:

1. it is for this library;
2. its kind may stand where it stands: `genesis` exactly at the start of the master log, `open` exactly at the start of
   every other log; in the master log only what the master writes, in the others only what devices write;
3. its predecessor and deps, as far as they are stored, are what it says that they are: the log and the number of each;
4. its author signed it. The author is the master, once a genesis whose keys hash to the library id is stored (or is the
   entry itself), or a device that is or was certified: for an `open` the device that it names, so an open that names another
   device fails here; else the author of the predecessor. While the predecessor isn't stored, any who opened a log of that
   id will do, so that bytes that were tampered with are refused and don't wait. Until the author is known, the entry *waits*;
5. its predecessor and deps are all stored, or lie below a settled checkpoint on a node that goes by that. Else a control entry that is needed
   before them (``DETACHABLE``) is admitted *detached*: it counts in the roster at once. Everything else *waits*;
6. the body of a control entry is what its kind demands; a certificate is for this library and signed by the entry's author.

Who keeps a detached entry asks again when what it builds on is there. If it is refused then (its predecessor isn't what it says), it is
dropped: where the predecessor came first it was never stored, and what is stored must not depend on the order of arrival.

Whether its author was removed makes no difference, for the same reason. Seen reports are for the living: of a removed device none is kept.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from store.authority import Authority
from store.bodies import Certification, Genesis, Open, parse_control
from store.branches import Position
from store.certificates import verify_certificate
from store.entries import Entry, EntryKind, is_signed_by
from store.errors import RefusedError
from store.ids import MASTER, NO_ENTRY, DeviceId, EntryHash, LibraryId, LogId
from store.roster import Roster
from store.seen import SeenReport, newer, parse_seen, verify_seen

MASTER_WRITES = frozenset({EntryKind.GENESIS, EntryKind.CERTIFICATE, EntryKind.PACKAGES, EntryKind.REMOVE})
DEVICES_WRITE = frozenset(EntryKind) - {EntryKind.GENESIS}
DETACHABLE = frozenset(EntryKind) - {EntryKind.CHANGE}
"""Who may write, under which keys, and from where on: what a node has to know before it can take in, or fetch, anything else. And all other
control entries, because they are never pruned: a newcomer has to have them before it adopts the skeleton that they are part of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a store knows of an entry without reading it."""

    log: LogId
    author: DeviceId
    position: Position
    is_tip: bool
    """Whether it ends its branch."""


class StoredEntries(Protocol):
    """What the judgement asks a store."""

    @property
    def library(self) -> LibraryId: ...

    def find(self, name: EntryHash) -> Stored | None: ...

    def lies_below(self, log: LogId, seq: int) -> bool:
        """Whether a settled checkpoint covers this number of a log, for a node that goes by that (a relay): then an entry may be there or not."""
        ...

    def authority(self) -> Authority: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """May be stored. ``previous`` is where it joins on; ``None`` at the start of a log, and when that isn't stored."""

    author: DeviceId
    previous: Stored | None
    is_detached: bool
    """Something that it builds on isn't there: it is kept and counts in the roster, but no other entry builds on it before it is attached."""


class _Author(NamedTuple):
    device: DeviceId
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Can't be judged before these are stored."""

    missing: tuple[EntryHash, ...]


def admit(entry: Entry, stored: StoredEntries) -> Admitted | Waiting:
    """The judgement, by the rules above. ``RefusedError`` names the one that is broken."""
    if entry.library != stored.library:
        raise RefusedError("other-library", f"entry {entry.name.short()} is of library {entry.library.short()}")
    _check_place(entry)
    found = {name: stored.find(name) for name in entry.needs}
    absent = tuple(name for name, there in found.items() if there is None)
    previous = None if entry.previous == NO_ENTRY else found[entry.previous]
    _check_chain(entry, previous, found)
    author = _signer(entry, _candidates(entry, previous, stored.authority()))
    if author is None:
        if absent:
            return Waiting(missing=absent)
        raise RefusedError("not-allowed-author", f"the author of entry {entry.name.short()} isn't a member")
    missing = _not_below(entry, absent, stored) if absent else ()
    if missing and entry.kind not in DETACHABLE:
        return Waiting(missing=missing)
    _check_body(entry, author)
    return Admitted(author=author.device, previous=previous, is_detached=bool(missing))


def admit_report(raw: bytes, stored: StoredEntries, known: Collection[SeenReport], roster: Roster) -> SeenReport | None:
    """The seen report that ``raw`` is, when it should be kept: by a member, newer than that of the same device among ``known``, and all that
    it covers is stored. ``RefusedError``: as ``parse_seen``, `other-library`, `not-allowed-author`, `bad-signature`, `bad-chain`."""
    report = parse_seen(raw)
    if report in known:
        return None
    if report.library != stored.library:
        raise RefusedError("other-library", f"a seen report of library {report.library.short()}")
    key = roster.known_key(report.device)
    if key is None or report.device == MASTER:
        raise RefusedError("not-allowed-author", f"device {report.device.short()} isn't a member")
    verify_seen(report, key)
    if not roster.is_member(report.device):
        return None  # who passes it on didn't know
    if any(other.device == report.device and not newer(report, other) for other in known):
        return None
    for log, tip in report.heads.tips():
        found = stored.find(tip.name)
        if found is None and stored.lies_below(log, tip.seq):
            continue
        if found is None:
            return None
        if (found.log, found.position.seq) != (log, tip.seq):
            raise RefusedError("bad-chain", f"a seen report puts entry {tip.name.short()} where it isn't")
    return report


def _not_below(entry: Entry, absent: tuple[EntryHash, ...], stored: StoredEntries) -> tuple[EntryHash, ...]:
    """Those of the absent that no settled checkpoint makes up for."""
    places = {dep.name: (dep.log, dep.seq) for dep in entry.deps} | {entry.previous: (entry.log, entry.seq - 1)}
    return tuple(name for name in absent if not stored.lies_below(*places[name]))


def _check_place(entry: Entry) -> None:
    is_master_log = entry.log == entry.library.master_log()
    first = EntryKind.GENESIS if is_master_log else EntryKind.OPEN
    if (entry.seq == 0) != (entry.kind is first):
        raise RefusedError("bad-chain", f"{entry.kind.name.lower()} can't stand at number {entry.seq} of log {entry.log.short()}")
    if entry.kind not in (MASTER_WRITES if is_master_log else DEVICES_WRITE):
        raise RefusedError("not-allowed-author", f"{entry.kind.name.lower()} can't stand in log {entry.log.short()}")


def _check_chain(entry: Entry, previous: Stored | None, found: dict[EntryHash, Stored | None]) -> None:
    if previous is not None and (previous.log, previous.position.seq + 1) != (entry.log, entry.seq):
        raise RefusedError("bad-chain", f"entry {entry.name.short()} doesn't follow the one that it names as its predecessor")
    for dep in entry.deps:
        there = found[dep.name]
        if there is not None and (there.log, there.position.seq) != (dep.log, dep.seq):
            raise RefusedError("bad-chain", f"entry {entry.name.short()} names a dep where it isn't")


def _candidates(entry: Entry, previous: Stored | None, authority: Authority) -> list[_Author]:
    """Who may have signed; nobody when the author isn't known here, or isn't a member."""
    body = parse_control(entry) if entry.seq == 0 else None
    if isinstance(body, Genesis):
        if body.library != entry.library:
            raise RefusedError("not-allowed-author", "a genesis with the keys of another library")
        return [_Author(MASTER, body.signing_key)]
    if isinstance(body, Open):
        devices: tuple[DeviceId, ...] = (body.device,) if body.device != MASTER else ()
    else:
        devices = (previous.author,) if previous else authority.authors(entry.log)
    keys = ((device, authority.known_key(device)) for device in devices)
    return [_Author(device, key) for device, key in keys if key is not None]


def _signer(entry: Entry, candidates: list[_Author]) -> _Author | None:
    """Who did sign; ``None`` when there is no candidate. ``RefusedError`` (`bad-signature`) when it was none of them."""
    for candidate in candidates:
        if is_signed_by(entry, candidate.key):
            return candidate
    if candidates:
        raise RefusedError("bad-signature", f"entry {entry.name.short()} isn't signed by the author of its log")
    return None


def _check_body(entry: Entry, author: _Author) -> None:
    body = None if entry.kind is EntryKind.CHANGE else parse_control(entry)
    if not isinstance(body, Certification):
        return
    certificate = body.certificate
    if certificate.library != entry.library:
        raise RefusedError("other-library", f"a certificate of library {certificate.library.short()}")
    if certificate.signer != author.device:
        raise RefusedError("not-allowed-author", "a certificate by somebody else than the author of its entry")
    verify_certificate(certificate, author.key)
