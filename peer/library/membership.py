"""Letting a device in: its certificate, and a package for each epoch."""

from __future__ import annotations

from peer.keys.certificates import issue_certificate
from peer.keys.packages import make_packages
from peer.library.library import Library
from store.bodies import Certification
from store.entries import EntryKind
from store.ids import DeviceId, EpochId


def admit(library: Library, *, signing_key: bytes, wrapping_key: bytes) -> DeviceId:
    """Make the device with these public keys a member that can read everything. Certificate and packages are stored together."""
    certificate = issue_certificate(library.keys, library=library.id, signing_key=signing_key, wrapping_key=wrapping_key)
    with library.database.write():
        library.author().control(EntryKind.CERTIFICATE, Certification(certificate=certificate).encode())
        supply_packages(library)
    return certificate.device


def supply_packages(library: Library) -> int:
    """Make the packages that members or the master lack, as far as this device knows the epochs' secrets. How many."""
    made = 0
    with library.database.write():
        roster, keyring = library.roster(), library.keyring()
        lacking: dict[EpochId, dict[DeviceId, bytes]] = {}
        for epoch, recipient in roster.needs_package():
            key = roster.wrapping_key(recipient)
            if epoch in keyring and key is not None:
                lacking.setdefault(epoch, {})[recipient] = key
        for epoch, recipients in lacking.items():
            body = make_packages(keyring[epoch], library=library.id, recipients=recipients, known=keyring)
            if body.packages:
                library.author().control(EntryKind.PACKAGES, body.encode())
                made += len(body.packages)
    return made
