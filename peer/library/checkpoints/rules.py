"""When checkpoints are written, in one place; tests bring smaller numbers."""

from __future__ import annotations

from dataclasses import dataclass

HOUR_MS = 60 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """``entries``: as many must have come since the last settled checkpoint, and ``share`` of its bytes. ``pending_ms``: for so long nobody writes
    another one while one isn't settled; after that it may never be. ``agreeing``: how many devices must acknowledge a checkpoint before it is
    settled (unless there are fewer) and before entries go, so that never one device's word alone decides. ``longest_delay``, in seconds: whoever
    writes waits up to that long first. ``prune_seconds``: how often it is looked whether entries may go, when nothing happens."""

    entries: int = 1000
    share: float = 0.5
    pending_ms: int = 24 * HOUR_MS
    agreeing: int = 2
    longest_delay: float = 60.0
    prune_seconds: float = 3600.0


RULES = Rules()
