"""What a seen report covers of the entries that are stored here: counted by branches, so the cost doesn't grow with the log."""

from __future__ import annotations

from peer.library.library import Library
from store.branches import lacking
from store.heads import Heads
from store.ids import DeviceId
from store.sqlite_rows import LibraryRows


def uncovered(library: Library, heads: Heads, *, by: DeviceId) -> int:
    """How many stored entries ``heads``, reported by a device, don't cover. Its own entries it has, whatever it reported."""
    own = frozenset(library.roster().logs_of(by))
    with library.database.read() as connection:
        rows = LibraryRows(connection, library.id)
        branches = rows.branches()
        others = {key: branch for key, branch in branches.items() if branch.log not in own}
        return sum(branches[gap.branch].last_seq - gap.after_seq for gap in lacking(others, heads, rows.position))
