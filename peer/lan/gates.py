"""By which name a peer is asked for (PROTOCOL.md section 7.3). Pure.

    name = nonce (12 bytes) | first 16 bytes of HMAC-SHA256(key, "calotype gate" | nonce), in small hexadecimal digits

It travels as the server name of TLS, in the clear, before either side has shown anything. Only who knows the key of a gate can make one, and
each dial makes another. So a stranger who connects is turned away before it is shown a certificate, by which a device could be known again
elsewhere. Who has recorded a name may repeat it, and is then shown that certificate, and nothing else: what protects the library are the
certificates of both sides.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from peer.joining.ticket import Ticket
from peer.keys.derivation import derive
from store.ids import LibraryId

NONCE_BYTES = 12
_MAC_BYTES = 16
_NAME = re.compile(rf"[0-9a-f]{{{2 * (NONCE_BYTES + _MAC_BYTES)}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Gate:
    """32 bytes that all know who may ask."""

    key: bytes = field(repr=False)

    def name(self, nonce: bytes) -> str:
        """A name to ask by. ``nonce``: 12 random bytes, used once."""
        return nonce.hex() + self._mac(nonce).hex()

    def opens_for(self, name: str | None) -> bool:
        """Whether who asks by ``name`` knows the key."""
        if name is None or not _NAME.fullmatch(name):
            return False
        asked = bytes.fromhex(name)
        return hmac.compare_digest(asked[NONCE_BYTES:], self._mac(asked[:NONCE_BYTES]))

    def _mac(self, nonce: bytes) -> bytes:
        return hmac.digest(self.key, b"calotype gate" + nonce, hashlib.sha256)[:_MAC_BYTES]


def members_gate(library: LibraryId) -> Gate:
    """For the members of a library, and whoever else was told its id."""
    return Gate(derive(library, b"calotype gate"))


def invitation_gate(ticket: Ticket) -> Gate:
    """For who has the ticket."""
    return Gate(derive(ticket.secret, b"calotype invitation gate"))
