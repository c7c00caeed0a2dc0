"""What is watched of a device's library: nodes, queues, conflicts, problems, and what flows."""

from __future__ import annotations

import sqlite3

from peer.library.instants import iso_utc, iso_utc_or_none
from peer.library.meta import Meta
from peer.library.nodes import NodeTable
from peer.library.queries import Queries
from peer.library.queues import Priority
from peer.library.waiting import Why
from store.ids import DeviceId, LibraryId, LogId
from store.roster import Roster
from store.sqlite_rows import LibraryRows, RememberedRoster
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.views.nodes import Nodes
from tools.watching.meters import ArrivalMeter, QueueMeter, TallyMeter
from tools.watching.samples import DAMAGED, Sample

SHOWN_ROWS = 100
TABLES = ("nodes", "queues", "conflicts", "problems")

_CONFLICTS = """
    SELECT 'asset', record, name, conflicts FROM asset WHERE conflicts > 0
    UNION ALL SELECT 'album', record, title, conflicts FROM album WHERE conflicts > 0 LIMIT ?
"""
_COUNT_CONFLICTS = "SELECT (SELECT count(*) FROM asset WHERE conflicts > 0) + (SELECT count(*) FROM album WHERE conflicts > 0)"
_UPLOADS = """
    SELECT u.node, n.url, count(*), sum(u.size), sum(u.tries > 0), max(u.reason), min(u.next_try)
    FROM upload u JOIN node n ON n.id = u.node GROUP BY u.node
"""
_DOWNLOADS = (
    "SELECT priority, count(*), sum(size), sum(tries > 0), max(reason), min(next_try) FROM download GROUP BY priority ORDER BY priority"
)
_WAITING = "SELECT code, count(*), min(reason), min(since) FROM waiting GROUP BY code ORDER BY code"
_TO_MAKE = (
    ("previews to make", "SELECT count(*) FROM preview_wanted"),
    ("edited pictures to make", "SELECT count(*) FROM edited_picture WHERE due"),
)
_NODE_STATE = "SELECT id, url, store, cursor, pushed, last_contact, device FROM node ORDER BY id"
_REPORT_STATE = "SELECT s.device, s.raw FROM log_seen s WHERE s.library = ? ORDER BY s.device"


class PeerSampler:
    """Takes one sample after the other. What follows from entries and reports alone is computed again only when these changed."""

    def __init__(self) -> None:
        self._arrivals = ArrivalMeter()
        self._uploads = QueueMeter("upload", "node, blob")
        self._downloads = QueueMeter("download", "file")
        self._pushed = TallyMeter()
        self._remembered: RememberedRoster | None = None
        self._nodes: tuple[object, list[Document]] = (None, [])

    def take(self, inspected: Inspected, *, at: float, now: int) -> Sample:
        """``at``: seconds by a monotone clock; ``now``: milliseconds since 1970.

        The document: ``folder`` (device), ``library``, ``device_name``, ``entries``, ``detached``, ``assets``, ``conflicts_count``; ``nodes`` as in `status`;
        ``queues``: ``queue``, ``items``, ``bytes`` (null for what has to be made), ``failing``, ``reason``, ``next_try``; ``conflicts``: ``record``, ``kind``,
        ``name``, ``count``; ``problems``: ``what``, ``reason``, ``count``, ``since`` or ``next_try``. At most a hundred rows of each.

        Counters: ``entries_made`` here and ``entries_received``, with ``entry_bytes_made`` and ``entry_bytes_received``; ``entries_sent``
        (acknowledged by nodes, added up over them), ``blobs_sent`` and ``blob_bytes_sent`` (gone from the queue of uploads), ``files_received`` and
        ``file_bytes_received`` (from that of downloads).
        """
        (library,) = inspected.libraries
        with inspected.database.read() as connection:
            rows = LibraryRows(connection, library)
            roster = self._roster(library, rows)
            this = _this_device(inspected, roster)
            self._arrivals.read(connection, rows.key, rows.arrival, own=this)
            self._uploads.read(connection)
            self._downloads.read(connection)
            nodes = self._node_documents(inspected, connection, rows, roster, this)
            self._pushed.read({node.number: node.pushed for node in NodeTable(inspected.database).all()})
            names, queues = inspected.device_names(), _queues(connection)
            document: Document = {
                "folder": "device",
                "library": library.hex(),
                "device_name": None if this is None else names.get(this),
                "entries": rows.count,
                "detached": rows.detached,
                "assets": Queries(inspected.database).count()[0],
                "conflicts_count": _count(connection, _COUNT_CONFLICTS),
                "nodes": nodes[:SHOWN_ROWS],
                "queues": queues,
                "conflicts": [
                    {"record": bytes(record[1:]).hex(), "kind": kind, "name": name, "count": count}
                    for kind, record, name, count in connection.execute(_CONFLICTS, (SHOWN_ROWS,))
                ],
                "problems": _problems(connection, rows, queues, inspected),
            }
        return Sample(at=at, time=now, counters=self._counters(), document=document, tables=TABLES)

    def _counters(self) -> dict[str, int]:
        made, came = self._arrivals.made, self._arrivals.came
        return {
            "entries_made": made.items,
            "entry_bytes_made": made.bytes,
            "entries_received": came.items,
            "entry_bytes_received": came.bytes,
            "entries_sent": self._pushed.total,
            "blobs_sent": self._uploads.left.items,
            "blob_bytes_sent": self._uploads.left.bytes,
            "files_received": self._downloads.left.items,
            "file_bytes_received": self._downloads.left.bytes,
        }

    def _roster(self, library: LibraryId, rows: LibraryRows) -> Roster:
        if self._remembered is None or self._remembered.roster(rows).library != library:
            self._remembered = RememberedRoster(library)
        return self._remembered.roster(rows)

    def _node_documents(
        self,
        inspected: Inspected,
        connection: sqlite3.Connection,
        rows: LibraryRows,
        roster: Roster,
        this: DeviceId | None,
    ) -> list[Document]:
        state = (
            rows.arrival,
            roster,
            connection.execute(_NODE_STATE).fetchall(),
            connection.execute(_REPORT_STATE, (rows.key,)).fetchall(),
            connection.execute(_UPLOADS).fetchall(),
            sorted(inspected.device_names().items()),
        )
        if self._nodes[0] != state:
            nodes = Nodes(inspected=inspected, library=rows.library, roster=roster, this=this, behind={})
            self._nodes = None if inspected.problems.found else state, nodes.documents()
        return self._nodes[1]


def _queues(connection: sqlite3.Connection) -> list[Document]:
    uploads = [(f"upload to {url}", *figures) for _, url, *figures in connection.execute(_UPLOADS)]
    downloads = [(f"download {Priority(priority).name.lower()}s", *figures) for priority, *figures in connection.execute(_DOWNLOADS)]
    queues = [
        {"queue": name, "items": items, "bytes": size, "failing": failing, "reason": reason, "next_try": iso_utc(at) if at else None}
        for name, items, size, failing, reason, at in (*uploads, *downloads)
    ]
    for name, query in _TO_MAKE:
        if items := _count(connection, query):
            queues.append({"queue": name, "items": items, "bytes": None, "failing": 0, "reason": "", "next_try": None})
    return queues


def _problems(connection: sqlite3.Connection, rows: LibraryRows, queues: list[Document], inspected: Inspected) -> list[Document]:
    problems: list[Document] = [{"what": DAMAGED, "reason": problem, "count": 1, "since": None} for problem in inspected.problems.found]
    held_back = [
        {"what": "set aside" if code == Why.REMOVED else "held back", "reason": reason, "count": count, "since": iso_utc(since)}
        for code, count, reason, since in connection.execute(_WAITING)
    ]
    if rows.detached and not held_back:
        held_back.append({"what": "detached entries", "reason": "what they build on isn't here", "count": rows.detached, "since": None})
    problems += held_back
    problems += [
        {"what": each["queue"], "reason": each["reason"], "count": each["failing"], "since": None} for each in queues if each["failing"]
    ]
    for name, reason, since in connection.execute(
        "SELECT name, reason, since FROM checkpoint WHERE verdict = 'differs' LIMIT ?", (SHOWN_ROWS,)
    ):
        problems.append(
            {"what": f"checkpoint {bytes(name).hex()[:10]} differs", "reason": reason, "count": 1, "since": iso_utc_or_none(since)}
        )
    return problems[:SHOWN_ROWS]


def _this_device(inspected: Inspected, roster: Roster) -> DeviceId | None:
    log = Meta(inspected.database).get("log")
    return None if log is None else roster.logs.get(LogId(log))


def _count(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
