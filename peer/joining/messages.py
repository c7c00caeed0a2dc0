"""The messages of a joining, their sealing, and the short code (PROTOCOL.md section 7.1). Pure.

    message = CBOR([role, step, sealed])        sealed with the ticket's key, purpose "join", aad = CBOR([role, step])

What an ``Introduction`` reveals is bound by the commitment before it: to find keys that give a wanted code, somebody in the middle
has one guess among 2^30, because both commitments are on the table before either side shows anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum

from peer.joining.errors import MalformedMessageError, UnusableNameError
from peer.joining.ticket import Ticket
from peer.keys.errors import WrappingError
from peer.keys.sealing import open_sealed, seal
from peer.keys.wrapping import check_public
from store.encoding import MalformedError, decode, encode
from store.ids import DeviceId
from store.shapes import array, number, octets
from store.signatures import SIGNING_KEY_BYTES

NONCE_BYTES = 32
MAX_NAME_CHARACTERS = 64
MAX_MESSAGE_BYTES = 8 * 1024
_PURPOSE = "join"
_JOINERS = "\u200c\u200d"
"""Invisible, but parts of emoji and of words in several scripts; all other invisible characters are refused."""


class Role(IntEnum):
    """Who sends a message."""

    INVITER = 0
    JOINER = 1


class Step(IntEnum):
    """The messages in their order."""

    JOINER_COMMITS = 0
    INVITER_COMMITS = 1
    JOINER_REVEALS = 2
    INVITER_REVEALS = 3
    JOINER_ANSWERS = 4
    INVITER_ANSWERS = 5

    @property
    def sender(self) -> Role:
        return Role.INVITER if self % 2 else Role.JOINER


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """What one side reveals: public keys (32 and 1,216 bytes), a nonce (32 bytes), and the device's name."""

    signing_key: bytes
    wrapping_key: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    name: str

    @property
    def device(self) -> DeviceId:
        return DeviceId.of(self.signing_key, self.wrapping_key)

    @property
    def keys(self) -> bytes:
        """The first three fields, which commitment and code cover."""
        return encode([self.signing_key, self.wrapping_key, self.nonce])

    @property
    def commitment(self) -> bytes:
        return hashlib.sha256(b"calotype commit" + self.keys).digest()

    def encode(self) -> bytes:
        return encode([self.signing_key, self.wrapping_key, self.nonce, self.name])


def parse_introduction(plaintext: bytes) -> Introduction:
    """What the other side revealed; ``MalformedMessageError`` for wrong lengths, a key that can't receive, a name that can't be shown."""
    try:
        signing_key, wrapping_key, nonce, name = array(decode(plaintext, limit=MAX_MESSAGE_BYTES, depth=1), 4)
        check_public(octets(wrapping_key))
        return Introduction(
            signing_key=octets(signing_key, exactly=SIGNING_KEY_BYTES),
            wrapping_key=wrapping_key,
            nonce=octets(nonce, exactly=NONCE_BYTES),
            name=check_name(name),
        )
    except (MalformedError, WrappingError, UnusableNameError):
        raise MalformedMessageError from None


def check_name(name: object) -> str:
    """``name`` when people can be shown it as it is; ``UnusableNameError`` otherwise."""
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARACTERS or name.isspace():
        raise UnusableNameError(f"A device's name has 1 to {MAX_NAME_CHARACTERS} characters.")
    if not all(character.isprintable() or character in _JOINERS for character in name):
        raise UnusableNameError("A device's name can't hold control characters.")
    return name


def seal_message(ticket: Ticket, step: Step, plaintext: bytes) -> bytes:
    """The message that goes into the box."""
    frame = [int(step.sender), int(step)]
    return encode([*frame, seal(ticket.message_key, _PURPOSE, encode(frame), plaintext)])


def open_message(ticket: Ticket, message: bytes) -> tuple[int, int, bytes]:
    """(role, step, plaintext) as the holder of the ticket who made it wrote them: they may be no role and no step.

    Raises ``MalformedError`` or ``UnsealError`` when it wasn't made with the ticket.
    """
    role, step, sealed = array(decode(message, limit=MAX_MESSAGE_BYTES, depth=1), 3)
    frame = [number(role), number(step)]
    return role, step, open_sealed(ticket.message_key, _PURPOSE, encode(frame), octets(sealed))


def encode_answer(accepted: bool) -> bytes:
    return encode([accepted])


def parse_answer(plaintext: bytes) -> bool:
    """Whether the other side accepted; ``MalformedMessageError`` when it is no answer."""
    if plaintext == encode_answer(True):
        return True
    if plaintext == encode_answer(False):
        return False
    raise MalformedMessageError


def short_code(ticket: Ticket, *, joiner: Introduction, inviter: Introduction) -> str:
    """What both screens show, for example ``04711 31337``: 30 bits over the ticket and all that was revealed but the names."""
    digest = hashlib.sha256(b"".join((b"calotype code", ticket.encode(), joiner.keys, inviter.keys))).digest()
    bits = int.from_bytes(digest[:4], "big") >> 2
    return f"{bits >> 15:05d} {bits & 0x7FFF:05d}"
