"""What a store holds, read from its tables and by nothing that a device runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from peer.library.library import Library
from store.ids import EntryHash, RecordId
from store.sqlite_log import SqliteLogStore


class Wait(NamedTuple):
    """A row of ``waiting``."""

    code: str
    needs: bytes
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLog:
    """``attached``: names by arrival, stubs among them; ``detached`` alike; ``stubs``: names without bytes."""

    attached: dict[int, EntryHash]
    detached: dict[int, EntryHash]
    stubs: frozenset[EntryHash]

    @property
    def names(self) -> frozenset[EntryHash]:
        return frozenset((*self.attached.values(), *self.detached.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """What a device wrote down of its entries. ``void``: (entry, record or ``None`` for all of it); ``client``: by entry."""

    applied: frozenset[EntryHash]
    waiting: dict[EntryHash, Wait]
    void: frozenset[tuple[EntryHash, RecordId | None]]
    arrival: dict[EntryHash, int]


def stored_log(log: SqliteLogStore) -> StoredLog:
    """The rows of one library."""
    with log._database.read() as connection:
        row = connection.execute("SELECT id FROM log_library WHERE name = ?", (log.library,)).fetchone()
        key = row[0] if row else 0
        entries = connection.execute(
            "SELECT arrival, name, length(raw) FROM log_entry WHERE library = ? ORDER BY arrival", (key,)
        ).fetchall()
        detached = connection.execute("SELECT arrival, name FROM log_detached WHERE library = ? ORDER BY arrival", (key,)).fetchall()
    return StoredLog(
        attached={arrival: EntryHash(name) for arrival, name, _ in entries},
        detached={arrival: EntryHash(name) for arrival, name in detached},
        stubs=frozenset(EntryHash(name) for _, name, length in entries if not length),
    )


def bookkeeping(library: Library) -> Bookkeeping:
    """The rows of a device."""
    with library.database.read() as connection:
        past = connection.execute("SELECT arrival, name FROM past").fetchall()
        waiting = connection.execute("SELECT name, code, needs, reason FROM waiting").fetchall()
        void = connection.execute("SELECT name, record FROM void JOIN past USING (arrival)").fetchall()
    return Bookkeeping(
        applied=frozenset(EntryHash(name) for _, name in past),
        waiting={EntryHash(name): Wait(code, needs, reason) for name, code, needs, reason in waiting},
        void=frozenset((EntryHash(name), RecordId(record) if record else None) for name, record in void),
        arrival={EntryHash(name): arrival for arrival, name in past},
    )
