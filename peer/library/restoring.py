"""From a relay and the recovery phrase to a member: what ``calotype restore`` writes (PROTOCOL.md section 3.2).

The phrase is needed for no longer than that: it opens the epochs, signs the certificate of a new device and gives it packages. The old devices
stay members until somebody removes them.
"""

from __future__ import annotations

from peer.keys.certificates import issue_certificate
from peer.keys.master import MasterKeys
from peer.library.epochs import packages_in_portions
from peer.library.library import Library
from store.bodies import Certification
from store.entries import EntryKind


def admit_by_phrase(library: Library, master: MasterKeys) -> None:
    """Make this device a member in the name of the recovery phrase, with a package for each epoch. All that is at the node has to be
    applied here before: the master log goes on after its newest entry."""
    certificate = issue_certificate(
        master, library=library.id, signing_key=library.keys.signing_key, wrapping_key=library.keys.wrapping_key
    )
    with library.database.write():
        author = library.master_author(master)
        author.control(EntryKind.CERTIFICATE, Certification(certificate=certificate).encode())
        for epoch in library.keyring().values():
            for body in packages_in_portions(library, epoch, {library.device: library.keys.wrapping_key}):
                author.control(EntryKind.PACKAGES, body.encode())
