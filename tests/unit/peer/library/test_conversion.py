"""A device's database of version 1 is converted when it is opened, and keeps what it had."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from peer.library.held import HeldFile, HeldTable
from peer.library.library import PEER_SCHEMA
from peer.library.nodes import NodeKind, NodeTable
from peer.library.waiting import WaitingTable
from peer.seams import SystemClock
from store.database import Database
from store.ids import EntryHash, FileHash
from store.sqlite_log import LOG_SCHEMA
from tests.unit.relay.nodes import FakeClock

RELAY = "https://relay.example.org"


def test_a_database_of_version_1(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    first = [replace(part, scripts=part.scripts[:1]) for part in (LOG_SCHEMA, PEER_SCHEMA)]
    with closing(Database(path, first)) as database, database.write() as connection:
        connection.execute("INSERT INTO node (url, key, cursor, pushed) VALUES (?, ?, 7, 5)", (RELAY, bytes(32)))
        connection.execute("INSERT INTO waiting VALUES (3, ?, 'its key hasn''t come yet', 1700000000000)", (bytes(32),))
    for _ in range(2):  # the second time nothing is left to be converted
        with closing(Database(path, [LOG_SCHEMA, PEER_SCHEMA])) as database:
            (node,) = NodeTable(database).all()
            assert (node.kind, node.url, node.cursor, node.pushed) == (NodeKind.RELAY, RELAY, 7, 5)
            with database.read() as connection:
                assert connection.execute("SELECT arrival, reason, code, counts FROM waiting").fetchall() == [
                    (3, "its key hasn't come yet", "again", 0)
                ]


def test_what_is_held_and_wanted_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    second = [replace(part, scripts=part.scripts[:2]) for part in (LOG_SCHEMA, PEER_SCHEMA)]
    with closing(Database(path, second)) as database, database.write() as connection:
        for number, kind in enumerate(("original", "original", "thumbnail")):
            connection.execute("INSERT INTO held VALUES (?, ?, ?, NULL, 10, 0, 0)", (bytes([number]) * 32, kind, bytes([number])))
        for number, priority in enumerate((3, 1), start=5):
            row = bytes([number]) * 32, bytes([1]) * 17, 100, priority
            connection.execute("INSERT INTO download (file, record, size, priority) VALUES (?, ?, ?, ?)", row)
    with closing(Database(path, [LOG_SCHEMA, PEER_SCHEMA])) as database:
        assert HeldTable(database, SystemClock()).totals() == {
            "original": (2, 20),
            "preview": (0, 0),
            "thumbnail": (1, 10),
            "index": (0, 0),
        }
        with database.read() as connection:
            assert connection.execute("SELECT files, bytes FROM total WHERE what = 'wanted'").fetchone() == (1, 100)


def test_nobody_knows_since_when_older_files_are_here(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    third = [replace(part, scripts=part.scripts[:3]) for part in (LOG_SCHEMA, PEER_SCHEMA)]
    older, newer = (
        HeldFile(file=FileHash(bytes([n]) * 32), kind="original", path=Path(f"{n}.jpg"), incoming=None, size=1, mtime_ns=0, inode=0)
        for n in (1, 2)
    )
    with closing(Database(path, third)) as database, database.write() as connection:
        connection.execute("INSERT INTO waiting (arrival, name, reason, since) VALUES (3, ?, 'its key', 1700000000000)", (bytes(32),))
        connection.execute(
            "INSERT INTO held (file, kind, path, size, mtime_ns, inode) VALUES (?, 'original', ?, 1, 0, 0)", (older.file, bytes(older.path))
        )
    with closing(Database(path, [LOG_SCHEMA, PEER_SCHEMA])) as database:
        held, waiting = HeldTable(database, FakeClock(7)), WaitingTable(database)
        for file in (older, newer):
            held.put(file)
        assert (held.since(older.file), held.since(newer.file), held.since(FileHash(bytes(32)))) == (None, 7, None)
        waiting.drop(EntryHash(bytes(32)), lambda: 1_700_000_000_009)
        waiting.drop(EntryHash(bytes(32)), lambda: 1_700_000_000_010)
        with database.read() as connection:
            assert connection.execute("SELECT since, applied FROM waited").fetchall() == [(1_700_000_000_000, 1_700_000_000_009)]
