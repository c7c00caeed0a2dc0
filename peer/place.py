"""Where a program listens on a network: a host and a port, and how people write them. Pure."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple

MAX_HOST_CHARACTERS = 253
"""RFC 1035 section 2.3.4; addresses are shorter."""


class Place(NamedTuple):
    """``host``: a name or an address, an IPv6 one without brackets; ``port``: 1 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_place(text: str) -> Place:
    """``HOST:PORT``, IPv6 in brackets, as people and ready files write it; ``ValueError`` with a sentence."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 1 << 16):
        raise ValueError(f"{text!r} isn't of the form HOST:PORT")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if ip_address(host).version != 6:
            raise ValueError(f"{text!r}: only an IPv6 address stands in brackets")
    elif ":" in host:
        raise ValueError(f"{text!r}: an IPv6 address is written in brackets, [{host}]:{port}")
    if not 0 < len(host) <= MAX_HOST_CHARACTERS or not host.isprintable() or set(host) & set(" /@?#"):
        raise ValueError(f"{text!r} has no host that one could connect to")
    return Place(host, int(port))
