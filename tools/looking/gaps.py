"""What a node lacks of the entries that are stored here, in entries and bytes: by its heads, and by how far it acknowledged them."""

from __future__ import annotations

from dataclasses import dataclass

from peer.library.waiting import Why
from store.branches import BranchRange, lacking
from store.heads import Heads
from store.ids import DeviceId, LibraryId
from store.roster import Roster
from store.sqlite_rows import LibraryRows
from tools.looking.folder import Inspected

_BEYOND = "SELECT count(*), coalesce(sum(length(raw)), 0) FROM log_entry WHERE library = ? AND arrival > ?"
_DETACHED = "SELECT count(*), coalesce(sum(length(raw)), 0) FROM log_detached WHERE library = ? AND arrival > ?"
_IN_BRANCH = "SELECT count(*), coalesce(sum(length(e.raw)), 0) FROM log_entry e WHERE e.branch = ?1 AND e.seq > ?2 AND e.arrival > ?3"
_SET_ASIDE = f"SELECT w.arrival FROM waiting w WHERE w.code = '{Why.REMOVED.value}'"  # noqa: S608 - the word is ours


@dataclass(frozen=True, slots=True)
class Amount:
    """So many entries, of so many bytes together. Those of entries that were given up for a checkpoint aren't known any more, and count nothing."""

    entries: int = 0
    bytes: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.entries + other.entries, self.bytes + other.bytes)


class Gaps:
    """The stored entries of a library, to be compared with what others have. Good for one look.

    Entries of removed devices that don't count are nobody's to have; so they aren't counted where it is known which they are: on a device.
    """

    def __init__(self, inspected: Inspected, library: LibraryId, roster: Roster) -> None:
        self._roster = roster
        with inspected.database.read() as connection:
            self._connection = connection
            self._rows = LibraryRows(connection, library)
            self._branches = self._rows.branches()
            is_device = inspected.library_folder is not None
            self._has_set_aside = is_device and connection.execute(f"{_SET_ASIDE} LIMIT 1").fetchone() is not None
        self._counted: dict[tuple[BranchRange, int], Amount] = {}

    def beyond(self, arrival: int) -> Amount:
        """What arrived behind this number, detached entries among it."""
        amount = self._amount(self._aside(_BEYOND, "arrival"), self._rows.key, arrival)
        return amount + self._amount(_DETACHED, self._rows.key, arrival) if self._rows.detached else amount

    def lacked(self, heads: Heads, *, by: DeviceId, after: int = 0) -> Amount:
        """What a device lacks that reported ``heads``, of what arrived behind number ``after``. What it wrote itself it has, whatever it reported."""
        own = frozenset(self._roster.logs_of(by))
        others = {key: branch for key, branch in self._branches.items() if branch.log not in own}
        total = Amount()
        for gap in lacking(others, heads, self._rows.position):
            if (gap, after) not in self._counted:
                self._counted[gap, after] = self._amount(self._aside(_IN_BRANCH, "e.arrival"), gap.branch, gap.after_seq, after)
            total += self._counted[gap, after]
        return total

    def _aside(self, query: str, arrival: str) -> str:
        return f"{query} AND {arrival} NOT IN ({_SET_ASIDE})" if self._has_set_aside else query

    def _amount(self, query: str, *parameters: int) -> Amount:
        return Amount(*self._connection.execute(query, parameters).fetchone())
