"""Where this device is on the local network, as a ticket says it."""

from __future__ import annotations

from contextlib import suppress

from discovery.announcement import Address
from discovery.interfaces import list_interfaces
from peer.joining.ticket import Node, lan_node
from peer.place import Place

MAX_ADDRESSES = 4
"""In one ticket, which has to fit into a QR code. Who isn't found by any of them is found by discovery."""

THIS_MACHINE = "127.0.0.1"


def own_addresses() -> tuple[str, ...]:
    """Addresses that others on the network can use, IPv4 first; without those that mean something on one machine only, unless there are no others:
    another library folder on this machine can be invited always. Blocking."""
    addresses: set[Address] = set()
    with suppress(OSError):
        addresses = {address for interface in list_interfaces() for address in interface.addresses if not address.is_link_local}
    chosen = sorted(addresses, key=lambda address: (address.version, int(address)))[:MAX_ADDRESSES]
    return tuple(map(str, chosen)) or (THIS_MACHINE,)


def lan_nodes(addresses: tuple[str, ...], port: int, key: bytes) -> tuple[Node, ...]:
    """The inviting device with its signing key, as a ticket names it."""
    return tuple(lan_node(Place(address, port), key) for address in addresses)
