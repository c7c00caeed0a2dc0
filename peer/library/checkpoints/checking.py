"""What ``verify`` finds out about checkpoints: that the one which stands for pruned entries is whole, and that none says something else than is here."""

from __future__ import annotations

from peer.errors import IntegrityError
from peer.library.checkpoints.contents import items_in, missing_blobs
from peer.library.checkpoints.loading import load
from peer.library.checkpoints.table import differing
from peer.library.findings import Findings
from peer.library.library import Library
from store.encoding import MalformedError
from store.errors import DamagedError
from store.log import SettledCheckpoint

PAGE_BYTES = 4 * 1024 * 1024


def check_checkpoints(library: Library, findings: Findings) -> None:
    """Reads the newest settled checkpoint that is here."""
    findings.problems += [f"checkpoint {name.short()}: {reason}" for name, reason in differing(library)]
    checkpoint = standing(library)
    if checkpoint is None:
        if library.log.figures().stubs:
            findings.problems.append("entries: some were given up for a checkpoint that isn't here as a whole; sync fetches it")
        return
    try:
        for _ in items_in(library, checkpoint.blobs):
            pass
    except (MalformedError, IntegrityError, DamagedError) as error:
        findings.problems.append(f"checkpoint {checkpoint.checkpoint.short()}: {error}")
    findings.blobs += len(set(checkpoint.blobs))


def standing(library: Library) -> SettledCheckpoint | None:
    """The newest settled checkpoint whose blobs are all here."""
    return next((each for each in library.log.settled() if not missing_blobs(library, each.blobs)), None)


def begin_with_checkpoint(replica: Library, library: Library) -> None:
    """``replica`` is an empty copy of a library in which entries were given up: it begins with what stands for them."""
    checkpoint = standing(library)
    if checkpoint is None:
        return
    arrival = 0
    while page := library.log.control(arrival, limit_bytes=PAGE_BYTES):
        replica.receive([arrived.entry.raw for arrived in page])
        arrival = page[-1].arrival
    load(replica, checkpoint)
