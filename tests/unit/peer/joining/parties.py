"""Two devices, a ticket, and a box: what the handshake tests are made of."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from peer.joining.handshake import Handshake, InviterHandshake, JoinerHandshake
from peer.joining.ticket import Ticket
from peer.keys.device import DeviceKeys
from store.ids import LibraryId
from tests.unit.peer.keys.seeded import Seeded, device

Side = TypeVar("Side", bound=Handshake)

TICKET = Ticket.issue(
    library=LibraryId(bytes(32)), nodes=(("https://relay.example", bytes(32)),), now=1_700_000_000_000, random=Seeded("ticket")
)
OTHER_TICKET = Ticket.issue(library=TICKET.library, nodes=TICKET.nodes, now=1_700_000_000_000, random=Seeded("another ticket"))


@cache
def keys_of(name: str) -> DeviceKeys:
    return device(name)


def side(kind: type[Side], name: str, *, ticket: Ticket = TICKET, nonce: str = "nonce") -> Side:
    keys = keys_of(name)
    return kind(ticket=ticket, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key, name=name, random=Seeded(f"{nonce} {name}"))


def pair() -> tuple[InviterHandshake, JoinerHandshake]:
    """Anna invites, Bert joins."""
    return side(InviterHandshake, "anna"), side(JoinerHandshake, "bert")


def until_comparing(inviter: Handshake, joiner: JoinerHandshake) -> list[bytes]:
    """Both have revealed; what lies in the box then."""
    box = [*joiner.start()]
    for receiver in (inviter, joiner, inviter, joiner):
        box.extend(receiver.receive(box[-1]))
    return box


def is_open(handshake: Handshake) -> bool:
    return not handshake.over
