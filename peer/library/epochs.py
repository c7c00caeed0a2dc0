"""The epoch that this device writes under: which one, when another begins, and that everybody gets its key.

- Valid for writing is an epoch that the master and nobody but members was given, by nobody but members (``Roster.write_epochs``). Of those
  whose key this device has it takes the one with the smallest id, so that all come to write under the same.
- When there is none (a device was removed and its remover was too, or two devices were removed at once), a write begins one at once. Who
  doesn't write waits a random while first (``peer.engine.epoch_keeper``), so that few are begun.
- The packages of an epoch are only as good as who made them: a member that means harm may begin one whose packages open for nobody, and
  what is written under it would be lost to the others and to the recovery phrase. So before a device first writes under an epoch that another
  device began, it makes packages for everyone itself, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from peer.keys.epochs import Epoch
from peer.keys.packages import make_packages
from peer.library.standing import require_membership
from store.bodies import Packages, Remove, parse_control
from store.entries import EntryKind
from store.ids import MASTER, DeviceId, EpochId
from store.sqlite_rows import LibraryRows

if TYPE_CHECKING:
    from peer.library.library import Library

PACKAGES_AT_ONCE = 256
"""Recipients of one entry, so that it stays well below the limit of an entry, however many devices somebody lets in."""


def valid_epoch(library: Library) -> Epoch | None:
    """The epoch to write under; ``None`` when there is none, or none whose key is here."""
    keyring = library.keyring()
    return next((keyring[epoch] for epoch in library.roster().write_epochs() if epoch in keyring), None)


def needs_epoch(library: Library) -> bool:
    """Whether this device is a member and can't write before an epoch is begun."""
    return not library.is_loading and library.roster().is_member(library.device) and valid_epoch(library) is None


def ready_epoch(library: Library) -> Epoch:
    """The epoch to write under now, begun if need be, and packaged by this device if another device began it. Writes control entries
    for that; ``NotMemberHereError`` on a device that may not write."""
    require_membership(library.roster(), library.device)
    epoch = valid_epoch(library)
    if epoch is None:
        return begin_epoch(library)
    if not _is_noted(library, epoch.id):
        with library.database.write():
            _package_for_everyone(library, epoch)
    return epoch


def begin_epoch(library: Library) -> Epoch:
    """A new epoch, with packages for all members and the master."""
    epoch = Epoch.generate(library.randomness)
    with library.database.write():
        write_packages(library, epoch, recipient_keys(library))
        note_packaged(library, epoch.id)
    return epoch


def recipient_keys(library: Library) -> dict[DeviceId, bytes]:
    """The wrapping keys of everyone who should have a package."""
    roster = library.roster()
    keys = ((recipient, roster.wrapping_key(recipient)) for recipient in roster.recipients())
    return {recipient: key for recipient, key in keys if key is not None}


def write_packages(library: Library, epoch: Epoch, recipients: Mapping[DeviceId, bytes]) -> int:
    """Packages by this device in its log, in as many entries as it takes. How many packages."""
    made = 0
    for body in packages_in_portions(library, epoch, recipients):
        library.author().control(EntryKind.PACKAGES, body.encode())
        made += len(body.packages)
    return made


def packages_in_portions(library: Library, epoch: Epoch, recipients: Mapping[DeviceId, bytes]) -> Iterator[Packages]:
    """Bodies with the packages for ``recipients``, the master first: what it has can be restored."""
    in_order = sorted(recipients.items())
    for start in range(0, len(in_order), PACKAGES_AT_ONCE):
        portion = dict(in_order[start : start + PACKAGES_AT_ONCE])
        body = make_packages(epoch, library=library.id, recipients=portion, known=library.keyring())
        if body.packages:
            yield body


def note_packaged(library: Library, epoch: EpochId) -> None:
    """This device needs no further packages before it writes under the epoch."""
    with library.database.write() as connection:
        connection.execute("INSERT OR IGNORE INTO epoch_packaged VALUES (?)", (epoch,))


def _is_noted(library: Library, epoch: EpochId) -> bool:
    with library.database.read() as connection:
        return connection.execute("SELECT 1 FROM epoch_packaged WHERE epoch = ?", (epoch,)).fetchone() is not None


def _package_for_everyone(library: Library, epoch: Epoch) -> None:
    by_master, by_us = _given(library, epoch.id)
    if MASTER not in by_master:
        keys = recipient_keys(library)
        write_packages(library, epoch, {recipient: keys[recipient] for recipient in keys.keys() - by_us - {library.device}})
    note_packaged(library, epoch.id)


def _given(library: Library, epoch: EpochId) -> tuple[set[DeviceId], set[DeviceId]]:
    """Whom the master gave packages of an epoch, and whom this device did."""
    by_master: set[DeviceId] = set()
    by_us: set[DeviceId] = set()
    roster = library.roster()
    with library.database.read() as connection:
        for entry in LibraryRows(connection, library.id).roster_entries():
            author = roster.logs.get(entry.log)
            if author not in (MASTER, library.device) or entry.kind not in (EntryKind.PACKAGES, EntryKind.REMOVE):
                continue
            body = parse_control(entry)
            if isinstance(body, (Packages, Remove)) and body.epoch == epoch:
                (by_master if author == MASTER else by_us).update(recipient for recipient, _ in body.packages)
    return by_master, by_us
