"""Tickets: what a person carries from a member to a new device (PROTOCOL.md section 7.1).

    ticket = "calotype1:" | base64url(CBOR([library, secret, expires, [[url, node key], …]]) | first 4 bytes of SHA-256(of that CBOR))

A node is a relay (``https://…``), or the inviting device on the local network (``lan://HOST:PORT``, its key is that device's signing key).
The checksum is against slips of copying, not against people: whoever has a ticket can make another with other addresses.
What protects is the code that both screens show.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import segno

from peer.joining.errors import DamagedTicketError, NewerTicketError, NotATicketError
from peer.keys.derivation import derive
from peer.place import Place, parse_place
from peer.seams import Randomness
from store.encoding import MalformedError, decode, encode
from store.ids import LibraryId
from store.shapes import array, identifier, number, octets, several
from store.signatures import SIGNING_KEY_BYTES

SECRET_BYTES = 16
MAILBOX_BYTES = 16
MAX_NODES = 8
MAX_URL_CHARACTERS = 256
MAX_TEXT_CHARACTERS = 8192
LIFETIME_MS = 10 * 60 * 1000
_PREFIX = "calotype1:"
_LAN = "lan://"
_CHECKSUM_BYTES = 4
_MAX_CONTENT_BYTES = 2000
"""What fits into one QR code as text, with room to spare."""

_DEPTH = 3
_ANY_VERSION = re.compile(r"calotype[0-9]+:", re.ASCII)
_URL_CHARACTERS = re.compile(r"[!-~]+", re.ASCII)

Node = tuple[str, bytes]
"""(url, public Ed25519 key of the node)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An invitation into ``library``.

    ``secret``: 16 bytes, in no text; ``expires``: milliseconds since 1970; ``nodes``: where the inviter can be met.
    Raises ``ValueError`` when a limit of the format is broken.
    """

    library: LibraryId
    secret: bytes = field(repr=False)
    expires: int
    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        octets(self.secret, exactly=SECRET_BYTES)
        number(self.expires)
        several([*self.nodes], _check_node, at_most=MAX_NODES)
        octets(self.encode(), at_most=_MAX_CONTENT_BYTES)

    @classmethod
    def issue(cls, *, library: LibraryId, nodes: tuple[Node, ...], now: int, random: Randomness) -> Self:
        """A new ticket that is good for ten minutes from ``now``."""
        return cls(library=library, secret=random(SECRET_BYTES), expires=now + LIFETIME_MS, nodes=nodes)

    @property
    def relays(self) -> tuple[Node, ...]:
        """The nodes that are relays."""
        return tuple(node for node in self.nodes if not node[0].startswith(_LAN))

    @property
    def neighbours(self) -> tuple[tuple[Place, bytes], ...]:
        """Where the inviting device says that it is on the local network, each with its signing key."""
        return tuple((parse_place(url.removeprefix(_LAN)), key) for url, key in self.nodes if url.startswith(_LAN))

    @property
    def discovery_key(self) -> bytes:
        """By this the two devices find each other on the local network."""
        return derive(self.secret, b"calotype invitation discovery")

    @property
    def mailbox(self) -> bytes:
        """The name of the box through which the two devices talk, 16 bytes."""
        return derive(self.secret, b"calotype mailbox")[:MAILBOX_BYTES]

    @property
    def message_key(self) -> bytes:
        """Seals the messages of the handshake."""
        return derive(self.secret, b"calotype join")

    def expired(self, now: int) -> bool:
        """Whether the ticket is no longer good at ``now`` (milliseconds since 1970)."""
        return now >= self.expires

    def encode(self) -> bytes:
        """The CBOR inside the text; the short code covers it."""
        return encode([self.library, self.secret, self.expires, [[url, key] for url, key in self.nodes]])

    def to_text(self) -> str:
        """The line that a person copies."""
        content = self.encode()
        return _PREFIX + base64.urlsafe_b64encode(content + _checksum(content)).rstrip(b"=").decode("ascii")


def parse_ticket(text: str) -> Ticket:
    """The ticket that a person pasted; spaces and line breaks in it don't matter.

    Raises ``NotATicketError``, ``NewerTicketError`` or ``DamagedTicketError``. Whether it has expired is for the caller to ask.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise NotATicketError
    joined = "".join(text.split())
    if not joined.startswith(_PREFIX):
        raise NewerTicketError if _ANY_VERSION.match(joined) else NotATicketError
    try:
        return _parse_content(_decode_text(joined[len(_PREFIX) :]))
    except ValueError:
        raise DamagedTicketError from None  # without the cause: it could quote the ticket


def lan_node(place: Place, key: bytes) -> Node:
    """The inviting device, with its signing key, at one of its places."""
    return f"{_LAN}{place}", key


def qr_text(ticket: Ticket) -> str:
    """The ticket as a QR code for a terminal: lines of half blocks, no colours."""
    drawn = io.StringIO()
    segno.make_qr(ticket.to_text(), error="l").terminal(drawn, border=2, compact=True)
    return drawn.getvalue()


def _decode_text(encoded: str) -> bytes:
    data = base64.b64decode(encoded.encode("ascii") + b"=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != encoded:
        raise binascii.Error("not canonical base64url")
    content, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if checksum != _checksum(content):
        raise MalformedError("wrong checksum")
    return content


def _parse_content(content: bytes) -> Ticket:
    library, secret, expires, nodes = array(decode(content, limit=_MAX_CONTENT_BYTES, depth=_DEPTH), 4)
    return Ticket(
        library=identifier(LibraryId, library),
        secret=octets(secret),
        expires=number(expires),
        nodes=several(nodes, lambda node: _check_node(tuple(array(node, 2))), at_most=MAX_NODES),
    )


def _check_node(node: Any) -> Node:
    url, key = node
    if type(url) is not str or len(url) > MAX_URL_CHARACTERS or not _is_address(url):
        raise MalformedError("a node without a usable address")
    return url, octets(key, exactly=SIGNING_KEY_BYTES)


def _is_address(url: str) -> bool:
    if not _URL_CHARACTERS.fullmatch(url):
        return False
    if url.startswith(_LAN):
        return _is_place(url.removeprefix(_LAN))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and port != 0


def _is_place(text: str) -> bool:
    """In its one spelling, and without a scope, which means something on one machine only."""
    try:
        place = parse_place(text)
    except ValueError:
        return False
    return str(place) == text and "%" not in text


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:_CHECKSUM_BYTES]
