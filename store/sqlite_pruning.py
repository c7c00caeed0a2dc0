"""Making stubs of entries: their bytes go, their place in the logs and their deps stay.

Each branch remembers up to which number this was done, so a later call doesn't look there again. A portion is bounded in entries and
bytes, and whole within its transaction, so pruning may be killed between any two.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from store.branches import at_or_below
from store.entries import EntryKind
from store.heads import Heads
from store.ids import EntryHash
from store.log import Pruned
from store.skeleton import PRUNED_KINDS, encode_deps
from store.sqlite_rows import LibraryRows, intact_entry

PORTION_ENTRIES = 2000
PORTION_BYTES = 16 * 1024 * 1024
_CANDIDATES = """
    SELECT arrival, seq, kind, name, raw FROM log_entry
    WHERE branch = ? AND seq > ? AND seq <= ? AND length(raw) > 0 AND kind IN (SELECT value FROM json_each(?))
    ORDER BY seq
"""
_KINDS = str(sorted(map(int, PRUNED_KINDS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What was pruned, and which checkpoints and `settled` entries were among it."""

    pruned: Pruned
    checkpoints: tuple[EntryHash, ...]


def prune_portion(connection: sqlite3.Connection, rows: LibraryRows, covered: Heads, *, limit: int) -> Portion:
    """At most ``limit`` of the entries that ``LogStore.prune`` speaks of."""
    stubs: list[tuple[bytes | None, int, int]] = []
    checkpoints: list[EntryHash] = []
    size = 0
    for branch, done, last_seq in unpruned(connection, rows, covered):
        reached = last_seq
        for arrival, seq, kind, name, raw in connection.execute(_CANDIDATES, (branch, done, last_seq, _KINDS)):
            if len(stubs) >= limit or size + len(raw) > max(PORTION_BYTES, len(raw)):
                reached = seq - 1
                break
            stubs.append((encode_deps(intact_entry(name, raw).deps), rows.key, arrival))
            size += len(raw)
            if kind != EntryKind.CHANGE:
                checkpoints.append(EntryHash(name))
        connection.execute("UPDATE log_branch SET pruned = ? WHERE id = ?", (reached, branch))
        if reached < last_seq:
            break
    connection.executemany("UPDATE log_entry SET raw = x'', deps = ? WHERE library = ? AND arrival = ?", stubs)
    pruned = Pruned(entries=len(stubs), bytes=size)
    return Portion(pruned=replace(pruned, more=bool(unpruned(connection, rows, covered))), checkpoints=tuple(checkpoints))


def unpruned(connection: sqlite3.Connection, rows: LibraryRows, covered: Heads) -> list[tuple[int, int, int]]:
    """Each branch of which ``covered`` covers more than was pruned: its key, the number up to which that was done, and the last covered."""
    pruned = dict(connection.execute("SELECT id, pruned FROM log_branch WHERE library = ?", (rows.key,)).fetchall())
    reached = at_or_below(covered, rows.branches(), rows.position)
    return [(branch, pruned[branch], last_seq) for branch, last_seq in sorted(reached.items()) if pruned[branch] < last_seq]
