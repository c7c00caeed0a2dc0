"""What the engine has done and is doing: numbers for ``sync`` and states for ``status``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import trio

from peer.engine.connection import Traffic
from peer.engine.holders import Holders
from peer.engine.scheduler import Broadcast, Wake
from peer.library.instants import iso_utc_or_none
from peer.library.nodes import Node
from store.ids import BlobId


@dataclass(slots=True, kw_only=True)
class Counts:
    """Since the engine started."""

    sent: int = 0
    received: int = 0
    blobs_up: int = 0
    blobs_down: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


class Fault(StrEnum):
    """What keeps a node away, or from having everything: who can do something about it depends on that."""

    NONE = ""
    UNREACHABLE = "unreachable"
    NOT_ALLOWED = "not-allowed"
    NODE_FULL = "node-full"
    NO_SPACE = "no-space"
    """On this device."""


@dataclass(slots=True, kw_only=True)
class NodeState:
    """One node as its monitor sees it. ``settled``: entries are exchanged and no upload is due now. ``name``: the device's, of a peer.
    ``address``: the one that is used. ``wanted``: a person named it, so it is missed when it is away, as relays are.
    ``report_requested``: a seen report is to be sent with the next exchange, and not when there is time. ``look_requested``: heads are
    to be compared once more, whatever the hints said.
    ``failures``: tries since a connection was last of use; ``useful``: this one was: something came or went, or both were found to have the same.
    ``lacks_here``, ``lacks_there``: entries were refused by this device, or by the node, and so that side lacks something."""

    node: Node
    name: str = ""
    address: str = ""
    wanted: bool = True
    state: str = "connecting"
    reason: str = ""
    fault: Fault = Fault.NONE
    lacks_here: bool = False
    lacks_there: bool = False
    entries_settled: bool = False
    uploads_settled: bool = False
    checkpoints_settled: bool = False
    failures: int = 0
    useful: bool = False
    report_requested: bool = False
    look_requested: bool = False
    behind: int = 0
    ahead: int = 0
    traffic: Callable[[], Traffic] | None = None

    @property
    def connected(self) -> bool:
        return self.state not in ("connecting", "away")

    @property
    def settled(self) -> bool:
        return self.connected and self.entries_settled and self.uploads_settled and self.checkpoints_settled

    def met(self, node: Node, address: str) -> None:
        """A connection was made."""
        self.node, self.address, self.useful = node, address, False
        self.reason, self.fault = "", Fault.NONE
        self.lacks_here = self.lacks_there = self.checkpoints_settled = False

    def to_json(self) -> dict[str, Any]:
        traffic = self.traffic() if self.traffic else Traffic(sent=0, received=0)
        return {
            "name": self.name or self.node.url,
            "kind": self.node.kind.value,
            "device": None if self.node.device is None else self.node.device.hex(),
            "address": self.address,
            "state": self.state,
            "last_contact": iso_utc_or_none(self.node.last_contact),
            "behind": self.behind,
            "ahead": self.ahead,
            "reason": self.reason,
            "fault": self.fault.value,
            "wanted": self.wanted,
            "wire_sent": traffic.sent,
            "wire_received": traffic.received,
        }


@dataclass(kw_only=True)
class Progress:
    """Shared by the engine's tasks; ``changed`` wakes whoever waits for all to be settled; ``committed`` says that the engine itself
    wrote into the library; ``library_changed`` that anybody did."""

    counts: Counts = field(default_factory=Counts)
    nodes: dict[int, NodeState] = field(default_factory=dict)
    changed: Broadcast = field(default_factory=Broadcast)
    committed: Wake = field(default_factory=Wake)
    library_changed: Broadcast = field(default_factory=Broadcast)
    checkpoints: trio.Lock = field(default_factory=trio.Lock)
    """Who compares or loads a checkpoint holds it: nobody does that twice at once."""
    checkpoint_blobs: set[BlobId] = field(default_factory=set)
    """Those that are on their way from some node."""
    holders: Holders = field(default_factory=Holders)
    entries_came: Callable[[], None] = lambda: None
    """Called when entries came from a node: there may be work for chores."""
    serves: bool = False
    """Other devices may bring entries to this one."""

    @property
    def one_source(self) -> bool:
        """Entries can come from one node only: what it has is known by its arrival numbers alone."""
        return len(self.nodes) < 2 and not self.serves
