"""When a file in a watched folder is complete. Pure.

Nothing tells for certain that nobody goes on writing: copies stall, cards are slow, programs write in several goes. So a file is taken when all that can
be known agrees, and a mistake costs a version, never a photo: what is written later becomes a new version of it.

====================  ==============================================  ==============================================
what its bytes say     nobody has it open for writing                  that can't be told (network folders, other systems)
====================  ==============================================  ==============================================
whole                  taken after 0.05 s without a change              after 0.3 s
can't be told          after 0.5 s                                      after 2 s
the end is missing     reported after 10 s, and looked at again when    the same
                       it changes
====================  ==============================================  ==============================================

What somebody has open for writing is never taken; after a minute it says so. A change is another size, time or inode.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from peer.originals.held import HeldStamp

UNFINISHED_SUFFIXES = frozenset(
    {".part", ".partial", ".crdownload", ".download", ".tmp", ".temp", ".filepart", ".opdownload", ".!qb", ".aria2"}
)
"""Names that programs give to files that they haven't finished, and rename."""

_QUIET_CLOSED = 0.05
_QUIET = 0.3
_QUIET_UNSURE_CLOSED = 0.5
_QUIET_UNSURE = 2.0
_QUIET_TRUNCATED = 10.0
_OPEN_AGAIN = 0.05
_OPEN_AGAIN_LATER = 0.5
_LATER = 2.0
_OPEN_REPORT = 60.0

STILL_WRITTEN = "another program has it open for writing"
NEVER_WHOLE = "its end is missing: it is imported when it is complete"


class Wholeness(Enum):
    """What a file's own structure says."""

    UNREAD = auto()
    """It was just being written."""
    WHOLE = auto()
    UNSURE = auto()
    TRUNCATED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A file as it was at one moment. ``written``: whether somebody has it open for writing; ``None`` when that can't be told."""

    stamp: HeldStamp
    wholeness: Wholeness
    written: bool | None


@dataclass(slots=True, kw_only=True)
class Candidate:
    """A file that may have to be imported. ``since``: when it was first seen as it is now, ``looked``: when it was looked at last, in seconds of any
    clock that runs evenly."""

    path: Path
    sight: Sight
    since: float
    looked: float

    @classmethod
    def first_seen(cls, path: Path, sight: Sight, now: float) -> Candidate:
        return cls(path=path, sight=sight, since=now, looked=now)

    def see(self, sight: Sight, now: float) -> None:
        """It was looked at again."""
        if sight.stamp != self.sight.stamp:
            self.since = now
        self.sight = sight
        self.looked = now

    def look_at(self) -> float:
        """When to look at it again."""
        if self._is_being_written():
            return self.looked + (_OPEN_AGAIN if self.looked - self.since < _LATER else _OPEN_AGAIN_LATER)
        return self.since + self._quiet_needed()

    def is_decided(self) -> bool:
        """Whether, as it was seen last, it is taken or not taken: ``problem`` says which."""
        return not self._is_being_written() and self.looked >= self.since + self._quiet_needed()

    def _is_being_written(self) -> bool:
        return self.sight.wholeness is Wholeness.UNREAD or (bool(self.sight.written) and self.looked - self.since < _OPEN_REPORT)

    @property
    def problem(self) -> str | None:
        """Of a file that is decided: why it isn't taken; ``None`` when it is."""
        if self.sight.written:
            return STILL_WRITTEN
        return NEVER_WHOLE if self.sight.wholeness is Wholeness.TRUNCATED else None

    def _quiet_needed(self) -> float:
        closed = self.sight.written is False
        match self.sight.wholeness:
            case Wholeness.WHOLE:
                return _QUIET_CLOSED if closed else _QUIET
            case Wholeness.UNSURE | Wholeness.UNREAD:
                return _QUIET_UNSURE_CLOSED if closed else _QUIET_UNSURE
            case Wholeness.TRUNCATED:
                return _QUIET_TRUNCATED


def is_unfinished(name: str) -> bool:
    """Whether a file's name says that it isn't finished."""
    lower = name.lower()
    return lower.endswith("~") or any(lower.endswith(suffix) for suffix in UNFINISHED_SUFFIXES)
