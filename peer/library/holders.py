"""Who keeps a file, as far as this device knows, and what would be left without a certain relay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peer.library.instants import iso_utc
from peer.library.library import Library
from peer.library.nodes import Node, NodeKind
from store.ids import FileHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A node and a file. ``verified``: when it last proved to have it, ``until``: how long it promised to keep it, both in milliseconds since 1970;
    ``acknowledged``: this device sent it all of the file, or was told that it has it; ``lacking``: blobs of it that are still queued."""

    name: str
    kind: NodeKind
    verified: int | None
    until: int | None
    acknowledged: bool
    lacking: int

    def to_json(self) -> dict[str, Any]:
        return {
            "node": self.name,
            "kind": self.kind.value,
            "verified": None if self.verified is None else iso_utc(self.verified),
            "promised_until": None if self.until is None else iso_utc(self.until),
            "acknowledged": self.acknowledged,
            "lacking": self.lacking,
        }

    @property
    def sentence(self) -> str:
        if self.verified is not None:
            return f"{self.name} has it: verified {iso_utc(self.verified)}, promised until {iso_utc(self.until or 0)}."
        return f"{self.name} has it: it said so."


def holders_of(library: Library, file: FileHash) -> list[Holder]:
    """The nodes that were told, or have proved, to have the file, or are to get it from here."""
    names = _names(library)
    promises = {promise.node: promise for promise in library.promises.of(file)}
    with library.database.read() as connection:
        rows = connection.execute("SELECT node, count(*) FROM upload WHERE file = ? GROUP BY node", (file,)).fetchall()
    lacking = {int(node): int(count) for node, count in rows}
    is_here = library.held.get(file) is not None
    found = []
    for node in library.nodes.all():
        promise = promises.get(node.number)
        acknowledged = promise is not None or (
            is_here and node.kind is NodeKind.RELAY and node.store is not None and node.number not in lacking
        )
        if acknowledged or node.number in lacking:
            found.append(
                Holder(
                    name=names[node.number],
                    kind=node.kind,
                    verified=None if promise is None else promise.verified,
                    until=None if promise is None else promise.until,
                    acknowledged=acknowledged,
                    lacking=lacking.get(node.number, 0),
                )
            )
    return found


def held_only_by(library: Library, relay: Node) -> int:
    """How many files that photos need would be known nowhere else, without ``relay``: they aren't here, no other relay has proved to have them, and no
    device is bound by a promise."""
    with library.database.read() as connection:
        row = connection.execute(
            """
            SELECT count(*) FROM (SELECT DISTINCT file FROM asset_file WHERE size IS NOT NULL UNION SELECT file FROM download) AS needed
            WHERE NOT EXISTS (SELECT 1 FROM held WHERE held.file = needed.file)
            AND NOT EXISTS (SELECT 1 FROM promise JOIN node ON node.id = promise.node
                WHERE promise.file = needed.file AND node.id <> ?1 AND (node.device IS NULL OR promise.until > ?2))
            """,
            (relay.number, library.clock.now()),
        ).fetchone()
    return int(row[0])


def _names(library: Library) -> dict[int, str]:
    with library.database.read() as connection:
        devices = {bytes(record)[1:]: name for record, name in connection.execute("SELECT record, name FROM device").fetchall()}
    return {
        node.number: node.url if node.device is None else devices.get(bytes(node.device)) or node.device.short()
        for node in library.nodes.all()
    }
