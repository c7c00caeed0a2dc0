"""Where the entries of removed devices end that count by themselves (PROTOCOL.md section 3.1.1).

A removal pins the logs of the device that it removes: it names the ends of what its author had applied. An entry of a removed device is
*beyond the pin* when it is neither one of those ends nor an ancestor of one; of a log that no pin names, every entry is. Several removals
of one device: what is within any pin is within.

The log store may not have an end yet that a pin names. Until it comes numbers decide: up to its number an entry counts. So a log that lost
its end with the device that removed it isn't lost with it. If it turns out later that an entry lies on another branch, a device that applied
it says so by naming it (``peer.library.vouching``), and then it counts everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from store.admission import Stored
from store.branches import Branch, Position, ancestry
from store.heads import Heads
from store.ids import MASTER, DeviceId, EntryHash, LogId

NOTHING = Heads()


class Members(Protocol):
    """What is asked of the roster (``store.roster``)."""

    def is_member(self, device: DeviceId) -> bool: ...

    def pin_of(self, device: DeviceId) -> Heads | None: ...


class StoredLogs(Protocol):
    """What is asked of the log store, within one transaction."""

    def find(self, name: EntryHash) -> Stored | None: ...

    def branches_of(self, log: LogId) -> dict[int, Branch]: ...


@dataclass(frozen=True, slots=True)
class _Pin:
    """Of one log: up to which number each branch is within, and the highest number of an end that isn't stored."""

    marks: dict[int, int]
    unknown: int


class Pins:
    """Good for one transaction."""

    def __init__(self, roster: Members, logs: StoredLogs) -> None:
        self._roster = roster
        self._logs = logs
        self._pins: dict[tuple[DeviceId, LogId], _Pin] = {}

    def is_beyond(self, author: DeviceId, log: LogId, position: Position) -> bool:
        """Whether the entry that ``author`` wrote there counts only if another device's entry builds on it."""
        if not self._is_pinned(author):
            return False
        pin = self._pin(author, log)
        return position.seq > max(pin.unknown, pin.marks.get(position.branch, -1))

    def within(self, author: DeviceId, branch: Branch) -> int:
        """The number of the newest entry of a branch of ``author``'s that isn't beyond its pin; below the first number when all are."""
        if not self._is_pinned(author):
            return branch.last_seq
        pin = self._pin(author, branch.log)
        return min(branch.last_seq, max(pin.unknown, pin.marks.get(branch.key, -1)))

    def _is_pinned(self, author: DeviceId) -> bool:
        return author != MASTER and not self._roster.is_member(author)

    def _pin(self, author: DeviceId, log: LogId) -> _Pin:
        key = author, log
        if key not in self._pins:
            self._pins[key] = self._read(author, log)
        return self._pins[key]

    def _read(self, author: DeviceId, log: LogId) -> _Pin:
        marks: dict[int, int] = {}
        unknown = -1
        branches = self._logs.branches_of(log)
        for tip in (self._roster.pin_of(author) or NOTHING).get(log, ()):
            stored = self._logs.find(tip.name)
            if stored is None:
                unknown = max(unknown, tip.seq)
            elif stored.log == log:
                for step in ancestry(stored.position, branches):
                    marks[step.branch] = max(step.seq, marks.get(step.branch, -1))
        return _Pin(marks, unknown)
