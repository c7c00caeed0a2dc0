"""What can happen in the world: what people do, and what breaks."""

from __future__ import annotations

from tests.simulation.acts import (
    albums,
    clocks,
    composites,
    deleting,
    devices,
    disks,
    editing,
    networks,
    photos,
    relays,
    storage,
    undoing,
    versions,
)
from tests.simulation.acts.act import ACTS, FAULTS, WEIGHTS

__all__ = [
    "ACTS",
    "FAULTS",
    "WEIGHTS",
    "albums",
    "clocks",
    "composites",
    "deleting",
    "devices",
    "disks",
    "editing",
    "networks",
    "photos",
    "relays",
    "storage",
    "undoing",
    "versions",
]
