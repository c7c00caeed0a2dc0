"""Whether the records are whole, add up to the library's digest, and are what the listings show."""

from __future__ import annotations

from collections.abc import Iterator
from sqlite3 import Connection
from typing import Any

from crdt.digest import EMPTY_DIGEST, purged_digest, record_digest
from crdt.record import Content, EngineError, read
from peer.library.composing import linked_with
from peer.library.findings import Findings, Progress
from peer.library.library import PEER_SCHEMA, Library
from peer.library.projection import RecordProjection
from peer.library.queues import DownloadQueue
from store.database import Database
from store.ids import RecordId

PAGE = 500
PROJECTIONS = ("asset", "asset_file", "asset_album", "album", "device", "needed_blob")
_FIRST, _LAST = b"", b"\xff"


def check_records(library: Library, findings: Findings, progress: Progress) -> None:
    """Reads every record once. Belongs inside one read transaction with whatever it is compared to."""
    total = EMPTY_DIGEST
    after = _FIRST
    with _Projections(library) as projections:
        for page in _pages(library):
            contents: dict[RecordId, Content] = {}
            for record, state in page:
                try:
                    content = contents[record] = read(state)
                except EngineError:
                    findings.problems.append(f"record {_name(record)}: its bytes are damaged")
                    continue
                digest = record_digest(record, content)
                total = total.add(digest)
                if digest != library.records.stored_digest(record):
                    findings.problems.append(f"record {_name(record)}: it isn't what it was when its digest was taken")
            last = bytes(page[-1][0]) if len(page) == PAGE else _LAST
            damaged = {record for record, _ in page} - contents.keys()
            findings.problems += [
                f"record {_name(record)}: listings show something else than it says"
                for record in sorted(projections.differing(contents, after, last) - damaged)
            ]
            after = last
            findings.records += len(page)
            progress("records", len(page))
    for record in library.records.purged():
        total = total.add(purged_digest(record))
    if total != library.records.digest():
        findings.problems.append("records: they don't add up to the library's digest")


class _Projections:
    """The projections made anew, in memory, a page at a time."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._stored = library.database
        self._fresh = Database(":memory:", [PEER_SCHEMA])
        self._projection = RecordProjection(self._fresh, DownloadQueue(self._fresh))

    def __enter__(self) -> _Projections:
        return self

    def __exit__(self, *_: object) -> None:
        self._fresh.close()

    def differing(self, contents: dict[RecordId, Content], after: bytes, last: bytes) -> set[RecordId]:
        """The records behind ``after`` and up to ``last`` whose stored rows are not those that ``contents`` makes."""
        with self._fresh.write() as fresh, self._stored.read() as stored:
            self._projection.update(contents | self._linked(stored, contents), set())
            rows = {row for table in PROJECTIONS for row in _rows(fresh, table, after, last) ^ _rows(stored, table, after, last)}
            for table in (*PROJECTIONS, "download", "trash_noted"):
                fresh.execute(f"DELETE FROM {table}")  # noqa: S608 - names are ours
        return {RecordId(row[0]) for row in rows}

    def _linked(self, stored: Connection, contents: dict[RecordId, Content]) -> dict[RecordId, Content]:
        """Assets on other pages that decide what these are shown as part of."""
        linked = linked_with(stored, contents) - contents.keys()
        return {record: content for record in linked if (content := self._library.records.content(record)) is not None}


def _rows(connection: Any, table: str, after: bytes, last: bytes) -> set[tuple[Any, ...]]:
    query = f"SELECT record, * FROM {table} WHERE record > ? AND record <= ?"  # noqa: S608 - names are ours
    return set(connection.execute(query, (after, last)).fetchall())


def _pages(library: Library) -> Iterator[list[tuple[RecordId, bytes]]]:
    page: list[tuple[RecordId, bytes]] = []
    for each in library.records.all():
        page.append(each)
        if len(page) == PAGE:
            yield page
            page = []
    yield page


def _name(record: RecordId) -> str:
    return f"{record.body.hex()[:10]} ({record.kind.name.lower()})"
