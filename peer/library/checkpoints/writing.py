"""Writing a checkpoint: when it is worth it, and how.

The content is read from one snapshot and sealed as it is read; only then the control entry is written, which names the blobs. A crash before that leaves
blobs that nobody names, and the next tidying removes them.
"""

from __future__ import annotations

from collections.abc import Sequence

from peer.library.checkpoints.contents import keep_sealed, queue_uploads
from peer.library.checkpoints.format import encode_items
from peer.library.checkpoints.rules import Rules
from peer.library.checkpoints.snapshot import snapshot
from peer.library.checkpoints.table import Verdict, acknowledge, judge, note_new, unsettled
from peer.library.library import Library
from store.bodies import Checkpoint
from store.branches import BranchRange, lacking
from store.entries import EntryKind
from store.heads import Heads
from store.ids import BlobId, EntryHash
from store.sqlite_rows import LibraryRows


def is_due(library: Library, rules: Rules) -> bool:
    """Whether enough came since the last settled checkpoint, somebody could use another one, and none is on its way."""
    if library.is_loading or not library.nodes.all() or not library.roster().is_member(library.device):
        return False
    settled = library.log.settled()
    since = _since(library, settled[0].covered if settled else Heads())
    if _count(library, since) < rules.entries:
        return False
    if settled and _bytes(library, since) < rules.share * _size(library, settled[0].blobs):
        return False
    note_new(library)
    return not any(library.clock.now() < each.since + rules.pending_ms for each in unsettled(library))


def write_checkpoint(library: Library) -> EntryHash:
    """A checkpoint of what is applied now, its blobs kept here and queued for the relays. This device acknowledges it: it has just read every record.

    ``DamagedError`` when a record isn't what it was: then nobody is to build on this device's word.
    """
    epoch = library.write_epoch()
    records = 0
    with snapshot(library) as now:
        heads = now.heads
        blobs = keep_sealed(library, epoch, encode_items(now.items()))
        (records,) = now.connection.execute("SELECT count(*) FROM record").fetchone()
    with library.database.write():
        name = library.author().control(EntryKind.CHECKPOINT, Checkpoint(heads=heads, records=records, blobs=blobs).encode())
        judge(library, name, Verdict.SAME)
        acknowledge(library, name)
        queue_uploads(library, blobs)
    return name


def _since(library: Library, heads: Heads) -> list[BranchRange]:
    """What is stored beyond ``heads``."""
    with library.database.read() as connection:
        rows = LibraryRows(connection, library.id)
        return lacking(rows.branches(), heads, rows.position)


def _count(library: Library, ranges: Sequence[BranchRange]) -> int:
    with library.database.read() as connection:
        branches = LibraryRows(connection, library.id).branches()
        return sum(branches[each.branch].last_seq - each.after_seq for each in ranges)


def _bytes(library: Library, ranges: Sequence[BranchRange]) -> int:
    query = "SELECT coalesce(sum(length(raw)), 0) FROM log_entry WHERE branch = ? AND seq > ?"
    with library.database.read() as connection:
        return sum(connection.execute(query, (each.branch, each.after_seq)).fetchone()[0] for each in ranges)


def _size(library: Library, blobs: tuple[BlobId, ...]) -> int:
    return sum(info.size for blob in blobs if (info := library.checkpoint_blobs.info(blob)) is not None)
