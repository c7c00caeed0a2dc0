"""Where a client may connect to: https anywhere, plain http only on this machine. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from relay.errors import AddressError


def parse_node_url(text: str) -> str:
    """The address of a node in its one spelling, without a slash at the end; ``AddressError`` says what is wrong with it."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressError("this is not an address; it should look like https://relay.example.org") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressError("the address of a node begins with https:// and names a host")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise AddressError("the address of a node has no user, password, query or fragment")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise AddressError("plain http is only for this machine: over a network the address has to begin with https://")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
