"""How far each node and each other device is, as far as a device's folder tells: what they acknowledged, and what they reported.

A device knows of a **relay** up to which of its arrival numbers everything is stored there (``node.pushed``), and was fetched from there (``node.cursor``).
Of **another device** it has the newest seen report besides: what it has applied. Both are true as of the moment when they came, and say less than is true
by now, never more; what a node received since, only the node knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from peer.library.instants import iso_utc_or_none
from peer.library.nodes import Node, NodeKind, NodeTable
from peer.library.queues import UploadQueue
from store.heads import Heads
from store.ids import DeviceId, LibraryId
from store.roster import Roster
from store.seen import SeenReport
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.gaps import Amount, Gaps
from tools.looking.reports import seen_reports
from tools.looking.spelling import spell_count, spell_entries

IN_SYNC, LACKS, UNKNOWN = "in sync", "lacks something", "not known"
_NEVER_MET = "it never answered so far"
_UNCERTAIN = "what it has wasn't compared to the end when it was met last; the next sync does that"
_NO_REPORT = "it has reported nothing so far"


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """What the nodes of a library are judged by. ``behind``: by how many entries this device is known to lag behind the logs of each device, at least."""

    inspected: Inspected
    library: LibraryId
    roster: Roster
    this: DeviceId | None
    behind: Mapping[DeviceId, int]

    def documents(self) -> list[Document]:
        """Relays, then the other members and devices that were met, by name.

        ``name``, ``kind`` (relay or peer), ``address`` (empty where none is known), ``device`` and ``member`` (null for a relay), ``state``; ``last_contact``:
        when it answered last, by this device's clock; ``reported``: the time of its newest report, by the clock of the device that wrote it; ``as_of``:
        the later of both. ``ahead``, ``ahead_bytes``: entries here that it isn't known to have; null where nothing is known. ``behind``: entries that it
        is known to have and that aren't here, at least; null where nothing is known; ``behind_bytes``: always null, for their sizes aren't known here.
        ``uploads``, ``upload_bytes``: blobs that are queued for it; ``failing``: those of them that failed already. ``reason``: a sentence, or empty.
        """
        reports, names = seen_reports(self.inspected, self.library), self.inspected.device_names()
        gaps = Gaps(self.inspected, self.library, self.roster)
        table = NodeTable(self.inspected.database)
        nodes = {node.device or node.url: node for node in table.all()}
        relays = [self._relay(node, gaps) for node in nodes.values() if node.kind is NodeKind.RELAY]
        devices = {key for key in nodes if isinstance(key, DeviceId)} | self.roster.devices.keys()
        peers = []
        for device in devices - {self.this}:
            node = nodes.get(device)
            places = table.places(node.number) if node is not None else []
            name, address = names.get(device) or device.short(), str(places[0][0]) if places else ""
            peers.append(self._peer(device, node, reports.get(device), gaps, name=name, address=address))
        return [*relays, *sorted(peers, key=lambda each: (each["name"], each["device"]))]

    def _relay(self, node: Node, gaps: Gaps) -> Document:
        reason = _NEVER_MET if node.store is None else _UNCERTAIN if not node.pushed else ""
        ahead = None if reason else gaps.beyond(node.pushed)
        document = {"name": node.url, "kind": node.kind.value, "address": node.url, "device": None, "member": None}
        behind = 0 if node.cursor else None
        return document | self._state(node, None, ahead, behind, reason)

    def _peer(self, device: DeviceId, node: Node | None, report: SeenReport | None, gaps: Gaps, *, name: str, address: str) -> Document:
        pushed = 0 if node is None else node.pushed
        is_known = report is not None or pushed
        heads = Heads() if report is None else report.heads
        ahead = gaps.lacked(heads, by=device, after=pushed) if is_known else None
        behind = self.behind.get(device) or (0 if is_known else None)
        document = {"name": name, "kind": NodeKind.PEER.value, "address": address, "device": device.hex()}
        return (
            document | {"member": self.roster.is_member(device)} | self._state(node, report, ahead, behind, "" if is_known else _NO_REPORT)
        )

    def _state(self, node: Node | None, report: SeenReport | None, ahead: Amount | None, behind: int | None, reason: str) -> Document:
        uploads, upload_bytes = (0, 0) if node is None else UploadQueue(self.inspected.database).count(node.number)
        failing, why = (0, "") if node is None or not uploads else self._failing(node.number)
        contact, reported = None if node is None else node.last_contact, None if report is None else report.time
        moments = [moment for moment in (contact, reported) if moment is not None]
        lacks = (ahead is not None and ahead.entries > 0) or bool(behind) or uploads > 0
        return {
            "state": LACKS if lacks else UNKNOWN if ahead is None else IN_SYNC,
            "last_contact": iso_utc_or_none(contact),
            "reported": iso_utc_or_none(reported),
            "as_of": iso_utc_or_none(max(moments, default=None)),
            "ahead": None if ahead is None else ahead.entries,
            "ahead_bytes": None if ahead is None else ahead.bytes,
            "behind": behind,
            "behind_bytes": None,
            "uploads": uploads,
            "upload_bytes": upload_bytes,
            "failing": failing,
            "reason": reason or why,
        }

    def _failing(self, number: int) -> tuple[int, str]:
        query = "SELECT count(*), reason FROM upload WHERE node = ? AND tries > 0 GROUP BY reason ORDER BY count(*) DESC"
        with self.inspected.database.read() as connection:
            rows = connection.execute(query, (number,)).fetchall()
        count = sum(row[0] for row in rows)
        return count, f"{spell_count(count, 'blob')} can't be sent: {rows[0][1]}" if rows else ""


def what_it_lacks(node: Document) -> str:
    """``12 entries (4.1 kB) and 3 blobs``; empty for a node that lacks nothing."""
    parts = [spell_entries(node["ahead"], node["ahead_bytes"])] if node["ahead"] else []
    return " and ".join([*parts, *([spell_count(node["uploads"], "blob")] if node["uploads"] else [])])
