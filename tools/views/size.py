"""`size`: where the space is, what could go, and who holds it back."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, OperationalError

from crdt.lib0 import MalformedUpdateError, write_varuint
from crdt.state import read_state
from crdt.update import write_item
from store.entries import EntryKind
from store.ids import LibraryId
from store.sqlite_rows import LibraryRows
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.views import reclaimable

SAMPLE = 1000
"""Records that are looked into, spread over all."""

_LOG = "SELECT kind, count(*), coalesce(sum(length(raw)), 0) FROM log_entry WHERE library = ? AND length(raw) > 0 GROUP BY kind"
_DETACHED = "SELECT coalesce(sum(length(raw)), 0) FROM log_detached WHERE library = ?"
_TABLES = "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE ORDER BY pgsize DESC"


@dataclass(slots=True)
class _States:
    looked_at: int = 0
    live: int = 0
    live_bytes: int = 0
    deleted: int = 0
    vector_bytes: int = 0


def gather_size(inspected: Inspected, *, now: int, exact: bool = False) -> list[Document]:
    """A document for each library. Sizes in bytes. ``now``: milliseconds since 1970. ``exact``: every record is read, else up to 1,000 of them.

    - ``library``; ``log``: ``entries``, ``stubs``, ``detached`` (came before what they build on), ``detached_bytes``,
      ``pruned_bytes`` (freed so far), ``kinds``: [{``kind``, ``count``, ``bytes``}]
    - ``database``: ``bytes`` of its file and newest changes, and ``tables``: [{``name``, ``bytes``}] with their indexes, the largest first (null
      where SQLite can't tell)
    - ``files``: null of a relay; [{``kind``, ``count``, ``bytes``}] of what is there: originals, previews, thumbnails and indexes as they are noted;
      checkpoints, what is carried for others, edited pictures, recovered files, and what is on its way in (incoming, dropped) or out (leaving) as it
      lies in its folder
    - ``records``: null of a relay; ``count``, ``bytes`` of all states, ``looked_at``, ``estimated`` (whether the rest follows from a sample), and of
      all: ``live`` keys, ``live_bytes``,
      ``deleted`` (values that were deleted: their places stay for ever), ``vector_bytes`` (who wrote: for ever as well)
    - ``blobs``: null of a device; ``held``, ``trash``, ``quarantine``, ``incoming``: ``{count, bytes}`` each, the last two of all libraries; ``quota``
    - ``could_go``: [{``what``, ``bytes`` (null: not known), ``when``}]: sentences; ``held_back_by``: devices whose reports others wait for; null
      where that can't be told
    """
    return [_library(inspected, library, now, exact) for library in inspected.libraries]


def _library(inspected: Inspected, library: LibraryId, now: int, exact: bool) -> Document:
    is_relay = inspected.library_folder is None
    with inspected.database.read() as connection:
        rows = LibraryRows(connection, library)
        kinds = [
            {"kind": EntryKind(kind).name.lower(), "count": count, "bytes": size}
            for kind, count, size in connection.execute(_LOG, (rows.key,)).fetchall()
        ]
        files = None if is_relay else _files(inspected, connection)
        return {
            "library": library.hex(),
            "log": {
                "entries": rows.count,
                "stubs": rows.stubs,
                "detached": rows.detached,
                "detached_bytes": connection.execute(_DETACHED, (rows.key,)).fetchone()[0],
                "pruned_bytes": rows.pruned_bytes,
                "kinds": kinds,
            },
            "database": {"bytes": _database_bytes(inspected.database.path), "tables": _tables(connection)},
            "files": files,
            "records": None if is_relay else _records(inspected, connection, exact),
            "blobs": _blobs(inspected, connection, library) if is_relay else None,
            **_could_go(inspected, connection, library, files, now),
        }


def _database_bytes(path: Path) -> int:
    return sum(part.stat().st_size for part in (path, path.with_name(path.name + "-wal")) if part.exists())


def _tables(connection: Connection) -> list[Document] | None:
    try:
        found = connection.execute(_TABLES).fetchall()
        of_table = dict(connection.execute("SELECT name, tbl_name FROM sqlite_schema").fetchall())
    except OperationalError:
        return None  # this SQLite was built without it
    sums: dict[str, int] = {}
    for name, size in found:
        table = of_table.get(name, name)
        sums[table] = sums.get(table, 0) + size
    return [{"name": name, "bytes": size} for name, size in sorted(sums.items(), key=lambda each: each[1], reverse=True)]


def _files(inspected: Inspected, connection: Connection) -> list[Document]:
    folder = inspected.library_folder
    assert folder is not None
    noted = connection.execute("SELECT kind, count(*), coalesce(sum(size), 0) FROM held GROUP BY kind ORDER BY 3 DESC").fetchall()
    arriving = frozenset(name for (name,) in connection.execute("SELECT incoming FROM held WHERE incoming IS NOT NULL"))
    lying = {
        "checkpoint": _lying(folder.checkpoints),
        "carried": _lying(folder.carried),
        "edited": _lying(folder.edited),
        "recovered": _lying(folder.recovered),
        "incoming": _lying(folder.incoming, but=arriving),
        "dropped": _lying(folder.dropped),
        "leaving": _lying(folder.leaving),
    }
    return [
        *({"kind": kind, "count": count, "bytes": size} for kind, count, size in noted),
        *({"kind": kind, **found} for kind, found in lying.items() if found["count"]),
    ]


def _lying(folder: Path, *, but: frozenset[str] = frozenset()) -> Document:
    """What lies in a folder and below, but files with these names in it; what goes away meanwhile isn't there."""
    count = size = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            found = path.lstat()
            if stat.S_ISREG(found.st_mode) and path.relative_to(folder).as_posix() not in but:
                count, size = count + 1, size + found.st_size
    return {"count": count, "bytes": size}


def _could_go(inspected: Inspected, connection: Connection, library: LibraryId, files: list[Document] | None, now: int) -> Document:
    if files is None:
        return reclaimable.of_relay(connection, library)
    recovered = next((each for each in files if each["kind"] == "recovered"), None)
    return reclaimable.of_device(inspected, connection, now=now, recovered=recovered)


def _records(inspected: Inspected, connection: Connection, exact: bool) -> Document:
    (count, size) = connection.execute("SELECT count(*), coalesce(sum(length(state)), 0) FROM record").fetchone()
    found = _States()
    for state in _sampled(connection, count, exact):
        try:
            _add(found, state)
        except MalformedUpdateError as error:
            inspected.problems.note(f"a record is damaged: {error}")
    factor = count / found.looked_at if found.looked_at else 0
    return {
        "count": count,
        "bytes": size,
        "looked_at": found.looked_at,
        "estimated": found.looked_at < count,
        "live": round(found.live * factor),
        "live_bytes": round(found.live_bytes * factor),
        "deleted": round(found.deleted * factor),
        "vector_bytes": round(found.vector_bytes * factor),
    }


def _sampled(connection: Connection, count: int, exact: bool) -> Iterator[bytes]:
    """Every n-th record, by id: ids are hashes, so that is a fair choice."""
    every = 1 if exact else max(1, -(-count // SAMPLE))
    names = connection.execute("SELECT record FROM record ORDER BY record")
    for number, (record,) in enumerate(names):
        if number % every == 0:
            row = connection.execute("SELECT state FROM record WHERE record = ?", (record,)).fetchone()
            yield bytes(row[0])


def _add(found: _States, state: bytes) -> None:
    read = read_state(state)
    out = bytearray()
    items = list(read.live())
    for item in items:
        write_item(out, item)
    found.looked_at += 1
    found.live += len(items)
    found.live_bytes += len(out)
    found.deleted += sum(clocks.count(None) for clocks in read.clients.values())
    vector = bytearray()
    for client, clocks in read.clients.items():
        write_varuint(vector, client)
        write_varuint(vector, len(clocks))
    found.vector_bytes += len(vector)


def _blobs(inspected: Inspected, connection: Connection, library: LibraryId) -> Document:
    def counted(table: str) -> Document:
        query = f"SELECT count(*), coalesce(sum(t.size), 0) FROM {table} t JOIN relay_library l ON l.id = t.library WHERE l.name = ?"  # noqa: S608 - names are ours
        count, size = connection.execute(query, (library,)).fetchone()
        return {"count": count, "bytes": size}

    root = inspected.root if inspected.root.is_dir() else inspected.root.parent
    quota = connection.execute("SELECT quota FROM relay_library WHERE name = ?", (library,)).fetchone()
    return {
        "held": counted("relay_holding"),
        "trash": counted("relay_trash"),
        "quarantine": _lying(root / "quarantine"),
        "incoming": _lying(root / "incoming"),
        "quota": None if quota is None else quota[0],
    }
