"""What is remembered of a node."""

from __future__ import annotations

from peer.library.library import Library
from store.ids import StoreId


def test_it_is_worth_something_only_for_the_stores_that_it_was_learned_of(library: Library) -> None:
    relay = library.nodes.add("https://relay.example.org", bytes(32)).number
    here, restored = StoreId(b"h" * 16), StoreId(b"r" * 16)
    assert library.nodes.met(relay, here, 1)
    library.nodes.advance(relay, cursor=7, pushed=5, now=2)
    assert not library.nodes.met(relay, here, 3)
    assert [(node.store, node.cursor, node.pushed) for node in library.nodes.all()] == [(here, 7, 5)]
    assert library.nodes.met(relay, restored, 4)
    assert [(node.store, node.cursor, node.pushed) for node in library.nodes.all()] == [(restored, 0, 0)]
