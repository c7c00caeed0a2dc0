"""Which id an import's asset gets after purges (PROTOCOL.md section 6). Pure.

A purged id is kept for ever and filters every update to it. Bringing the same bytes back makes the next generation: the smallest
whose id isn't purged, so it is the same on every device that knows the same purges.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from store.ids import FileHash, RecordId


def generation_for(file_hash: FileHash, purged: Callable[[RecordId], bool]) -> RecordId:
    """The asset that has, or would get, ``file_hash`` as its primary file. ``purged`` is asked once for each generation."""
    return next(asset for n in count() if not purged(asset := RecordId.asset(file_hash, n)))
