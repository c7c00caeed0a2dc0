"""Applied entries that this device's newest entry doesn't have in its past: what the next one names as deps.

Kept minimal: an entry that another one in it builds on leaves it, so that deps stay few.
"""

from __future__ import annotations

from collections.abc import Iterable

from store.database import Database
from store.entries import Dep, Entry
from store.heads import Tip
from store.ids import EntryHash, LogId


class Frontier:
    """The ``frontier`` table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deps(self) -> tuple[Dep, ...]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT log, seq, name FROM frontier ORDER BY log, seq, name").fetchall()
        return tuple(Dep(log=LogId(log), seq=seq, name=EntryHash(name)) for log, seq, name in rows)

    def applied(self, entry: Entry, *, own: bool) -> None:
        """``entry`` was applied. An own entry names all that was here, so nothing is left to name."""
        with self._database.write() as connection:
            if own:
                connection.execute("DELETE FROM frontier")
                return
            connection.executemany("DELETE FROM frontier WHERE name = ?", [(entry.previous,), *((dep.name,) for dep in entry.deps)])
            connection.execute("INSERT OR IGNORE INTO frontier VALUES (?, ?, ?)", (entry.name, entry.log, entry.seq))

    def name(self, log: LogId, tips: Iterable[Tip]) -> None:
        """The next own entry names ``tips`` too: the end of a log of this device's own that another one follows."""
        with self._database.write() as connection:
            connection.executemany("INSERT OR IGNORE INTO frontier VALUES (?, ?, ?)", [(tip.name, log, tip.seq) for tip in tips])
