"""What ``status`` says about checkpoints: who is waited for, and what is stuck."""

from __future__ import annotations

from collections.abc import Iterator

from peer.library.checkpoints.pruning import holding_back
from peer.library.checkpoints.settling import waited_for
from peer.library.checkpoints.table import differing, problems
from peer.library.library import Library
from store.ids import DeviceId


def held_back_by(library: Library) -> frozenset[DeviceId]:
    """The devices that keep a checkpoint from being settled, or entries from being given up for one."""
    return waited_for(library) | holding_back(library)


def stuck(library: Library) -> Iterator[tuple[str, str]]:
    """(What, why)."""
    for name, reason in differing(library):
        yield f"checkpoint {name.short()}", f"it doesn't say what is here: {reason}"
    if library.is_loading:
        yield "checkpoint", "what others did while this device was away is being taken in"
    yield from (("checkpoint", reason) for reason in problems(library))
