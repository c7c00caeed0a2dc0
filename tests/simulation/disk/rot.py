"""Bits that turn by themselves: where they may, and how."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path
from random import Random

_BLOB_DIGITS = 64


def files_like(root: Path, pattern: str) -> Sequence[Path]:
    """Files that aren't empty. ``pattern``: of names, or of paths below the root when it has a ``/``."""
    found = sorted(path for path in root.rglob("*") if path.is_file() and path.stat().st_size)
    return [path for path in found if fnmatch(path.relative_to(root).as_posix() if "/" in pattern else path.name, pattern)]


def blob_files(root: Path) -> Sequence[Path]:
    """Sealed blobs of a relay, of checkpoints, and those that are carried for others."""
    return [path for path in files_like(root, "*") if len(path.name) == _BLOB_DIGITS and path.parts[-3] == "blobs"]


def turned(content: bytes, random: Random) -> bytes:
    """With one bit the other way."""
    changed = bytearray(content)
    changed[int(random.random() * len(content))] ^= 1 << int(random.random() * 8)
    return bytes(changed)


def turn_in_entry(database: Path, random: Random) -> bool:
    """In the raw bytes of a stored entry. False: none is there."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT rowid, raw FROM log_entry WHERE length(raw) > 0 ORDER BY library, arrival").fetchall()
        if not rows:
            return False
        row, raw = rows[int(random.random() * len(rows))]
        with connection:
            connection.execute("UPDATE log_entry SET raw = ? WHERE rowid = ?", (turned(raw, random), row))
        return True
