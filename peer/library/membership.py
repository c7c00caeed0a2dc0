"""Letting a device in, and what a member does when the members changed: packages for who lacks one, and taking up what it had applied.

A device may have applied entries of another one before it learned that this was removed, and that they lie beyond the pin. Nothing is ever
unapplied. So it writes an entry that changes nothing and has them in its past: then they count everywhere, and with them whatever anybody
built on them.
"""

from __future__ import annotations

from peer.keys.certificates import issue_certificate
from peer.library.applied import applied_branches
from peer.library.epochs import write_packages
from peer.library.library import Library
from peer.library.pins import Pins
from store.bodies import Certification
from store.entries import EntryKind
from store.ids import DeviceId, EpochId
from store.sqlite_rows import LibraryRows


def admit(library: Library, *, signing_key: bytes, wrapping_key: bytes) -> DeviceId:
    """Make the device with these public keys a member that can read everything. Certificate and packages are stored together."""
    certificate = issue_certificate(library.keys, library=library.id, signing_key=signing_key, wrapping_key=wrapping_key)
    with library.database.write():
        library.author().control(EntryKind.CERTIFICATE, Certification(certificate=certificate).encode())
        supply_packages(library)
    return certificate.device


def keep_up(library: Library) -> int:
    """What the newest entries ask of a member, whoever they came from. How many packages and entries it wrote."""
    if library.is_loading or not library.roster().is_member(library.device):
        return 0
    return supply_packages(library) + take_up(library)


def supply_packages(library: Library) -> int:
    """Make the packages that members or the master lack, as far as this device knows the epochs' secrets. How many."""
    if not _lacking(library):
        return 0
    with library.database.write():
        keyring = library.keyring()
        return sum(write_packages(library, keyring[epoch], recipients) for epoch, recipients in _lacking(library).items())


def _lacking(library: Library) -> dict[EpochId, dict[DeviceId, bytes]]:
    """The wrapping keys of who lacks a package, by epoch."""
    roster, keyring = library.roster(), library.keyring()
    lacking: dict[EpochId, dict[DeviceId, bytes]] = {}
    for epoch, recipient in roster.needs_package():
        key = roster.wrapping_key(recipient)
        if epoch in keyring and key is not None:
            lacking.setdefault(epoch, {})[recipient] = key
    return lacking


def take_up(library: Library) -> int:
    """Name what was applied of removed devices beyond their pins, unless a member's entry has it in its past. How many entries."""
    if not library.roster().former or not _applied_for_nobody(library):
        return 0
    with library.database.write():
        library.author().name_applied()
    return 1


def _applied_for_nobody(library: Library) -> bool:
    """Whether something is applied that only entries of removed devices beyond their pins have in their past. Members can become former ones;
    then this is asked again."""
    roster = library.roster()
    with library.database.read() as connection:
        pins = Pins(roster, LibraryRows(connection, library.id))
        applied = applied_branches(library.database, library.id)
        beyond = [each for each in applied if each.tip.seq > pins.within(each.branch.author, each.branch)]
        counting = [each.tip.name for each in applied if each not in beyond]
        if not beyond:
            return False
        past = library.past_of(counting)
        arrivals = [connection.execute("SELECT arrival FROM past WHERE name = ?", (each.tip.name,)).fetchone() for each in beyond]
        return any(row is not None and not past.contains(int(row[0])) for row in arrivals)
