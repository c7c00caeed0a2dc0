"""Applied entries that this device's newest entry doesn't have in its past: what the next one names as deps.

Kept minimal: an entry that another one in it builds on leaves it, so that deps stay few.
"""

from __future__ import annotations

from store.database import Database
from store.entries import Dep, Entry
from store.heads import Tip
from store.ids import EntryHash, LogId
from store.skeleton import SkeletonEntry


class Frontier:
    """The ``frontier`` table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deps(self) -> tuple[Dep, ...]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT log, seq, name FROM frontier ORDER BY log, seq, name").fetchall()
        return tuple(Dep(log=LogId(log), seq=seq, name=EntryHash(name)) for log, seq, name in rows)

    def applied(self, entry: Entry | SkeletonEntry, *, own: bool) -> None:
        """``entry`` was applied. ``own``: it was written just now into this device's log, and the next one follows it. What comes from elsewhere is to be named
        whatever log it is in: a copy of this device, or a member that means harm, may write in the log of this one."""
        with self._database.write() as connection:
            connection.executemany("DELETE FROM frontier WHERE name = ?", [(name,) for name in entry.needs])
            if not own:
                connection.execute("INSERT OR IGNORE INTO frontier VALUES (?, ?, ?)", (entry.name, entry.log, entry.seq))

    def name(self, log: LogId, tip: Tip) -> None:
        """The next own entry names ``tip`` too: the end of a log of this device's own that another one follows."""
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO frontier VALUES (?, ?, ?)", (tip.name, log, tip.seq))
