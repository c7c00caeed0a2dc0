"""Transfers still to be done, in SQLite so that they survive everything.

The unit of upload is the blob, that of download the file, whose verified segments are recorded as they arrive. An item that fails keeps its
reason and the time of its next try; it never blocks another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from peer.keys.blobs import SEGMENT_BYTES
from store.database import Database
from store.ids import BlobId, FileHash, RecordId


class Priority(IntEnum):
    """Order on the wire, after entries."""

    THUMBNAIL = 1
    PREVIEW = 2
    ORIGINAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One blob for one node: segment ``segment`` of ``file``, which has ``size`` bytes before sealing."""

    blob: BlobId
    file: FileHash
    segment: int
    size: int
    priority: Priority
    tries: int = 0


def uploads_of_file(file: FileHash, size: int, blobs: Sequence[BlobId], priority: Priority) -> list[Upload]:
    """One upload for each blob of a file of ``size`` bytes."""
    return [
        Upload(blob=blob, file=file, segment=n, size=min(SEGMENT_BYTES, size - n * SEGMENT_BYTES), priority=priority)
        for n, blob in enumerate(blobs)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One file that this device should hold and doesn't."""

    file: FileHash
    record: RecordId
    size: int
    priority: Priority
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """An item that failed at least once."""

    item: str
    reason: str
    next_try: int


class UploadQueue:
    """The ``upload`` table. Methods join the caller's transaction when there is one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, nodes: Iterable[int], uploads: Sequence[Upload], *, not_before: int = 0) -> None:
        """Due at once, or ``not_before`` a time. For a node that was removed meanwhile nothing is queued."""
        rows = [(node, u.blob, u.file, u.segment, u.size, int(u.priority), not_before) for node in nodes for u in uploads]
        with self._database.write() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO upload (node, blob, file, segment, size, priority, next_try)"
                " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM node WHERE id = ?1)",
                rows,
            )

    def due(self, node: int, now: int, limit: int) -> list[Upload]:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT blob, file, segment, size, priority, tries FROM upload WHERE node = ? AND next_try <= ? ORDER BY priority, file, segment LIMIT ?",
                (node, now, limit),
            ).fetchall()
        return [
            Upload(blob=BlobId(b), file=FileHash(f), segment=s, size=size, priority=Priority(p), tries=tries)
            for b, f, s, size, p, tries in rows
        ]

    def done(self, node: int, blobs: Iterable[BlobId]) -> None:
        with self._database.write() as connection:
            connection.executemany("DELETE FROM upload WHERE node = ? AND blob = ?", [(node, blob) for blob in blobs])

    def hurry(self, node: int) -> None:
        """Everything for this node is due now: it was told to be, or the node is back."""
        with self._database.write() as connection:
            connection.execute("UPDATE upload SET next_try = 0 WHERE node = ? AND next_try > 0", (node,))

    def look_again(self, node: int, blobs: Sequence[BlobId]) -> bool:
        """The node said that these came, from whomever: those of them that are queued for it are due now, to be asked about. True: some are."""
        with self._database.read() as connection:
            marks = ",".join("?" * len(blobs))
            rows = connection.execute(
                f"SELECT blob FROM upload WHERE node = ? AND next_try > 0 AND blob IN ({marks})",  # noqa: S608 - only question marks
                (node, *blobs),
            ).fetchall()
        if rows:
            with self._database.write() as connection:
                connection.executemany("UPDATE upload SET next_try = 0 WHERE node = ? AND blob = ?", [(node, row[0]) for row in rows])
        return bool(rows)

    def failed(self, node: int, blob: BlobId, reason: str, next_try: int) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE upload SET tries = tries + 1, reason = ?, next_try = ? WHERE node = ? AND blob = ?", (reason, next_try, node, blob)
            )

    def next_try(self, node: int) -> int | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT min(next_try) FROM upload WHERE node = ?", (node,)).fetchone()
        return None if row[0] is None else int(row[0])

    def count(self, node: int | None = None) -> tuple[int, int]:
        """How many blobs wait, and how many bytes; for one node or for all."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(size), 0) FROM upload WHERE ?1 IS NULL OR node = ?1", (node,)
            ).fetchone()
        return int(row[0]), int(row[1])

    def stuck(self, limit: int = 100) -> list[Stuck]:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT file, segment, reason, next_try, url FROM upload JOIN node ON node.id = upload.node WHERE tries > 0 LIMIT ?",
                (limit,),
            ).fetchall()
        return [Stuck(item=f"upload {FileHash(f).short()}#{s} to {url}", reason=reason, next_try=at) for f, s, reason, at, url in rows]


class DownloadQueue:
    """The ``download`` and ``download_part`` tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, download: Download) -> None:
        """A person asked for the file: it is due now, whatever the policy wants."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO download (file, record, size, priority, asked) VALUES (?, ?, ?, ?, 1)"
                " ON CONFLICT (file) DO UPDATE SET asked = 1, next_try = 0",
                (download.file, download.record, download.size, int(download.priority)),
            )

    def add_missing(self, downloads: Iterable[Download]) -> None:
        """Those of ``downloads`` that aren't recorded as held here."""
        rows = [(download.file, download.record, download.size, int(download.priority)) for download in downloads]
        with self._database.write() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO download (file, record, size, priority)"
                " SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM held WHERE file = ?1)",
                rows,
            )

    def was_asked(self, file: FileHash) -> bool:
        """Whether a person asked for a file that is queued."""
        with self._database.read() as connection:
            return connection.execute("SELECT 1 FROM download WHERE file = ? AND asked", (file,)).fetchone() is not None

    def due(self, now: int, limit: int, *, priorities: Sequence[Priority] = tuple(Priority)) -> list[Download]:
        wanted = ",".join(str(int(priority)) for priority in priorities)
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT file, record, size, priority, tries FROM download WHERE next_try <= ? AND priority IN ({wanted}) ORDER BY priority, file LIMIT ?",  # noqa: S608
                (now, limit),
            ).fetchall()
        return [
            Download(file=FileHash(f), record=RecordId(r), size=size, priority=Priority(p), tries=tries) for f, r, size, p, tries in rows
        ]

    def files(self) -> list[FileHash]:
        """Everything that is wanted."""
        with self._database.read() as connection:
            return [FileHash(row[0]) for row in connection.execute("SELECT file FROM download").fetchall()]

    def waiting(self, file: FileHash) -> tuple[str, int] | None:
        """Reason and time of the next try, when the file is queued."""
        with self._database.read() as connection:
            row = connection.execute("SELECT reason, next_try FROM download WHERE file = ?", (file,)).fetchone()
        return None if row is None else (str(row[0]), int(row[1]))

    def parts(self, file: FileHash) -> frozenset[int]:
        """The segments that are already on the disk, verified."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT segment FROM download_part WHERE file = ?", (file,)).fetchall()
        return frozenset(int(row[0]) for row in rows)

    def part_done(self, file: FileHash, segment: int) -> None:
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO download_part VALUES (?, ?)", (file, segment))

    def forget_parts(self, file: FileHash) -> None:
        """What was assembled isn't what was wanted: begin again."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM download_part WHERE file = ?", (file,))

    def done(self, files: Iterable[FileHash]) -> None:
        with self._database.write() as connection:
            for file in files:
                connection.execute("DELETE FROM download WHERE file = ?", (file,))
                connection.execute("DELETE FROM download_part WHERE file = ?", (file,))

    def failed(self, failures: Iterable[tuple[FileHash, str, int]]) -> None:
        """Files, why they can't be had from any node in reach, and when they are to be tried again."""
        rows = [(reason, next_try, file) for file, reason, next_try in failures]
        with self._database.write() as connection:
            connection.executemany("UPDATE download SET tries = tries + 1, reason = ?, next_try = ? WHERE file = ?", rows)

    def hurry(self) -> bool:
        """Blobs came somewhere: what waited for one is due now. True: something is."""
        with self._database.read() as connection:
            if connection.execute("SELECT 1 FROM download WHERE next_try > 0 LIMIT 1").fetchone() is None:
                return False
        with self._database.write() as connection:
            return connection.execute("UPDATE download SET next_try = 0 WHERE next_try > 0").rowcount > 0

    def next_try(self, after: int) -> int | None:
        """When the first of the files is due that aren't yet, at the time ``after``."""
        with self._database.read() as connection:
            row = connection.execute("SELECT min(next_try) FROM download WHERE next_try > ?", (after,)).fetchone()
        return None if row[0] is None else int(row[0])

    def count(self) -> tuple[int, int]:
        """How many files are wanted, and how many bytes."""
        with self._database.read() as connection:
            row = connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM download").fetchone()
        return int(row[0]), int(row[1])

    def stuck(self, limit: int = 100) -> list[Stuck]:
        with self._database.read() as connection:
            rows = connection.execute("SELECT file, priority, reason, next_try FROM download WHERE tries > 0 LIMIT ?", (limit,)).fetchall()
        return [
            Stuck(item=f"download {Priority(priority).name.lower()} {FileHash(f).short()}", reason=reason, next_try=at)
            for f, priority, reason, at in rows
        ]
