"""Promises of other nodes to keep a file: who counts, for how long, and when that is enough to give a file up (PROTOCOL.md section 7.4).

A node promises by hashing the sealed bytes with a nonce, which shows that it has just read them, and keeps them for seven days. What this device makes
of it:

- A promise is worth something only for the store that gave it. When a node's stores are others than before, everything is forgotten.
- Only a proof that this device could compute itself counts: it seals its own file, so it still has the bytes at that moment, and they are right.
- To give a file up, the promises have to come from the same pass, minutes ago, by a clock that nobody sets. What is remembered here tells people when a
  holder was last verified; it gives nothing up.
- A relay counts when it promises. A device counts only under the policy ``everything``, and only where the library has no relay: whoever promised
  keeps its own for seven days, so two devices never give up the same on each other's word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from store.database import Database
from store.ids import FileHash, StoreId

RELAYS_ENOUGH = 1
DEVICES_ENOUGH = 2
"""Without any relay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A node proved to have a file and keeps it. ``verified`` and ``until`` in milliseconds since 1970, by this device's clock."""

    file: FileHash
    node: int
    store: StoreId
    verified: int
    until: int

    def is_open(self, now: int) -> bool:
        """Whether the node is still bound by it. A clock that was set back makes none longer."""
        return self.verified <= now < self.until


def is_enough(*, relays: int, devices: int, has_relays: bool) -> bool:
    """Whether so many holders are enough to give a file up. ``has_relays``: the library has some, whether in reach or not. Pure."""
    return relays >= RELAYS_ENOUGH or (not has_relays and devices >= DEVICES_ENOUGH)


class PromiseTable:
    """The ``promise`` table: the newest promise of each node for each file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, promises: Iterable[Promise]) -> None:
        """Of a node that was removed meanwhile nothing is remembered."""
        rows = [(each.file, each.node, each.store, each.verified, each.until) for each in promises]
        with self._database.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO promise SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM node WHERE id = ?2 AND store = ?3)",
                rows,
            )

    def of(self, file: FileHash) -> list[Promise]:
        """All that are remembered of a file, by node."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT node, store, verified, until FROM promise WHERE file = ? ORDER BY node", (file,)).fetchall()
        return [
            Promise(file=file, node=node, store=StoreId(store), verified=verified, until=until) for node, store, verified, until in rows
        ]
