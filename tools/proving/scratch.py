"""What is kept between the two passes of a proof, on the disk and yet for nobody's eyes.

It holds what people wrote, so

- it is a database without a name: SQLite makes its file, when it outgrows its cache, with mode 0600 in the system's folder for temporary files and unlinks it
  before the first byte, so that nothing of it is left however this process ends;
- what was unsealed is sealed again with a key that lives in memory alone, since such a folder may lie on another disk than the library, and what was
  deleted from a disk can be read for long. The nonce is a counter: key and counter live and end together, so no pair of them comes twice.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crdt.clock import Stamp
from store.database import translated
from store.ids import RecordId

_CACHE_KIB = 8 * 1024
_KEY_BITS = 256
_SCHEMA = """
    CREATE TABLE change (record BLOB NOT NULL, arrival INTEGER NOT NULL, nonce INTEGER NOT NULL, sealed BLOB NOT NULL);
    CREATE TABLE base (record BLOB PRIMARY KEY, nonce INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE maker (arrival INTEGER PRIMARY KEY, branch INTEGER NOT NULL, seq INTEGER NOT NULL, client INTEGER NOT NULL, stamp BLOB);
    CREATE INDEX maker_client ON maker (client);
    CREATE TABLE past (arrival INTEGER PRIMARY KEY, vector BLOB NOT NULL);
    CREATE TABLE purge (record BLOB NOT NULL, arrival INTEGER NOT NULL, PRIMARY KEY (record, arrival)) WITHOUT ROWID;
    CREATE TABLE void (arrival INTEGER NOT NULL, record BLOB NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (arrival, record)) WITHOUT ROWID;
    CREATE TABLE common (record BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
"""
_RECORDS = """
    SELECT record FROM (SELECT DISTINCT record FROM change WHERE record > ?1 ORDER BY record LIMIT ?2)
    UNION SELECT record FROM (SELECT record FROM base WHERE record > ?1 ORDER BY record LIMIT ?2) ORDER BY record LIMIT ?2
"""


class Maker(NamedTuple):
    """Who wrote under a CRDT client id: where the entry lies. ``stamp`` is ``None`` when the entry's bytes were given up."""

    arrival: int
    branch: int
    seq: int
    client: int
    stamp: Stamp | None


class Change(NamedTuple):
    """An update of a record, with the entry that it is part of."""

    maker: Maker
    update: bytes


class Scratch:
    """Made by ``open_scratch``. Arrival numbers and branches are those of the database that is proven."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cipher = AESGCM(AESGCM.generate_key(_KEY_BITS))
        self._sealed = 0

    def put_changes(self, maker: Maker, updates: Iterable[tuple[RecordId, bytes]], purges: Iterable[RecordId]) -> None:
        """What one entry did. Entries come in the order of their arrival."""
        self.put_maker(maker)
        self._connection.executemany(
            "INSERT INTO change VALUES (?, ?, ?, ?)", ((record, maker.arrival, *self._seal(update)) for record, update in updates)
        )
        self._connection.executemany("INSERT OR IGNORE INTO purge VALUES (?, ?)", ((record, maker.arrival) for record in purges))

    def put_maker(self, maker: Maker) -> None:
        self._connection.execute("INSERT OR REPLACE INTO maker VALUES (?, ?, ?, ?, ?)", maker)

    def put_base(self, record: RecordId, state: bytes) -> None:
        """The state of a record in the checkpoint that a replay begins with."""
        self._connection.execute("INSERT OR REPLACE INTO base VALUES (?, ?, ?)", (record, *self._seal(state)))

    def put_base_purge(self, record: RecordId) -> None:
        self._connection.execute("INSERT OR IGNORE INTO purge VALUES (?, 0)", (record,))

    def put_void(self, arrival: int, record: bytes, reason: str) -> None:
        """``record`` is empty for a body that is void as a whole."""
        self._connection.execute("INSERT OR IGNORE INTO void VALUES (?, ?, ?)", (arrival, record, reason))

    def put_past(self, arrival: int, vector: Mapping[int, int]) -> None:
        flat = array("q", (number for pair in vector.items() for number in pair))
        self._connection.execute("INSERT OR REPLACE INTO past VALUES (?, ?)", (arrival, flat.tobytes()))

    def put_common(self, record: RecordId, digest: bytes) -> None:
        """What the record is by what two folders have in common; empty where it can't be told."""
        self._connection.execute("INSERT OR REPLACE INTO common VALUES (?, ?)", (record, digest))

    def index_changes(self) -> None:
        """To be called between the passes: sorting once is cheaper than keeping sorted."""
        self._connection.execute("CREATE INDEX change_of_record ON change (record, arrival)")

    def past(self, arrival: int) -> dict[int, int]:
        """For each branch the number of the newest of its entries in the past; empty for an entry that isn't known."""
        row = self._connection.execute("SELECT vector FROM past WHERE arrival = ?", (arrival,)).fetchone()
        flat = array("q")
        flat.frombytes(row[0] if row else b"")
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def records(self, after: bytes, limit: int) -> list[RecordId]:
        """The first records behind ``after`` that something is known of."""
        return [RecordId(record) for (record,) in self._connection.execute(_RECORDS, (after, limit))]

    def changes(self, record: RecordId) -> list[Change]:
        """By arrival."""
        query = """
            SELECT m.arrival, m.branch, m.seq, m.client, m.stamp, c.nonce, c.sealed
            FROM change c JOIN maker m USING (arrival) WHERE c.record = ? ORDER BY c.arrival
        """
        return [
            Change(Maker(arrival, branch, seq, client, Stamp(stamp)), self._open(nonce, sealed))
            for arrival, branch, seq, client, stamp, nonce, sealed in self._connection.execute(query, (record,))
        ]

    def base(self, record: RecordId) -> bytes | None:
        row = self._connection.execute("SELECT nonce, sealed FROM base WHERE record = ?", (record,)).fetchone()
        return None if row is None else self._open(*row)

    def makers(self, clients: Iterable[int]) -> list[Maker]:
        """The entries that wrote under these ids."""
        query = "SELECT arrival, branch, seq, client, stamp FROM maker WHERE client = ?"
        rows = (row for client in clients for row in self._connection.execute(query, (client,)).fetchall())
        return [Maker(arrival, branch, seq, made, None if stamp is None else Stamp(stamp)) for arrival, branch, seq, made, stamp in rows]

    def clients(self) -> Iterator[tuple[int, int]]:
        """(arrival, client), by arrival."""
        yield from self._connection.execute("SELECT arrival, client FROM maker ORDER BY arrival")

    def purges(self, after: bytes, last: bytes) -> dict[bytes, list[int]]:
        """Of each purged record behind ``after`` and up to ``last`` the arrivals of the entries that did it, 0 for the checkpoint."""
        found: dict[bytes, list[int]] = {}
        for record, arrival in self._connection.execute(
            "SELECT record, arrival FROM purge WHERE record > ? AND record <= ?", (after, last)
        ):
            found.setdefault(record, []).append(arrival)
        return found

    def is_purged(self, record: bytes) -> bool:
        return self._connection.execute("SELECT 1 FROM purge WHERE record = ?", (record,)).fetchone() is not None

    def purged(self) -> Iterator[RecordId]:
        """Sorted."""
        for (record,) in self._connection.execute("SELECT DISTINCT record FROM purge ORDER BY record"):
            yield RecordId(record)

    def voids(self) -> Iterator[tuple[int, bytes, str]]:
        """(arrival, record, reason), sorted."""
        yield from self._connection.execute("SELECT arrival, record, reason FROM void ORDER BY arrival, record")

    def common(self) -> Iterator[tuple[RecordId, bytes]]:
        """Sorted by record."""
        for record, digest in self._connection.execute("SELECT record, digest FROM common ORDER BY record"):
            yield RecordId(record), bytes(digest)

    def _seal(self, plain: bytes) -> tuple[int, bytes]:
        self._sealed += 1
        return self._sealed, self._cipher.encrypt(_nonce(self._sealed), plain, None)

    def _open(self, number: int, sealed: bytes) -> bytes:
        return self._cipher.decrypt(_nonce(number), sealed, None)


@contextmanager
def open_scratch() -> Iterator[Scratch]:
    """Gone at the end of the block, and when the process ends in whatever way. ``NoSpaceError`` when its disk is full."""
    with translated(), closing(sqlite3.connect("", isolation_level=None)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "locking_mode=EXCLUSIVE"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        yield Scratch(connection)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
