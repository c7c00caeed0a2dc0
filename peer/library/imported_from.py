"""Where files of assets came from on this machine: the ``imported_from`` table. It stays here and is never sent.

A row is the newest file that was taken from a path, also when it was moved away by the import. Of which photo it is may have changed since, or the
photo may be gone: who reads a row looks that up.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from store.database import Database
from store.ids import FileHash, RecordId

MAX_FAMILY = 64
"""So many files of one family are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A file that was taken from ``path``, as it looked then. ``family``: the stem that it has in common with files that may belong to it."""

    path: Path
    record: RecordId
    file: FileHash
    size: int
    mtime_ns: int
    family: str


class ImportedFrom:
    """Methods join the caller's transaction when there is one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, origins: Iterable[Origin]) -> None:
        rows = [
            (_path(each.path), each.record, each.file, each.size, each.mtime_ns, _family(each.path.parent, each.family)) for each in origins
        ]
        with self._database.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO imported_from (path, record, file, size, mtime_ns, family) VALUES (?, ?, ?, ?, ?, ?)", rows
            )

    def at(self, path: Path) -> tuple[RecordId, FileHash] | None:
        """The file that was taken from ``path`` last, and the asset that it was taken into."""
        with self._database.read() as connection:
            row = connection.execute("SELECT record, file FROM imported_from WHERE path = ?", (_path(path),)).fetchone()
        return None if row is None else (RecordId(row[0]), FileHash(row[1]))

    def of_family(self, folder: Path, family: str) -> list[Origin]:
        """What was taken from ``folder`` under names of this family, by path."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT path, record, file, size, mtime_ns FROM imported_from WHERE family = ? ORDER BY path LIMIT ?",
                (_family(folder, family), MAX_FAMILY),
            ).fetchall()
        return [
            Origin(
                path=Path(os.fsdecode(path)),
                record=RecordId(record),
                file=FileHash(file),
                size=size,
                mtime_ns=mtime_ns,
                family=family,
            )
            for path, record, file, size, mtime_ns in rows
        ]


def _path(path: Path) -> bytes:
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100  (links are kept as they were named)


def _family(folder: Path, family: str) -> bytes:
    return _path(folder) + b"/" + os.fsencode(family)
