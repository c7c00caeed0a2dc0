"""What `settled` entries say, and which checkpoints are settled by them: the rows of ``log_settled``.

Of each entry the words of its reports are kept (``store.settlement``), so that asking whether they settle their checkpoint by now is
cheap, and can be done whenever a report comes. Signatures are verified only when the words would do. A hostile member can make any
number of `settled` entries: of each author the newest few are looked at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from store.bodies import Settled, parse_control
from store.encoding import decode, encode
from store.entries import MAX_ENTRY_BYTES, Entry
from store.ids import DeviceId, EntryHash
from store.log import SettledCheckpoint, newest_first
from store.roster import Roster
from store.seen import SeenReport
from store.settlement import OPEN_IN_ALL, OPEN_OF_AN_AUTHOR, Word, acknowledging, is_settled, reports_hold, words_of
from store.sqlite_rows import LibraryRows


class SettledRows:
    """Reads and writes within one transaction; ``library`` is its number."""

    def __init__(self, connection: sqlite3.Connection, library: int) -> None:
        self._connection = connection
        self._library = library

    def put(self, entry: Entry, author: DeviceId, *, position: int) -> None:
        """Takes note of what a `settled` entry says."""
        body = parse_control(entry)
        assert isinstance(body, Settled)
        words = encode([list(word) for word in words_of(body)])
        self._connection.execute(
            "INSERT INTO log_settled (library, name, checkpoint, author, position, words, verified) VALUES (?, ?, ?, ?, ?, ?, 0)"
            " ON CONFLICT DO UPDATE SET position = excluded.position",
            (self._library, entry.name, body.checkpoint, author, position, words),
        )
        self._connection.execute(
            "DELETE FROM log_settled WHERE library = ?1 AND name IN (SELECT name FROM log_settled"
            " WHERE library = ?1 AND author = ?2 AND verified = 0 ORDER BY position DESC LIMIT -1 OFFSET ?3)",
            (self._library, author, OPEN_OF_AN_AUTHOR),
        )

    def forget(self, names: Iterable[EntryHash]) -> None:
        """These entries are no longer here with their bytes."""
        query = "DELETE FROM log_settled WHERE library = ?1 AND (name = ?2 OR checkpoint = ?2)"
        self._connection.executemany(query, [(self._library, name) for name in names])

    def verify(self, rows: LibraryRows, roster: Callable[[], Roster], *, now: int) -> bool:
        """Looks which checkpoints are settled by now; whether some are that weren't."""
        query = "SELECT name, checkpoint, words FROM log_settled WHERE library = ? AND verified = 0 ORDER BY position DESC LIMIT ?"
        waiting = self._connection.execute(query, (self._library, OPEN_IN_ALL)).fetchall()
        if not waiting:
            return False
        reports, members = rows.seen(), roster()
        found = [name for name, checkpoint, words in waiting if _would_do(words, EntryHash(checkpoint), reports, members, now)]
        found = [name for name in found if self._holds(rows, members, EntryHash(name))]
        update = "UPDATE log_settled SET verified = 1 WHERE library = ? AND name = ?"
        self._connection.executemany(update, [(self._library, name) for name in found])
        return bool(found)

    def _holds(self, rows: LibraryRows, roster: Roster, name: EntryHash) -> bool:
        """Whether the checkpoint is here too, and the words are really theirs whose they are said to be."""
        arrived = rows.get(name)
        body = None if arrived is None else parse_control(arrived.entry)
        return isinstance(body, Settled) and rows.checkpoint(body.checkpoint) is not None and bool(reports_hold(body, roster))

    def checkpoints(self, rows: LibraryRows) -> tuple[SettledCheckpoint, ...]:
        """As ``LogStore.settled``."""
        query = "SELECT name, checkpoint, words FROM log_settled WHERE library = ? AND verified = 1"
        found = self._connection.execute(query, (self._library,)).fetchall()
        settled = (self._checkpoint(rows, EntryHash(name), EntryHash(checkpoint), words) for name, checkpoint, words in found)
        return newest_first(each for each in settled if each is not None)

    def _checkpoint(self, rows: LibraryRows, name: EntryHash, checkpoint: EntryHash, words: bytes) -> SettledCheckpoint | None:
        body = rows.checkpoint(checkpoint)
        if body is None:
            return None
        return SettledCheckpoint(
            checkpoint=checkpoint,
            settled=name,
            covered=body.heads,
            blobs=body.blobs,
            records=body.records,
            acknowledged_by=acknowledging(_decode(words)),
        )


def _would_do(words: bytes, checkpoint: EntryHash, reports: Sequence[SeenReport], roster: Roster, now: int) -> bool:
    stored = [Word.of(report, checkpoint) for report in reports]
    return is_settled(_decode(words), stored, roster.devices, now=now)


def _decode(words: bytes) -> tuple[Word, ...]:
    return tuple(Word(DeviceId(device), time, acknowledges) for device, time, acknowledges in decode(words, limit=MAX_ENTRY_BYTES))
