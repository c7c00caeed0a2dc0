"""Two folders of one library beside each other: what each lacks of the other's entries, and whether what both have is the same, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from peer.library.meta import Meta
from store.ids import DeviceId, LibraryId, LogId
from tools.looking.documents import Document, device_document
from tools.looking.folder import Inspected
from tools.looking.writes import UNSEEN
from tools.proving.beside import beside
from tools.proving.findings import Findings

_STORED = """
    SELECT e.name, e.arrival, e.seq, b.log, b.author, length(e.raw), e.raw FROM log_library l JOIN log_entry e ON e.library = l.id
    JOIN log_branch b ON b.id = e.branch WHERE l.name = ? ORDER BY e.name
"""
_UNSEEN = """
    SELECT e.arrival FROM log_library l JOIN log_entry e ON e.library = l.id LEFT JOIN past p ON p.name = e.name
    WHERE l.name = ? AND e.arrival > ? AND p.name IS NULL
"""


class StoredEntry(NamedTuple):
    """An attached entry, or a stub, of which ``size`` is 0."""

    name: bytes
    arrival: int
    seq: int
    log: bytes
    author: bytes
    size: int
    raw: bytes


@dataclass(slots=True)
class _Run:
    entries: int = 0
    bytes: int = 0
    first: int = 1 << 63
    last: int = -1


@dataclass(slots=True)
class Amount:
    """Entries, summed up by log, author and what else is known of them."""

    runs: dict[tuple[bytes, bytes, str], _Run] = field(default_factory=dict)

    def add(self, entry: StoredEntry, reason: str = "") -> None:
        run = self.runs.setdefault((entry.log, entry.author, reason), _Run())
        run.entries += 1
        run.bytes += entry.size
        run.first, run.last = min(run.first, entry.seq), max(run.last, entry.seq)

    @property
    def entries(self) -> int:
        return sum(run.entries for run in self.runs.values())

    def document(self, names: dict[DeviceId, str]) -> Document:
        """``entries``, ``bytes``, ``logs``: the same by log, with the numbers of the first and the last (between them others may be)."""
        logs = [
            {
                "log": log.hex(),
                **device_document(DeviceId(author), names),
                "from": run.first,
                "to": run.last,
                "entries": run.entries,
                "bytes": run.bytes,
                **({"reason": reason} if reason else {}),
            }
            for (log, author, reason), run in sorted(self.runs.items())
        ]
        return {"entries": self.entries, "bytes": sum(run.bytes for run in self.runs.values()), "logs": logs}


@dataclass(slots=True, kw_only=True)
class Beyond:
    """What one folder has beyond the other. ``lacks``: entries that the other doesn't store; ``holds_back``: that it stores, and this one has applied, but
    the other hasn't, with its reasons. ``arrivals``: of both, here, as far as they are applied. ``stubs``: how many of them have no bytes here."""

    lacks: Amount = field(default_factory=Amount)
    holds_back: Amount = field(default_factory=Amount)
    arrivals: set[int] = field(default_factory=set)
    stubs: int = 0


def compare_logs(left: Inspected, right: Inspected, library: LibraryId, findings: Findings) -> tuple[Beyond, Beyond]:
    """What ``left`` has beyond ``right``, and the other way round. Entries whose bytes differ are findings. A relay applies nothing, so beside one
    nothing is held back."""
    ours, theirs = Beyond(), Beyond()
    are_devices = left.library_folder is not None and right.library_folder is not None
    held_left, held_right = (_waiting(left, library), _waiting(right, library)) if are_devices else ({}, {})
    for mine, other in beside(_stored(left, library), _stored(right, library), lambda entry: entry.name):
        if mine is not None and other is not None:
            if mine.raw != other.raw and mine.raw and other.raw:
                place = f"{LogId(mine.log).short()}:{mine.seq}"
                findings.add(
                    "entry", f"entry {place}: the bytes of A aren't those of B", log=mine.log.hex(), seq=mine.seq, name=mine.name.hex()
                )
            _held_back(mine, other, held_left, held_right, ours)
            _held_back(other, mine, held_right, held_left, theirs)
        elif mine is not None:
            _lacking(mine, held_left, ours)
        elif other is not None:
            _lacking(other, held_right, theirs)
    return ours, theirs


def _held_back(entry: StoredEntry, there: StoredEntry, here: dict[int, str], other: dict[int, str], beyond: Beyond) -> None:
    if entry.arrival not in here and there.arrival in other:
        beyond.holds_back.add(there, other[there.arrival])
        beyond.arrivals.add(entry.arrival)
        beyond.stubs += not entry.size


def _lacking(entry: StoredEntry, here: dict[int, str], beyond: Beyond) -> None:
    beyond.lacks.add(entry)
    if entry.arrival not in here:
        beyond.arrivals.add(entry.arrival)
        beyond.stubs += not entry.size


def _waiting(inspected: Inspected, library: LibraryId) -> dict[int, str]:
    """What a device stores and hasn't applied, with its reason."""
    with inspected.database.read() as connection:
        unseen = connection.execute(_UNSEEN, (library, Meta(inspected.database).get_int("looked_at"))).fetchall()
        return {arrival: UNSEEN for (arrival,) in unseen} | dict(connection.execute("SELECT arrival, reason FROM waiting").fetchall())


def _stored(inspected: Inspected, library: LibraryId) -> Iterator[StoredEntry]:
    with inspected.database.read() as connection:
        for row in connection.execute(_STORED, (library,)):
            yield StoredEntry(*row)
