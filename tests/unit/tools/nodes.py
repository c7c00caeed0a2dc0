"""What a device remembers of nodes, as a running peer would have noted it."""

from __future__ import annotations

from peer.library.library import Library
from store.ids import StoreId

RELAY = "https://relay.example.org"


def met_relay(library: Library, *, url: str = RELAY, pushed: int | None = None) -> int:
    """A relay that has everything that is here, or what arrived until ``pushed``. Its number."""
    node = library.nodes.add(url, bytes(32))
    library.nodes.met(node.number, StoreId(bytes(StoreId.SIZE)), library.clock.now())
    arrival = library.log.arrival()
    library.nodes.advance(node.number, cursor=arrival, pushed=arrival if pushed is None else pushed, now=library.clock.now())
    return node.number
