"""What the tasks that work with one connected node share."""

from __future__ import annotations

from dataclasses import dataclass

from peer.engine.connection import Connection
from peer.engine.progress import NodeState, Progress
from peer.engine.scheduler import Wakes
from peer.library.library import Library
from peer.library.nodes import Node
from peer.seams import RunBlocking
from store.ids import FileHash


@dataclass(frozen=True, kw_only=True)
class NodeWork:
    """``claimed`` is shared by all nodes: a file is fetched from one of them at a time. ``reports_at_once``: for a ``sync``, which ends when
    all is said."""

    library: Library
    node: Node
    connection: Connection
    progress: Progress
    state: NodeState
    wakes: Wakes
    claimed: set[FileHash]
    run_blocking: RunBlocking
    reports_at_once: bool
