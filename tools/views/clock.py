"""`clock`: whose clock is wrong, told from what each device wrote and when it came here."""

from __future__ import annotations

from dataclasses import dataclass

from crdt.clock import AHEAD_LIMIT_MS, Stamp
from peer.library.instants import iso_utc, iso_utc_or_none
from peer.library.meta import Meta
from store.entries import EntryKind
from store.ids import MASTER, DeviceId, LibraryId, LogId
from store.sqlite_rows import LibraryRows
from tools.looking.contents import Contents
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, newest_logged
from tools.looking.reports import seen_reports

SAMPLE = 100
"""Newest entries of each log that are looked at."""

HIGHEST = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class _Made:
    logged: LoggedEntry
    stamp: Stamp

    @property
    def ahead(self) -> int:
        """Milliseconds that its stamp is later than its arrival here; negative for what took that long, or was made by a clock that is behind."""
        return self.stamp.millis - self.logged.received


def gather_clock(inspected: Inspected, *, now: int) -> list[Document]:
    """A document for each library. ``now``: milliseconds since 1970 by the clock of this machine.

    - ``library``, ``now``; ``here``: of the device whose folder this is, null of a relay's: ``clock`` (its newest stamp), ``ahead_ms`` (how far that
      is ahead of now),
      ``offset_ms`` (of a relay's clock that disciplines it, 0 without one)
    - ``devices``: ``device``, ``device_name``, ``looked_at`` (entries; 0 where their bodies stay sealed), ``ahead_ms``: the most that a stamp was
      later than its arrival
      here, so the clock of its maker was ahead of this one's by at least that (null when nothing was looked at, 0 when it never was),
      ``behind_at_most_ms``: the least that a stamp was
      earlier than its arrival: a clock can't be behind by more, and nothing says that it is behind at all; ``flagged_ms``: what the device noted when
      such an entry came
      (more than five minutes), ``reported`` (time in its newest seen report), ``logs``, ``forked`` (logs of it with several ends), ``suspicious``:
      its clock
      is, or was, more than five minutes ahead
    - ``ahead``: the newest entries with stamps ahead of their arrival by more than five minutes: ``entry``, ``device``, ``time``, ``received``,
      ``ahead_ms``
    - ``sealed``: why bodies weren't opened; only flags and reports tell then
    """
    return [_library(inspected, library, now) for library in inspected.libraries]


def _library(inspected: Inspected, library: LibraryId, now: int) -> Document:
    names, contents = inspected.device_names(), Contents.of(inspected, library)
    roster = inspected.log(library).roster()
    with inspected.database.read() as connection:
        branches = list(LibraryRows(connection, library).branches().values())
    tips: dict[LogId, int] = {}
    for branch in branches:
        tips[branch.log] = tips.get(branch.log, 0) + 1
    flags, reports = _flags(inspected), seen_reports(inspected, library)
    devices, ahead = [], list[Document]()
    for device in sorted({branch.author for branch in branches} - {MASTER}):
        logs = sorted({branch.log for branch in branches if branch.author == device})
        made = [each for log in logs for each in _made(inspected, library, contents, log)]
        ahead += [_late(each, device, names) for each in made if each.ahead > AHEAD_LIMIT_MS]
        flagged = max((flags.get(log, 0) for log in logs), default=0)
        most = max((each.ahead for each in made), default=None)
        report = reports.get(device)
        devices.append(
            {
                **device_document(device, names),
                "member": roster.is_member(device),
                "looked_at": len(made),
                "ahead_ms": None if most is None else max(most, 0),
                "behind_at_most_ms": None if most is None else max(-most, 0),
                "flagged_ms": flagged,
                "reported": iso_utc_or_none(None if report is None else report.time),
                "logs": [log.hex() for log in logs],
                "forked": [log.hex() for log in logs if tips[log] > 1],
                "suspicious": flagged > 0 or (most or 0) > AHEAD_LIMIT_MS,
            }
        )
    return {
        "library": library.hex(),
        "now": iso_utc(now),
        "here": _here(inspected, now),
        "devices": devices,
        "ahead": sorted(ahead, key=lambda each: str(each["received"]), reverse=True)[:SAMPLE],
        "sealed": contents.reason,
    }


def _made(inspected: Inspected, library: LibraryId, contents: Contents, log: LogId) -> list[_Made]:
    found = newest_logged(inspected, library, log, first=0, last=HIGHEST, limit=SAMPLE)
    opened = (
        (logged, contents.opened(logged.entry)) for logged in found if logged.entry is not None and logged.item.kind is EntryKind.CHANGE
    )
    return [_Made(logged, change.stamp) for logged, change in opened if change is not None]


def _late(made: _Made, device: DeviceId, names: dict[DeviceId, str]) -> Document:
    item = made.logged.item
    return {
        "entry": entry_document(item.log, item.seq, item.name),
        **device_document(device, names),
        "time": iso_utc(made.stamp.millis),
        "received": iso_utc(made.logged.received),
        "ahead_ms": made.ahead,
    }


def _flags(inspected: Inspected) -> dict[LogId, int]:
    if inspected.library_folder is None:
        return {}
    with inspected.database.read() as connection:
        return {LogId(log): int(ahead) for log, ahead in connection.execute("SELECT log, milliseconds FROM clock_ahead").fetchall()}


def _here(inspected: Inspected, now: int) -> Document | None:
    if inspected.library_folder is None:
        return None
    meta = Meta(inspected.database)
    stamp, offset = Stamp(meta.get("stamp") or bytes(Stamp.SIZE)), meta.get_int("clock_offset")
    return {"clock": iso_utc(stamp.millis), "ahead_ms": max(stamp.millis - now - offset, 0), "offset_ms": offset}
