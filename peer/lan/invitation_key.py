"""The throw-away key of an invitation: who has the ticket has it, and proves it by TLS."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peer.joining.ticket import Ticket
from peer.keys.derivation import derive


def invitation_key(ticket: Ticket) -> Ed25519PrivateKey:
    """An Ed25519 key that comes from the ticket's secret."""
    return Ed25519PrivateKey.from_private_bytes(derive(ticket.secret, b"calotype invitation certificate"))
