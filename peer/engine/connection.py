"""What the engine needs of a node, whichever kind of node it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from peer.library.nodes import Node
from relay.api import LibraryApi
from store.ids import StoreId


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Bytes over the wire, headers included, since the connection was opened."""

    sent: int
    received: int


class Way(Protocol):
    """An open, authenticated way to one library on one node. ``clock_offset``: how many milliseconds the node's clock is ahead of ours."""

    @property
    def api(self) -> LibraryApi: ...

    @property
    def store(self) -> StoreId: ...

    @property
    def clock_offset(self) -> int: ...

    def traffic(self) -> Traffic: ...


class Connection(Way, Protocol):
    """A way that an engine uses. ``address``: where the node was reached, for people."""

    @property
    def address(self) -> str: ...


Connect = Callable[[Node], AbstractAsyncContextManager[Connection]]
"""Dials a node, checks its pinned key, opens a session. Raises ``relay.errors.SyncError``."""
