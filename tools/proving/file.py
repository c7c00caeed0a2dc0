"""Whether SQLite finds its file whole: all of it, also what no proof reads, as indexes and queues."""

from __future__ import annotations

import sqlite3

from store.errors import DamagedError
from tools.looking.folder import Inspected

_FAULTS = 100


def check_file(inspected: Inspected) -> None:
    """``DamagedError`` of the database itself, so that the look is taken again on what can be read of it."""
    with inspected.database.read() as connection:
        found = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({_FAULTS})").fetchall()]
    if found == ["ok"]:
        return
    lines = [line for row in found for line in row.splitlines() if not line.startswith("***")]
    said = f"SQLite finds faults in it, the first: {lines[0] if lines else found[0]}"
    raise DamagedError(said) from sqlite3.DatabaseError(said)
