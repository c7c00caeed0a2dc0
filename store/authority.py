"""Who may write what, kept up while entries are stored: the part of the roster that admitting them asks for. Pure."""

from __future__ import annotations

from store.bodies import Certification, Genesis, Open, parse_control
from store.entries import Entry, EntryKind
from store.ids import MASTER, DeviceId, LogId
from store.roster import Roster

_GIVES_AUTHORITY = frozenset({EntryKind.GENESIS, EntryKind.OPEN, EntryKind.CERTIFICATE})


class Authority:
    """Who may write what, whether or not they were removed since: the store keeps what they write, or what is stored would depend on the order
    of arrival. What of it counts is the roster's to say.

    A roster is computed from all control entries, and whoever sends thousands of them at once must not have it computed for each. What
    was admitted counts: the signer of an admitted certificate was certified, so the device that it names is from then on.
    """

    def __init__(self, roster: Roster) -> None:
        """As ``roster`` says."""
        self._keys = {device: each.signing_key for device, each in (*roster.devices.items(), *roster.former.items())}
        if roster.master is not None:
            self._keys[MASTER] = roster.master.signing_key
        self._authors = dict(roster.authors)

    def known_key(self, author: DeviceId) -> bytes | None:
        """The Ed25519 key of a device that is or was certified, or of ``MASTER``."""
        return self._keys.get(author)

    def authors(self, log: LogId) -> tuple[DeviceId, ...]:
        """All that opened a log of this id."""
        return self._authors.get(log, ())

    def stored(self, entry: Entry) -> None:
        """``entry`` was admitted and stored."""
        if entry.kind not in _GIVES_AUTHORITY:
            return
        match parse_control(entry):
            case Genesis(signing_key=key, library=library):
                self._keys[MASTER] = key
                self._authors[library.master_log()] = (MASTER,)
            case Certification(certificate=certificate):
                self._keys[certificate.device] = certificate.signing_key
            case Open(device=device):
                self._authors[entry.log] = (*self.authors(entry.log), *({device} - {*self.authors(entry.log)}))
