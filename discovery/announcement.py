"""What a device announces, and what a stranger's announcement is worth (PROTOCOL.md section 7.2). Pure.

An announcement is a service ``<instance>._calotype._tcp.local.`` on the host ``<instance>.local.``: a port, addresses, and the TXT strings
``v=1`` and ``t=<base64url of the tags>`` (RFC 6763 section 6). Neither name nor text says anything about the machine or the person.

Every byte of a received one is hostile: what isn't exactly as a device would write it is no announcement, what is too much is cut off.
TXT strings with other keys are passed over; so later versions may add some.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import islice

from discovery.tags import MAX_TAGS, InstanceName, Tag
from store.encoding import MalformedError

SERVICE_TYPE = "_calotype._tcp.local."
HOST_DOMAIN = "local."
MAX_ADDRESSES = 16
MAX_TEXT_BYTES = 1024
_EXAMINED_ADDRESSES = 128
_VERSION = b"1"

Address = IPv4Address | IPv6Address
"""An IPv6 address that is link-local carries the index of the interface where it was seen as its ``scope_id``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Where an instance says that it can be reached, and its tags (1 to 16).

    ``addresses``: 1 to 16. ``ValueError`` when a limit is broken.
    """

    instance: InstanceName
    port: int
    addresses: tuple[Address, ...]
    tags: tuple[Tag, ...]

    def __post_init__(self) -> None:
        if not 0 < self.port < 1 << 16:
            raise ValueError("not a port")
        if not 0 < len(self.addresses) <= MAX_ADDRESSES:
            raise ValueError(f"an announcement has 1 to {MAX_ADDRESSES} addresses")
        if not 0 < len(self.tags) <= MAX_TAGS:
            raise ValueError(f"an announcement has 1 to {MAX_TAGS} tags")


def service_name(instance: InstanceName) -> str:
    """The full name of its service."""
    return f"{instance}.{SERVICE_TYPE}"


def host_name(instance: InstanceName) -> str:
    """The full name of the host that it claims to be: never the machine's own."""
    return f"{instance}.{HOST_DOMAIN}"


def parse_service_name(name: str) -> InstanceName | None:
    """The instance of a full service name; ``None`` when no device of ours would have written it."""
    instance, dot, kind = name.partition(".")
    try:
        return InstanceName(instance) if dot and kind == SERVICE_TYPE else None
    except ValueError:
        return None


def encode_text(tags: Iterable[Tag]) -> bytes:
    """The content of the TXT record: strings, each after a byte with its length."""
    encoded = base64.urlsafe_b64encode(b"".join(tags)).rstrip(b"=")
    return b"".join(bytes([len(each)]) + each for each in (b"v=" + _VERSION, b"t=" + encoded))


def parse_text(text: bytes) -> tuple[Tag, ...]:
    """The tags in a TXT record; ``MalformedError`` when it is none of ours, or of another version."""
    if len(text) > MAX_TEXT_BYTES:
        raise MalformedError("the TXT record is too long")
    values: dict[bytes, bytes] = {}
    for string in _strings(text):
        name, equals, value = string.partition(b"=")
        if equals:
            values.setdefault(name.lower(), value)  # RFC 6763 section 6.4: names in any case, the first one counts
    if values.get(b"v") != _VERSION:
        raise MalformedError("not of version 1")
    return _parse_tags(values.get(b"t", b""))


def parse_announcement(
    *, name: str, server: str | None, port: int | None, text: bytes, addresses: Iterable[str], loopback: bool
) -> Announcement:
    """What a resolved service says. ``loopback``: whether addresses of this machine alone count, for devices that share one.

    Raises ``MalformedError`` when a part is missing or not as a device writes it.
    """
    instance = parse_service_name(name)
    if instance is None or server is None or server.lower() != host_name(instance):
        raise MalformedError("a name that no device has")
    try:
        return Announcement(
            instance=instance, port=port or 0, addresses=usable_addresses(addresses, loopback=loopback), tags=parse_text(text)
        )
    except MalformedError:
        raise
    except ValueError as error:
        raise MalformedError(str(error)) from error


def usable_addresses(texts: Iterable[str], *, loopback: bool) -> tuple[Address, ...]:
    """The first 16 addresses that one can connect to, each once, sorted so that the same ones always look the same."""
    found = dict.fromkeys(
        address for text in islice(texts, _EXAMINED_ADDRESSES) if (address := _parse_address(text)) and is_usable(address, loopback)
    )
    return tuple(sorted(islice(found, MAX_ADDRESSES), key=lambda address: (address.version, int(address), str(address))))


def is_usable(address: Address, loopback: bool) -> bool:
    """Whether a connection to it could lead to one device on this network."""
    if address.is_loopback:
        return loopback
    if address.is_multicast or address.is_unspecified or (address.is_reserved and address.version == 4):
        return False
    if isinstance(address, IPv4Address):
        return int(address) >> 24 != 0
    if address.ipv4_mapped is not None:
        return False
    return address.is_link_local == (address.scope_id is not None)


def _parse_address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.scope_id is not None and not address.is_link_local:
        return IPv6Address(int(address))
    return address


def _strings(text: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(text):
        end = position + 1 + text[position]
        if end > len(text):
            raise MalformedError("a TXT string that ends too early")
        yield text[position + 1 : end]
        position = end


def _parse_tags(encoded: bytes) -> tuple[Tag, ...]:
    try:
        joined = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise MalformedError("tags that aren't base64url") from error
    count, rest = divmod(len(joined), Tag.SIZE)
    if rest or not 0 < count <= MAX_TAGS or base64.urlsafe_b64encode(joined).rstrip(b"=") != encoded:
        raise MalformedError("tags of a wrong length")
    return tuple(Tag(joined[start : start + Tag.SIZE]) for start in range(0, len(joined), Tag.SIZE))
