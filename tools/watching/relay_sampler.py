"""What is watched of a relay's folder: libraries, devices, problems, and what flows."""

from __future__ import annotations

import sqlite3

from peer.library.instants import iso_utc_or_none
from store.ids import LibraryId
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.watching.meters import ArrivalMeter, TallyMeter
from tools.watching.samples import DAMAGED, Sample

SHOWN_ROWS = 200
NEARLY_FULL = 0.95
TABLES = ("libraries", "devices", "problems")

_LIBRARIES = """
    SELECT l.name, l.id, l.arrival, l.entries, l.detached, r.quota, r.blobs, r.blob_bytes, r.entry_bytes
    FROM log_library l LEFT JOIN relay_library r ON r.name = l.name ORDER BY l.name
"""
_DEVICES = """
    SELECT r.name, h.device, running.running - h.heard_at, h.has_reported FROM relay_heard h
    JOIN relay_library r ON r.id = h.library CROSS JOIN relay_running running ORDER BY h.heard_at DESC, h.device LIMIT ?
"""
_LAST_WRITTEN = """
    SELECT l.name, b.author, max(e.received) FROM log_library l JOIN log_branch b ON b.library = l.id
    JOIN log_entry e ON e.branch = b.id AND e.seq = b.last_seq GROUP BY l.id, b.author
"""
_SESSIONS = "SELECT library, device, max(expires) FROM relay_session WHERE expires > ? GROUP BY library, device"
_WANTED = "SELECT r.name, count(*) FROM relay_wanted w JOIN relay_library r ON r.id = w.library GROUP BY w.library ORDER BY r.name"
_COUNTED = ("entries", "entry_bytes", "blobs", "blob_bytes")


class RelaySampler:
    """Takes one sample after the other."""

    def __init__(self) -> None:
        self._arrivals: dict[str, ArrivalMeter] = {}
        self._blobs = TallyMeter()
        self._blob_bytes = TallyMeter()

    def take(self, inspected: Inspected, *, at: float, now: int) -> Sample:
        """``at``: seconds by a monotone clock; ``now``: milliseconds since 1970.

        The document: ``folder`` (relay), ``entries``, ``blobs``, ``blob_bytes`` of all libraries, ``sessions``; ``libraries``: ``library``, ``entries``,
        ``detached``, ``blobs``, ``blob_bytes``, ``quota`` (null for one that never registered); ``devices``, those heard last first: ``library``, ``device``,
        ``newest_entry`` (when the last one that it wrote came here; null: none did), ``heard_ms`` (running time since anything new was heard of it, counted
        in steps of 15 minutes), ``has_reported``, ``session_until`` (null: it is not signed in); ``problems``:
        ``what``, ``reason``, ``count``. At most two hundred rows of each. Counters, also of each library: ``entries``, ``entry_bytes``, ``blobs``,
        ``blob_bytes``, each as it came.
        """
        with inspected.database.read() as connection:
            rows = [row for row in connection.execute(_LIBRARIES) if LibraryId(row[0]) in inspected.libraries]
            for name, key, arrival, *_ in rows:
                self._arrivals.setdefault(bytes(name).hex(), ArrivalMeter()).read(connection, key, arrival, own=None)
            self._blobs.read({bytes(row[0]).hex(): row[6] or 0 for row in rows})
            self._blob_bytes.read({bytes(row[0]).hex(): row[7] or 0 for row in rows})
            sessions = {(bytes(library), bytes(device)): expires for library, device, expires in connection.execute(_SESSIONS, (now,))}
            libraries = [_library(row) for row in rows]
            document: Document = {
                "folder": "relay",
                "entries": sum(each["entries"] for each in libraries),
                "blobs": sum(each["blobs"] for each in libraries),
                "blob_bytes": sum(each["blob_bytes"] for each in libraries),
                "sessions": len(sessions),
                "libraries": libraries[:SHOWN_ROWS],
                "devices": _devices(connection, inspected, sessions),
                "problems": _problems(connection, libraries, inspected),
            }
        of_libraries = {each["library"]: self._counters(each["library"]) for each in libraries}
        totals = {name: sum(each[name] for each in of_libraries.values()) for name in _COUNTED}
        return Sample(at=at, time=now, counters=totals, of_libraries=of_libraries, document=document, tables=TABLES)

    def _counters(self, library: str) -> dict[str, int]:
        came = self._arrivals[library].came
        return {
            "entries": came.items,
            "entry_bytes": came.bytes,
            "blobs": self._blobs.risen[library],
            "blob_bytes": self._blob_bytes.risen[library],
        }


def _library(row: tuple[bytes, int, int, int, int, int | None, int | None, int | None, int | None]) -> Document:
    name, _, _, entries, detached, quota, blobs, blob_bytes, _ = row
    return {
        "library": bytes(name).hex(),
        "entries": entries,
        "detached": detached,
        "blobs": blobs or 0,
        "blob_bytes": blob_bytes or 0,
        "quota": quota,
    }


def _devices(connection: sqlite3.Connection, inspected: Inspected, sessions: dict[tuple[bytes, bytes], int]) -> list[Document]:
    wrote = {(bytes(library), bytes(device)): received for library, device, received in connection.execute(_LAST_WRITTEN)}
    return [
        {
            "library": bytes(library).hex(),
            "device": bytes(device).hex(),
            "newest_entry": iso_utc_or_none(wrote.get((bytes(library), bytes(device)))),
            "heard_ms": max(heard, 0),
            "has_reported": bool(has_reported),
            "session_until": iso_utc_or_none(sessions.get((bytes(library), bytes(device)))),
        }
        for library, device, heard, has_reported in connection.execute(_DEVICES, (SHOWN_ROWS,))
        if LibraryId(library) in inspected.libraries
    ]


def _problems(connection: sqlite3.Connection, libraries: list[Document], inspected: Inspected) -> list[Document]:
    problems: list[Document] = [{"what": DAMAGED, "reason": problem, "count": 1} for problem in inspected.problems.found]
    problems += [
        {"what": f"library {bytes(name).hex()[:10]}", "reason": "blobs damaged or gone, asked back from its devices", "count": count}
        for name, count in connection.execute(_WANTED)
        if LibraryId(name) in inspected.libraries
    ]
    for each in libraries:
        if each["detached"]:
            reason = "entries that build on missing ones"
            problems.append({"what": f"library {each['library'][:10]}", "reason": reason, "count": each["detached"]})
        if each["quota"] and each["blob_bytes"] >= NEARLY_FULL * each["quota"]:
            reason = f"its room is nearly full: {each['blob_bytes']:,} of {each['quota']:,} bytes"
            problems.append({"what": f"library {each['library'][:10]}", "reason": reason, "count": 1})
    return problems[:SHOWN_ROWS]
