"""Which checkpoint this device acknowledges, and what it lacks for that."""

from __future__ import annotations

from peer.keys.errors import MissingEpochError
from peer.library.checkpoints.comparing import DifferenceError, compare, is_applied, is_plausible
from peer.library.checkpoints.contents import MissingBlobError, missing_blobs, queue_uploads
from peer.library.checkpoints.table import KnownCheckpoint, Verdict, acknowledge, acknowledged, judge, note_new, unsettled, verdict_on
from peer.library.checkpoints.uncovered import TooFarAheadError
from peer.library.library import Library
from store.ids import BlobId


def wanted_blobs(library: Library) -> list[BlobId]:
    """What isn't here of the checkpoint that is to be compared next, and of the settled one that this device acknowledges."""
    checkpoint = _to_compare(library)
    wanted = [] if checkpoint is None else list(checkpoint.body.blobs)
    for settled in library.log.settled()[:1]:
        if verdict_on(library, settled.checkpoint) is Verdict.SAME:
            wanted += settled.blobs
    return missing_blobs(library, wanted)


def acknowledge_best(library: Library) -> bool:
    """Compare what can be compared, and acknowledge the best that is the same here. True: this device's word is another than before."""
    if library.is_loading:
        return False
    before = acknowledged(library)
    while (checkpoint := _to_compare(library)) is not None:
        try:
            compare(library, checkpoint.body)
        except DifferenceError as difference:
            judge(library, checkpoint.name, Verdict.DIFFERS, str(difference))
            continue
        except (MissingBlobError, MissingEpochError, TooFarAheadError):
            break
        judge(library, checkpoint.name, Verdict.SAME)
        queue_uploads(library, checkpoint.body.blobs)
    best = next((each for each in unsettled(library) if each.verdict is Verdict.SAME), None)
    if best is not None and best.name != before:
        acknowledge(library, best.name)
    return acknowledged(library) != before


def _to_compare(library: Library) -> KnownCheckpoint | None:
    """The first by rank, unless it is known already: then none, since the others aren't needed."""
    note_new(library)
    for checkpoint in unsettled(library):
        if checkpoint.verdict is Verdict.SAME:
            return None
        if checkpoint.verdict is not Verdict.OPEN or not is_applied(library, checkpoint.body.heads):
            continue
        if not is_plausible(library, checkpoint.body):
            judge(library, checkpoint.name, Verdict.DIFFERS, f"it has {len(checkpoint.body.blobs)} blobs, more than this library can have")
            continue
        return checkpoint
    return None
