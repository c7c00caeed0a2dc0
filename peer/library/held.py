"""Which files lie on this device, where, and whether they are still as recorded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from peer.originals.held import HeldStamp, still_held
from peer.seams import Clock
from store.database import Database
from store.ids import FileHash

Kind = Literal["original", "preview", "thumbnail", "index"]
_COLUMNS = "file, kind, path, incoming, size, mtime_ns, inode"
STAY_MS = 24 * 3_600_000
"""So long an original stays that a person asked for. One that would stay longer was asked for by a clock that was wrong."""
STAY_OVER_BUDGET_MS = 3_600_000
"""So long of that also where it takes more room than the budget has; after that it is just the last to go."""
KINDS: tuple[Kind, ...] = ("original", "preview", "thumbnail", "index")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFile:
    """A file of the library on this disk. ``incoming``: its name in the incoming folder while its rename into place is still to be done."""

    file: FileHash
    kind: Kind
    path: Path
    incoming: str | None
    size: int
    mtime_ns: int
    inode: int

    def untouched(self, root: Path) -> bool:
        """Whether size, time and inode are as recorded; otherwise only a new hash tells."""
        return still_held(root / self.path, HeldStamp(size=self.size, mtime_ns=self.mtime_ns, inode=self.inode))


class HeldTable:
    """The ``held`` table. Paths are relative to the library's folder."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, held: HeldFile) -> None:
        """Record the file, in place of whatever was recorded of it or at its path. Since when it is here, and when it was last used,
        stays known."""
        path = os.fsencode(held.path)
        with self._database.write() as connection:
            connection.execute("DELETE FROM held WHERE path = ? AND file <> ?", (path, held.file))
            connection.execute(
                f"INSERT INTO held ({_COLUMNS}, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (file) DO UPDATE SET kind = excluded.kind,"  # noqa: S608
                " path = excluded.path, incoming = excluded.incoming, size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode",
                (held.file, held.kind, path, held.incoming, held.size, held.mtime_ns, held.inode, self._clock.now()),
            )
            connection.execute("DELETE FROM evicted WHERE file = ? AND path IS NULL", (held.file,))

    def use(self, file: FileHash, now: int, *, stays: int = 0) -> None:
        """The file was looked at, or came. ``stays``: somebody asked for it, so it is kept until then whatever the policy; milliseconds since 1970."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE held SET used = ?, stays = max(?, iif(stays > ? + ?, 0, stays)) WHERE file = ?", (now, stays, now, STAY_MS, file)
            )

    def placed(self, file: FileHash) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE held SET incoming = NULL WHERE file = ?", (file,))

    def forget(self, file: FileHash) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM held WHERE file = ?", (file,))

    def get(self, file: FileHash) -> HeldFile | None:
        with self._database.read() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM held WHERE file = ?", (file,)).fetchone()  # noqa: S608 - columns are ours
        return None if row is None else _held(row)

    def since(self, file: FileHash) -> int | None:
        """Since when a file is here, in milliseconds since 1970; ``None`` when it isn't, or came before that was written down."""
        with self._database.read() as connection:
            row = connection.execute("SELECT since FROM held WHERE file = ?", (file,)).fetchone()
        return None if row is None else row[0]

    def path_taken(self, path: Path) -> bool:
        with self._database.read() as connection:
            return connection.execute("SELECT 1 FROM held WHERE path = ?", (os.fsencode(path),)).fetchone() is not None

    def incoming(self) -> list[HeldFile]:
        """Files whose commit came before a crash and whose rename did not."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM held WHERE incoming IS NOT NULL").fetchall()  # noqa: S608 - columns are ours
        return [_held(row) for row in rows]

    def all(self, kind: Kind | None = None) -> Iterator[HeldFile]:
        """Every file, in pages, so that no transaction stays open while the caller works."""
        after = b""
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    f"SELECT {_COLUMNS} FROM held WHERE file > ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY file LIMIT 500",  # noqa: S608 - ours
                    (after, kind),
                ).fetchall()
            if not rows:
                return
            yield from (_held(row) for row in rows)
            after = bytes(rows[-1][0])

    def totals(self) -> dict[Kind, tuple[int, int]]:
        """Number and bytes of files by kind."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT what, files, bytes FROM total").fetchall()
        found = {what: (int(count), int(size)) for what, count, size in rows}
        return {kind: found.get(kind, (0, 0)) for kind in KINDS}


def _held(row: tuple[bytes, Kind, bytes, str | None, int, int, int]) -> HeldFile:
    file, kind, path, incoming, size, mtime_ns, inode = row
    return HeldFile(
        file=FileHash(file), kind=kind, path=Path(os.fsdecode(path)), incoming=incoming, size=size, mtime_ns=mtime_ns, inode=inode
    )
