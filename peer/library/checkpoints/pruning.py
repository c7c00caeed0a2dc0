"""Giving up entries that a settled checkpoint covers.

Nothing goes on one device's word. The settlement has been verified by the log store; beyond that all of this has to hold, by what this device itself
knows and by its own clock:

- it compared the checkpoint itself, or has loaded it, and everything that it covers is applied here;
- its blobs lie here;
- every member that is active now acknowledges it, by the reports in the settlement or by those that came later, and at least two do.
"""

from __future__ import annotations

from peer.library.checkpoints.comparing import is_applied
from peer.library.checkpoints.contents import drop_others, missing_blobs
from peer.library.checkpoints.rules import Rules
from peer.library.checkpoints.table import Verdict, unsettled, verdict_on
from peer.library.library import Library
from store.ids import BlobId, DeviceId
from store.log import Pruned, SettledCheckpoint
from store.settlement import pruning_held_back_by

PORTION = 2000


def prunable(library: Library, rules: Rules) -> SettledCheckpoint | None:
    """The newest settled checkpoint, if what it covers may go."""
    settled = library.log.settled()
    if not settled or library.is_loading:
        return None
    newest = settled[0]
    reports = library.log.seen()
    agreeing = newest.acknowledged_by.union(report.device for report in reports if report.checkpoint == newest.checkpoint)
    is_safe = (
        verdict_on(library, newest.checkpoint) is Verdict.SAME
        and len(agreeing) >= rules.agreeing
        and not pruning_held_back_by(newest, reports, library.roster().devices, now=library.clock.now())
        and is_applied(library, newest.covered)
        and not missing_blobs(library, newest.blobs)
    )
    return newest if is_safe else None


def prune(library: Library, checkpoint: SettledCheckpoint) -> Pruned:
    """One portion of what it covers becomes stubs; call it again as long as there is ``more``."""
    return library.log.prune(checkpoint.covered, limit=PORTION)


def tidy(library: Library, rules: Rules) -> None:
    """Keep the blobs of the newest settled checkpoint that is here as a whole, and of all that may come to be one; remove the others."""
    settled = library.log.settled()
    whole = next((each for each in settled if not missing_blobs(library, each.blobs)), None)
    wanted: set[BlobId] = set(settled[0].blobs if settled else ())
    wanted.update(whole.blobs if whole is not None else ())
    for each in unsettled(library):
        if each.verdict is not Verdict.DIFFERS and library.clock.now() < each.since + rules.pending_ms:
            wanted.update(each.body.blobs)
    drop_others(library, frozenset(wanted))


def holding_back(library: Library) -> frozenset[DeviceId]:
    """The active members, other than this device, that keep entries from being given up although a checkpoint is settled."""
    members, now = library.roster().devices, library.clock.now()
    settled = library.log.settled()[:1]
    return frozenset(each for newest in settled for each in pruning_held_back_by(newest, library.log.seen(), members, now=now)) - {
        library.device
    }
