"""What the tasks that work with one connected node share."""

from __future__ import annotations

from dataclasses import dataclass

from peer.engine.connection import Connection
from peer.engine.fetching import Fetching
from peer.engine.progress import NodeState, Progress
from peer.engine.scheduler import Wakes
from peer.engine.served import Served
from peer.engine.turns import Turns
from peer.library.library import Library
from peer.library.nodes import Node
from peer.seams import RunBlocking


@dataclass(frozen=True, kw_only=True)
class NodeWork:
    """``fetching`` and ``turns`` are shared by all nodes. ``served``: this device as a node for others, if it is one. ``reports_at_once``: for a
    ``sync``, which ends when all is said."""

    library: Library
    node: Node
    connection: Connection
    progress: Progress
    state: NodeState
    wakes: Wakes
    fetching: Fetching
    turns: Turns
    served: Served | None
    run_blocking: RunBlocking
    reports_at_once: bool

    @property
    def is_followed(self) -> bool:
        """Whether the node is connected to this device too, and so comes for entries, and brings its own, by itself."""
        return self.served is not None and self.node.device in self.served.connected
