"""What two folders have in common whatever their names are: entries by their number in the order of arrival, and what became of each. Written apart from
what bundles are proven with, over the rows of the database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from crdt.client import client_of
from crdt.fields import fields_of
from crdt.record import read
from crdt.schema import SCHEMAS, open_conflicts
from crdt.state import read_state
from crdt.trash import read_trash
from peer.layout import LibraryFolder
from store.entries import parse_entry
from store.ids import RecordId
from store.skeleton import decode_deps

_ENTRIES = """
    SELECT e.arrival, e.name, e.raw, e.deps, b.log, e.seq, hex(b.author), p.name FROM log_entry e JOIN log_branch b ON b.id = e.branch
    LEFT JOIN log_entry p ON p.branch = iif(e.seq > b.first_seq, e.branch, b.parent) AND p.seq = e.seq - 1 ORDER BY e.arrival
"""


def likeness(folder: Path, *, with_gone: bool = True) -> dict[str, Any]:
    """Everything, in numbers. ``with_gone``: entries without bytes are looked into as if they had some."""
    with closing(sqlite3.connect(LibraryFolder(folder).database)) as connection:
        return _Likeness(connection, with_gone=with_gone).document()


class _Likeness:
    def __init__(self, connection: sqlite3.Connection, *, with_gone: bool) -> None:
        self._connection = connection
        self._with_gone = with_gone
        self._rows = connection.execute(_ENTRIES).fetchall()
        self._number = {row[1]: index for index, row in enumerate(self._rows)}
        self._by_arrival = {row[0]: index for index, row in enumerate(self._rows)}
        clients = connection.execute("SELECT client, arrival FROM client").fetchall()
        self._clients: dict[int, int] = {client: self._by_arrival[arrival] for client, arrival in clients}
        self._seen: dict[Any, int] = {}

    def document(self) -> dict[str, Any]:
        void = self._connection.execute("SELECT arrival, record = x'', reason FROM void").fetchall()
        waiting = self._connection.execute("SELECT name, code, needs FROM waiting").fetchall()
        return {
            "entries": [self._entry(row) for row in self._rows],
            "detached": self._connection.execute("SELECT seq, kind FROM log_detached ORDER BY arrival").fetchall(),
            "void": sorted((self._by_arrival[arrival], is_all, reason) for arrival, is_all, reason in void),
            "waiting": sorted((self._number.get(name, -1), code, self._number.get(needs, bool(needs))) for name, code, needs in waiting),
            "purged": len(self._connection.execute("SELECT record FROM purged").fetchall()),
            "records": sorted(map(json.dumps, self._records())),
            "folded": self._connection.execute("SELECT count(*) FROM asset WHERE folded IS NOT NULL").fetchone(),
        }

    def _entry(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        _, _, raw, deps, log, seq, author, previous = row
        entry = parse_entry(raw) if raw else None
        named = decode_deps(deps) if entry is None else entry.deps
        kind = entry.kind.name if entry is not None and self._with_gone else ""
        return (
            self._seen.setdefault(log, len(self._seen)),
            seq,
            self._seen.setdefault(author, len(self._seen)),
            kind,
            self._number.get(previous),
            sorted(self._number.get(dep.name, -1) for dep in named),
            None if entry is None or entry.epoch is None or not self._with_gone else self._seen.setdefault(entry.epoch, len(self._seen)),
        )

    def _records(self) -> Iterator[Any]:
        for name, state in self._connection.execute("SELECT record, state FROM record").fetchall():
            record, content = RecordId(name), read(state)
            fields = fields_of(content)
            conflicts = open_conflicts(fields, SCHEMAS[record.kind])
            trash = read_trash(fields, content)
            yield [
                record.kind.name,
                sorted(
                    (self._clients[client], [item is not None for item in clocks]) for client, clocks in read_state(state).clients.items()
                ),
                sorted([self._of(each.winner.writer), *(self._of(other.writer) for other in each.others)] for each in conflicts),
                trash.trash is not None,
                sorted(map(self._of, trash.unseen)),
            ]

    def _of(self, writer: str) -> int:
        return self._clients[client_of(writer)]
