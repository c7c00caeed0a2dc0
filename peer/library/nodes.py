"""The nodes that this device syncs with, and what is remembered about each."""

from __future__ import annotations

from dataclasses import dataclass

from store.database import Database
from store.ids import StoreId


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A relay as ``relay add`` recorded it. ``key`` is its pinned Ed25519 key; ``cursor`` and ``pushed`` are worth something only for
    ``store``: everything up to arrival number ``cursor`` of the node's is stored here, up to ``pushed`` of ours is stored there."""

    number: int
    url: str
    key: bytes
    store: StoreId | None
    cursor: int
    pushed: int
    last_contact: int | None


class NodeTable:
    """The ``node`` table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, url: str, key: bytes) -> Node:
        """Remember a node; its key replaces an earlier one only when the person adds it again."""
        with self._database.write() as connection:
            connection.execute("INSERT INTO node (url, key) VALUES (?, ?) ON CONFLICT (url) DO UPDATE SET key = excluded.key", (url, key))
        return next(node for node in self.all() if node.url == url)

    def remove(self, url: str) -> bool:
        """Forget a node and what was queued for it. True: it was known."""
        with self._database.write() as connection:
            return connection.execute("DELETE FROM node WHERE url = ?", (url,)).rowcount > 0

    def all(self) -> list[Node]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT id, url, key, store, cursor, pushed, last_contact FROM node ORDER BY id").fetchall()
        return [
            Node(
                number=number,
                url=url,
                key=bytes(key),
                store=StoreId(store) if store else None,
                cursor=cursor,
                pushed=pushed,
                last_contact=last_contact,
            )
            for number, url, key, store, cursor, pushed, last_contact in rows
        ]

    def met(self, number: int, store: StoreId, now: int) -> bool:
        """The node answered and has this store id. True: another than before, so that everything remembered about it is forgotten."""
        with self._database.write() as connection:
            row = connection.execute("SELECT store FROM node WHERE id = ?", (number,)).fetchone()
            changed = row is not None and row[0] != bytes(store)
            if changed:
                connection.execute("UPDATE node SET store = ?, cursor = 0, pushed = 0 WHERE id = ?", (store, number))
            connection.execute("UPDATE node SET last_contact = ? WHERE id = ?", (now, number))
        return changed

    def advance(self, number: int, *, cursor: int, pushed: int, now: int) -> None:
        """What was exchanged with a node until now."""
        with self._database.write() as connection:
            connection.execute("UPDATE node SET cursor = ?, pushed = ?, last_contact = ? WHERE id = ?", (cursor, pushed, now, number))
