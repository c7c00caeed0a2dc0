"""The nodes that this device syncs with, and what is remembered about each.

Relays are those that ``relay add`` recorded. Peers are members of the library that were met on the local network: a row comes into being
when one has proved its key, and says where it was met last.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from peer.place import Place
from store.database import Database
from store.ids import DeviceId, StoreId

MAX_PLACES = 8
"""That are remembered of a peer, those that worked last."""


class NodeKind(StrEnum):
    """As ``hello`` and ``status`` name it."""

    RELAY = "relay"
    PEER = "peer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """``key``: a relay's pinned Ed25519 key, a peer's signing key; ``device``: a peer's. ``cursor`` and ``pushed`` are worth something
    only for ``store``: everything up to arrival number ``cursor`` of the node's is stored here, up to ``pushed`` of ours is stored there."""

    number: int
    url: str
    key: bytes
    store: StoreId | None
    cursor: int
    pushed: int
    last_contact: int | None
    device: DeviceId | None = None

    @property
    def kind(self) -> NodeKind:
        return NodeKind.RELAY if self.device is None else NodeKind.PEER


class NodeTable:
    """The ``node`` table, and ``node_place`` with the places of peers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, url: str, key: bytes) -> Node:
        """Remember a relay; its key replaces an earlier one only when the person adds it again."""
        with self._database.write() as connection:
            connection.execute("INSERT INTO node (url, key) VALUES (?, ?) ON CONFLICT (url) DO UPDATE SET key = excluded.key", (url, key))
        return next(node for node in self.all() if node.url == url)

    def add_peer(self, device: DeviceId, key: bytes) -> Node:
        """Remember a member of this library that was met."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO node (url, key, device) VALUES (?, ?, ?)", (f"peer:{device.hex()}", key, bytes(device))
            )
        return next(node for node in self.peers() if node.device == device)

    def remove(self, url: str) -> bool:
        """Forget a relay and what was queued for it. True: it was known."""
        with self._database.write() as connection:
            return connection.execute("DELETE FROM node WHERE url = ? AND device IS NULL", (url,)).rowcount > 0

    def keep_peers(self, members: Collection[DeviceId]) -> None:
        """Forget the peers that aren't ``members``."""
        gone = [node.number for node in self.peers() if node.device not in members]
        if gone:
            with self._database.write() as connection:
                connection.executemany("DELETE FROM node WHERE id = ?", [(number,) for number in gone])

    def all(self) -> list[Node]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT id, url, key, store, cursor, pushed, last_contact, device FROM node ORDER BY id").fetchall()
        return [
            Node(
                number=number,
                url=url,
                key=bytes(key),
                store=StoreId(store) if store else None,
                cursor=cursor,
                pushed=pushed,
                last_contact=last_contact,
                device=DeviceId(device) if device else None,
            )
            for number, url, key, store, cursor, pushed, last_contact, device in rows
        ]

    def relays(self) -> list[Node]:
        return [node for node in self.all() if node.kind is NodeKind.RELAY]

    def peers(self) -> list[Node]:
        return [node for node in self.all() if node.kind is NodeKind.PEER]

    def met(self, number: int, store: StoreId, now: int) -> bool:
        """The node answered and has this store id. True: another than before, so that everything remembered about it is forgotten."""
        with self._database.write() as connection:
            row = connection.execute("SELECT store FROM node WHERE id = ?", (number,)).fetchone()
            changed = row is not None and row[0] != bytes(store)
            if changed:
                connection.execute("UPDATE node SET store = ?, cursor = 0, pushed = 0 WHERE id = ?", (store, number))
                connection.execute("DELETE FROM promise WHERE node = ?", (number,))
            connection.execute("UPDATE node SET last_contact = ? WHERE id = ?", (now, number))
        return changed

    def advance(self, number: int, *, cursor: int, pushed: int, now: int) -> None:
        """What was exchanged with a node until now."""
        with self._database.write() as connection:
            connection.execute("UPDATE node SET cursor = ?, pushed = ?, last_contact = ? WHERE id = ?", (cursor, pushed, now, number))

    def places(self, number: int) -> list[tuple[Place, float]]:
        """Where a peer was met, and after how many seconds of dialling; the last place first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT host, port, seconds FROM node_place WHERE node = ? ORDER BY at DESC, host, port", (number,)
            ).fetchall()
        return [(Place(host, port), seconds) for host, port, seconds in rows]

    def met_at(self, number: int, place: Place, seconds: float, now: int) -> None:
        """A peer proved its key at ``place``. For one that was forgotten meanwhile nothing is remembered."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO node_place SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM node WHERE id = ?1)",
                (number, place.host, place.port, seconds, now),
            )
            connection.execute(
                "DELETE FROM node_place WHERE node = ?1 AND (host, port) NOT IN"
                " (SELECT host, port FROM node_place WHERE node = ?1 ORDER BY at DESC LIMIT ?2)",
                (number, MAX_PLACES),
            )
