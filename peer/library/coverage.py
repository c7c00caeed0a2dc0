"""What a seen report, or a node's heads, cover of the entries that are stored here: counted by branches, so the cost doesn't grow with the log."""

from __future__ import annotations

import sqlite3

from peer.library.library import Library
from peer.library.waiting import Why
from store.branches import BranchRange, lacking
from store.heads import Heads
from store.ids import DeviceId
from store.sqlite_rows import LibraryRows


def uncovered(library: Library, heads: Heads, *, by: DeviceId) -> int:
    """How many stored entries ``heads``, reported by a device, don't cover. Its own entries it has, whatever it reported; what removed
    devices wrote and doesn't count is nobody's to apply."""
    own = frozenset(library.roster().logs_of(by))
    with library.database.read() as connection:
        rows = LibraryRows(connection, library.id)
        branches = rows.branches()
        others = {key: branch for key, branch in branches.items() if branch.log not in own}
        gaps = lacking(others, heads, rows.position)
        return sum(branches[gap.branch].last_seq - gap.after_seq - _set_aside(connection, gap) for gap in gaps)


def stores_all_of_ours(library: Library, theirs: Heads) -> bool:
    """Whether a node with the heads ``theirs`` stores every entry that counts here. Only what can be told for sure counts: heads that name something
    that isn't stored here leave it open."""
    if theirs.unknown(library.log.has):
        return False
    with library.database.read() as connection:
        rows = LibraryRows(connection, library.id)
        branches = rows.branches()
        gaps = lacking(branches, theirs, rows.position)
        return all(branches[gap.branch].last_seq - gap.after_seq == _set_aside(connection, gap) for gap in gaps)


def _set_aside(connection: sqlite3.Connection, gap: BranchRange) -> int:
    query = "SELECT count(*) FROM waiting w JOIN log_entry e ON e.name = w.name WHERE w.code = ? AND e.branch = ? AND e.seq > ?"
    return int(connection.execute(query, (Why.REMOVED.value, gap.branch, gap.after_seq)).fetchone()[0])
