"""Stored entries that can't be applied yet: why each waits, for what, and which of them may be looked at again.

Nothing here looks at everything whenever anything happens. An entry is named again when the very thing came that it waits for:

- `removed`: a removed device wrote it, beyond the end that counts (``peer.library.pins``). Until an entry that counts builds on it.
- `parent`: it builds on an entry that waits itself. Until that one is applied.
- `key`: the key of its epoch hasn't come. Until the keyring has it.
- `detached`: it is stored, and what it builds on isn't yet. The log store lets it arrive again when it is.
- `engine`: the engine failed on it. Whenever something else was applied, some of them.
- `version`, `again`: a newer program wrote it, or nothing is known of why it waits. When the program starts.

What builds on a waiting entry waits too. So the entries that say of a waiting one that it counts are all found among the waiting ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from store.database import Database
from store.ids import EntryHash, EpochId
from store.log import Arrived

ENGINE_FAILURES_AT_ONCE = 64


class Why(StrEnum):
    """The ``code`` column."""

    REMOVED = "removed"
    PARENT = "parent"
    KEY = "key"
    DETACHED = "detached"
    ENGINE = "engine"
    VERSION = "version"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Waits:
    """``reason`` is for people; ``needs`` is the name of the entry, or the epoch, that is waited for."""

    why: Why
    reason: str
    needs: bytes = b""


@dataclass(frozen=True, slots=True)
class WaitingEntry:
    """One row. ``counts``: an entry that counts has it in its past."""

    arrival: int
    name: EntryHash
    why: Why
    counts: bool


class WaitingTable:
    """The ``waiting`` table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, arrived: Arrived, waits: Waits, *, now: int) -> None:
        """It waits, perhaps for another reason than before or under another number. ``now`` in milliseconds since 1970."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO waiting (arrival, name, reason, since, code, needs) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
                " SET arrival = excluded.arrival, reason = excluded.reason, code = excluded.code, needs = excluded.needs",
                (arrived.arrival, arrived.entry.name, waits.reason, now, waits.why.value, waits.needs),
            )

    def drop(self, name: EntryHash, now: Callable[[], int]) -> None:
        """It is applied. That it had to wait until ``now`` (milliseconds since 1970), if it had, stays known."""
        with self._database.write() as connection:
            waited = connection.execute("DELETE FROM waiting WHERE name = ? RETURNING name, since", (name,)).fetchone()
            if waited is not None:
                connection.execute("INSERT OR REPLACE INTO waited VALUES (?, ?, ?)", (*waited, now()))

    def find(self, name: EntryHash) -> WaitingEntry | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT arrival, name, code, counts FROM waiting WHERE name = ?", (name,)).fetchone()
        return None if row is None else _entry(row)

    def at(self, arrival: int) -> WaitingEntry | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT arrival, name, code, counts FROM waiting WHERE arrival = ?", (arrival,)).fetchone()
        return None if row is None else _entry(row)

    def all(self) -> list[WaitingEntry]:
        """By arrival."""
        with self._database.read() as connection:
            return [
                _entry(row) for row in connection.execute("SELECT arrival, name, code, counts FROM waiting ORDER BY arrival").fetchall()
            ]

    def counted(self) -> int:
        """How many wait that will count: all but what removed devices wrote and nobody took up."""
        return self._count("code <> ?", Why.REMOVED)

    def set_aside(self) -> int:
        """How many entries of removed devices don't count, as far as is known here."""
        return self._count("code = ?", Why.REMOVED)

    def arrivals(self, *codes: Why, needs: bytes | None = None, at_most: int = -1) -> list[int]:
        """Of those that wait for one of these reasons (and for ``needs``), the first."""
        query = "SELECT arrival FROM waiting WHERE code IN (SELECT value FROM json_each(?)) AND (?2 IS NULL OR needs = ?2) ORDER BY arrival LIMIT ?"
        listed = "[" + ",".join(f'"{code.value}"' for code in codes) + "]"
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(query, (listed, needs, at_most)).fetchall()]

    def builds_on(self, name: EntryHash) -> list[int]:
        """Those that were found to wait for this entry."""
        with self._database.read() as connection:
            query = "SELECT arrival FROM waiting WHERE code = ? AND needs = ?"
            return [row[0] for row in connection.execute(query, (Why.PARENT.value, name)).fetchall()]

    def epochs(self) -> list[EpochId]:
        """Those whose keys are waited for."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT DISTINCT needs FROM waiting WHERE code = ?", (Why.KEY.value,)).fetchall()
        return [EpochId(row[0]) for row in rows]

    def forget_what_counts(self) -> None:
        """Removals changed: it is to be marked anew."""
        with self._database.write() as connection:
            connection.execute("UPDATE waiting SET counts = 0 WHERE counts")

    def mark_counting(self, names: Iterable[EntryHash], needs_of: Callable[[EntryHash], Iterable[EntryHash]]) -> Iterator[int]:
        """An entry that counts builds on ``names``: those of them that wait, and all that they build on, count. The arrivals of those that
        waited for nothing else. What is marked already had all that it builds on marked with it."""
        ahead = list(names)
        while ahead:
            waiting = self.find(ahead.pop())
            if waiting is None or waiting.counts:
                continue
            with self._database.write() as connection:
                connection.execute("UPDATE waiting SET counts = 1 WHERE arrival = ?", (waiting.arrival,))
            ahead.extend(needs_of(waiting.name))
            if waiting.why is Why.REMOVED:
                yield waiting.arrival

    def _count(self, condition: str, code: Why) -> int:
        with self._database.read() as connection:
            return int(connection.execute(f"SELECT count(*) FROM waiting WHERE {condition}", (code.value,)).fetchone()[0])  # noqa: S608 - ours


def _entry(row: tuple[int, bytes, str, int]) -> WaitingEntry:
    arrival, name, code, counts = row
    return WaitingEntry(arrival, EntryHash(name), Why(code), bool(counts))
