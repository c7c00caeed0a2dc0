"""How far each log is applied here: the stored entries, less those that wait."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from store.branches import Branch
from store.database import Database
from store.heads import Heads, Tip
from store.ids import DeviceId, EntryHash, LibraryId, LogId
from store.sqlite_rows import LibraryRows


@dataclass(frozen=True, slots=True)
class AppliedBranch:
    """A branch and its newest applied entry. Of a branch, what is applied comes before what waits."""

    branch: Branch
    tip: Tip


def applied_branches(database: Database, library: LibraryId) -> list[AppliedBranch]:
    """Every branch of which something is applied."""
    with database.read() as connection:
        rows = LibraryRows(connection, library)
        query = (
            "SELECT e.branch, min(e.seq) FROM waiting w JOIN log_entry e ON e.name = w.name WHERE e.branch IS NOT NULL GROUP BY e.branch"
        )
        waiting_from = {int(branch): int(seq) for branch, seq in connection.execute(query).fetchall()}
        named = "SELECT name FROM log_entry WHERE branch = ? AND seq = ?"
        applied = []
        for key, branch in rows.branches().items():
            seq = waiting_from.get(key, branch.last_seq + 1) - 1
            if seq == branch.last_seq:
                applied.append(AppliedBranch(branch, Tip(seq, branch.tip)))
            elif seq >= branch.first_seq:
                applied.append(AppliedBranch(branch, Tip(seq, EntryHash(connection.execute(named, (key, seq)).fetchone()[0]))))
    return applied


def applied_heads(database: Database, library: LibraryId) -> Heads:
    """The newest applied entry of each log, of each branch of it."""
    return heads_of(applied_branches(database, library))


def heads_of(applied: Iterable[AppliedBranch]) -> Heads:
    """The ends of what is applied: without those that another applied branch goes on from, so that they are the same wherever the same is applied."""
    branches = list(applied)
    gone_on_from = {(each.branch.parent, each.branch.first_seq - 1) for each in branches}
    return Heads.of((each.branch.log, each.tip) for each in branches if (each.branch.key, each.tip.seq) not in gone_on_from)


def heads_by(applied: Iterable[AppliedBranch], devices: Collection[DeviceId], *, at_most: int) -> Heads:
    """The ends of what some devices wrote. Of more than ``at_most``, those of the logs with the fewest: who forks a log thousands of times doesn't
    keep other logs from being named."""
    heads = heads_of(each for each in applied if each.branch.author in devices)
    kept: dict[LogId, tuple[Tip, ...]] = {}
    for log in sorted(heads, key=lambda log: (len(heads[log]), log)):
        room = at_most - sum(map(len, kept.values()))
        kept[log] = heads[log][:room]
    return Heads(kept)
