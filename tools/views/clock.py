"""`clock`: whose clock is wrong, told from what each device wrote and when it came here.

A stamp with counter 0 is what the clock of its maker said. One with a higher counter follows another stamp, which may be somebody else's, as long as that
wasn't more than five minutes ahead of the maker's clock (``crdt.clock``). An entry was made before it came here, and after what it builds on. So the
maker's clock was

- ahead of the time here by at least ``stamp - arrival`` (five minutes less where the stamp follows another);
- behind by at least ``written - stamp``, where the entry builds on one that was written here at that time;
- behind by at most ``arrival - stamp``, which nothing can be told of where the stamp follows another.

The time here is that by which this device stamps: its clock, put right by a relay's where it has seen one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from crdt.clock import AHEAD_LIMIT_MS, Stamp
from peer.library.instants import iso_utc, iso_utc_or_none
from peer.library.meta import Meta
from store.branches import Branch, heads_of
from store.entries import EntryKind
from store.ids import MASTER, DeviceId, LibraryId, LogId
from store.seen import SeenReport
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
    """A change that was opened. ``arrived``, and when the newest entry was ``written`` that was made here and that it builds on, if it does: by the time
    here, in milliseconds since 1970."""

    logged: LoggedEntry
    stamp: Stamp
    arrived: int
    written: int | None

    @property
    def ahead(self) -> int:
        """Milliseconds that its stamp is later than its arrival here; negative for what took that long, or was made by a clock that is behind."""
        return self.stamp.millis - self.arrived

    @property
    def is_reading(self) -> bool:
        """Whether its stamp is what a clock said."""
        return self.stamp.counter == 0

    @property
    def proven_ahead(self) -> int:
        """Milliseconds that the clock of its maker was ahead, at the least."""
        return self.ahead if self.is_reading else self.ahead - AHEAD_LIMIT_MS

    @property
    def proven_behind(self) -> int:
        """Milliseconds that it was behind, at the least."""
        return 0 if self.written is None else self.written - self.stamp.millis


def gather_clock(inspected: Inspected, *, now: int) -> list[Document]:
    """A document for each library. ``now``: milliseconds since 1970 by the clock of this machine.

    - ``library``, ``now``; ``here``: of the device whose folder this is, null of a relay's: ``clock`` (its newest stamp), ``ahead_ms`` (how far that
      is ahead of now), ``offset_ms`` (of a relay's clock that disciplines it, 0 without one), ``perhaps_behind_ms``, ``perhaps_ahead_ms``: the least by
      which all other devices were ahead, or behind, more than five minutes: then the clock here may be the wrong one; null where one of them
      wasn't, or a relay has told the time
    - ``devices``: ``device``, ``device_name``, ``member``, ``is_here``, ``looked_at`` (entries; 0 where their bodies stay sealed), ``following``
      (how many of them have stamps that follow others), ``ahead_ms``, ``behind_ms``: by how much its clock was ahead of the time here, or behind, at
      the least (0 when nothing says that it was, null when nothing was looked at, and of the device here, whose clock is what others are compared
      with), ``behind_at_most_ms``: it can't have been behind by more (null likewise, and where all stamps follow others), ``flagged_ms``: what the
      device here noted when such an entry came (more than five minutes ahead), ``reported`` (time in its newest seen report),
      ``reported_ahead_ms``: how far that is ahead of now (0 of the device here), ``logs``, ``forked`` (logs of it with several ends),
      ``suspicious``: its clock is, or was, more than five minutes ahead or behind
    - ``ahead``: the newest entries with stamps ahead of their arrival by more than five minutes: ``entry``, ``device``, ``device_name``, ``time``,
      ``received``, ``ahead_ms``
    - ``sealed``: why bodies weren't opened; only flags and reports tell then
    """
    return [_Telling(inspected, library, now).document() for library in inspected.libraries]


class _Telling:
    """Of one library."""

    def __init__(self, inspected: Inspected, library: LibraryId, now: int) -> None:
        self._inspected = inspected
        self._library = library
        self._now = now
        self._names, self._contents = inspected.device_names(), Contents.of(inspected, library)
        self._roster = inspected.log(library).roster()
        self._flags, self._reports = _flags(inspected), seen_reports(inspected, library)
        meta = None if inspected.library_folder is None else Meta(inspected.database)
        own = None if meta is None else meta.get("log")
        self._own_log = None if own is None else LogId(own)
        self._stamp = None if meta is None else Stamp(meta.get("stamp") or bytes(Stamp.SIZE))
        self._offset = None if meta is None or meta.get("clock_offset") is None else meta.get_int("clock_offset")

    def document(self) -> Document:
        with self._inspected.database.read() as connection:
            branches = list(LibraryRows(connection, self._library).branches().values())
        ends = Counter({log: len(tips) for log, tips in heads_of(branches).items()})
        authors = sorted({branch.author for branch in branches} - {MASTER})
        own = next((set(logs) for device in authors if self._own_log in (logs := _logs_of(device, branches))), set())
        made = {device: list(self._made(_logs_of(device, branches), own)) for device in authors}
        devices = [self._device(device, _logs_of(device, branches), made[device], ends) for device in authors]
        ahead = [self._late(each, device) for device in authors for each in made[device] if each.ahead > AHEAD_LIMIT_MS]
        return {
            "library": self._library.hex(),
            "now": iso_utc(self._now),
            "here": self._of_here(devices),
            "devices": devices,
            "ahead": sorted(ahead, key=lambda each: str(each["received"]), reverse=True)[:SAMPLE],
            "sealed": self._contents.reason,
        }

    def _made(self, logs: Iterable[LogId], own: Collection[LogId]) -> Iterable[_Made]:
        for log in logs:
            for logged in newest_logged(self._inspected, self._library, log, first=0, last=HIGHEST, limit=SAMPLE):
                is_change = logged.entry is not None and logged.item.kind is EntryKind.CHANGE
                opened = self._contents.opened(logged.entry) if logged.entry is not None and is_change else None
                if opened is not None:
                    yield _Made(logged, opened.stamp, logged.received + (self._offset or 0), self._written(logged, own))

    def _written(self, logged: LoggedEntry, own: Collection[LogId]) -> int | None:
        with self._inspected.database.read() as connection:
            rows = LibraryRows(connection, self._library)
            times = [rows.received(dep.name) for dep in logged.item.deps if dep.log in own]
        return max((time + (self._offset or 0) for time in times if time is not None), default=None)

    def _device(self, device: DeviceId, logs: list[LogId], made: list[_Made], ends: Counter[LogId]) -> Document:
        is_here = self._own_log in logs
        compared = [] if is_here else made
        ahead = max((each.proven_ahead for each in compared), default=None)
        behind = max((each.proven_behind for each in compared), default=None)
        most_behind = min((-each.ahead for each in compared if each.is_reading), default=None)
        flagged = max((self._flags.get(log, 0) for log in logs), default=0)
        report: SeenReport | None = self._reports.get(device)
        reported_ahead = 0 if report is None or is_here else max(report.time - self._now - (self._offset or 0), 0)
        return {
            **device_document(device, self._names),
            "member": self._roster.is_member(device),
            "is_here": is_here,
            "looked_at": len(made),
            "following": sum(not each.is_reading for each in made),
            "ahead_ms": None if ahead is None else max(ahead, 0),
            "behind_ms": None if behind is None else max(behind, 0),
            "behind_at_most_ms": None if most_behind is None else max(most_behind, 0),
            "flagged_ms": flagged,
            "reported": iso_utc_or_none(None if report is None else report.time),
            "reported_ahead_ms": reported_ahead,
            "logs": [log.hex() for log in logs],
            "forked": [log.hex() for log in logs if ends[log] > 1],
            "suspicious": flagged > 0 or max(ahead or 0, behind or 0, reported_ahead) > AHEAD_LIMIT_MS,
        }

    def _late(self, made: _Made, device: DeviceId) -> Document:
        item = made.logged.item
        return {
            "entry": entry_document(item.log, item.seq, item.name),
            **device_document(device, self._names),
            "time": iso_utc(made.stamp.millis),
            "received": iso_utc(made.logged.received),
            "ahead_ms": made.ahead,
        }

    def _of_here(self, devices: list[Document]) -> Document | None:
        if self._stamp is None:
            return None
        others = [device for device in devices if not device["is_here"] and device["looked_at"]] if self._offset is None else []
        return {
            "clock": iso_utc(self._stamp.millis),
            "ahead_ms": max(self._stamp.millis - self._now - (self._offset or 0), 0),
            "offset_ms": self._offset or 0,
            "perhaps_behind_ms": _least(device["ahead_ms"] for device in others),
            "perhaps_ahead_ms": _least(device["behind_ms"] for device in others),
        }


def _least(milliseconds: Iterable[int]) -> int | None:
    least = min(milliseconds, default=0)
    return least if least > AHEAD_LIMIT_MS else None


def _logs_of(device: DeviceId, branches: Iterable[Branch]) -> list[LogId]:
    return sorted({branch.log for branch in branches if branch.author == device})


def _flags(inspected: Inspected) -> dict[LogId, int]:
    if inspected.library_folder is None:
        return {}
    with inspected.database.read() as connection:
        return {LogId(log): int(ahead) for log, ahead in connection.execute("SELECT log, milliseconds FROM clock_ahead").fetchall()}
