"""The records as bytes, and the library digest that follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crdt.digest import DIGEST_BYTES, EMPTY_DIGEST, Digest, LibraryDigest, purged_digest, record_digest
from crdt.record import Content, read
from peer.library.meta import Meta
from store.database import Database
from store.ids import RecordId, RecordKind


class RecordTable:
    """The ``record`` and ``purged`` tables. The digest is kept with every change, in the same transaction."""

    def __init__(self, database: Database, meta: Meta) -> None:
        self._database = database
        self._meta = meta

    def state(self, record: RecordId) -> bytes | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT state FROM record WHERE record = ?", (record,)).fetchone()
        return None if row is None else bytes(row[0])

    def content(self, record: RecordId) -> Content | None:
        """What the record says now; ``None`` when there is none."""
        state = self.state(record)
        return None if state is None else read(state)

    def put(self, changed: Mapping[RecordId, tuple[bytes, Content]]) -> None:
        """New states of records with what they say, and their shares of the digest instead of the old ones."""
        if not changed:
            return
        with self._database.write() as connection:
            total = self.digest()
            for record, (state, content) in changed.items():
                digest = record_digest(record, content)
                row = connection.execute("SELECT digest FROM record WHERE record = ?", (record,)).fetchone()
                connection.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (record, state, digest))
                total = (total if row is None else total.remove(Digest(row[0]))).add(digest)
            self._meta.put("digest", bytes(total))

    def purge(self, record: RecordId) -> bool:
        """Remove the record for good; its id is kept. True: it wasn't purged before."""
        with self._database.write() as connection:
            if not connection.execute("INSERT OR IGNORE INTO purged VALUES (?)", (record,)).rowcount:
                return False
            total = self.digest().add(purged_digest(record))
            row = connection.execute("SELECT digest FROM record WHERE record = ?", (record,)).fetchone()
            if row is not None:
                total = total.remove(Digest(row[0]))
                connection.execute("DELETE FROM record WHERE record = ?", (record,))
            self._meta.put("digest", bytes(total))
        return True

    def is_purged(self, record: RecordId) -> bool:
        with self._database.read() as connection:
            return connection.execute("SELECT 1 FROM purged WHERE record = ?", (record,)).fetchone() is not None

    def digest(self) -> LibraryDigest:
        stored = self._meta.get("digest")
        return EMPTY_DIGEST if stored is None else LibraryDigest(stored)

    def stored_digest(self, record: RecordId) -> Digest | None:
        """The record's share of the library digest, as it was added; for ``verify``."""
        with self._database.read() as connection:
            row = connection.execute("SELECT digest FROM record WHERE record = ?", (record,)).fetchone()
        return None if row is None or len(row[0]) != DIGEST_BYTES else Digest(row[0])

    def purged(self) -> list[RecordId]:
        """The ids of all purged records."""
        with self._database.read() as connection:
            return [RecordId(row[0]) for row in connection.execute("SELECT record FROM purged").fetchall()]

    def all(self, kind: RecordKind | None = None) -> Iterator[tuple[RecordId, bytes]]:
        """Every record with its state, in pages."""
        after, end = (bytes([kind]), bytes([kind + 1])) if kind else (b"", b"\xff")
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    "SELECT record, state FROM record WHERE record > ? AND record < ? ORDER BY record LIMIT 500", (after, end)
                ).fetchall()
            if not rows:
                return
            for record, state in rows:
                yield RecordId(record), bytes(state)
            after = bytes(rows[-1][0])
