"""`size`: where the space is, what could go, and who holds it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, OperationalError

from crdt.lib0 import MalformedUpdateError, write_varuint
from crdt.state import read_state
from crdt.update import write_item
from peer.errors import CalotypeError
from peer.library.checkpoints import table as checkpoints
from peer.library.health import library_status
from relay.data_folder import DataFolder
from store.entries import EntryKind
from store.errors import DamagedError
from store.ids import LibraryId
from store.sqlite_rows import LibraryRows
from tools.looking.device import library_of
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.spelling import spell_count

SAMPLE = 2000
"""Records that are looked into, spread over all."""

TABLES = 12
_RETENTION_MS = 30 * 24 * 3600 * 1000
_LOG = "SELECT kind, count(*), coalesce(sum(length(raw)), 0) FROM log_entry WHERE library = ? AND length(raw) > 0 GROUP BY kind"
_TABLES = "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE ORDER BY pgsize DESC"
_TRASH = "SELECT count(*), min(own) FROM trash_noted"


@dataclass(slots=True)
class _States:
    records: int = 0
    looked_at: int = 0
    bytes: int = 0
    live: int = 0
    live_bytes: int = 0
    deleted: int = 0
    vector_bytes: int = 0


def gather_size(inspected: Inspected, *, now: int, exact: bool = False) -> list[Document]:
    """A document for each library. Sizes in bytes. ``now``: milliseconds since 1970. ``exact``: every record is read, else up to 2,000 of them.

    - ``library``; ``log``: ``entries``, ``stubs``, ``detached``, ``pruned_bytes`` (freed so far), ``kinds``: [{``kind``, ``count``, ``bytes``}]
    - ``database``: ``bytes`` of its file and newest changes, and ``tables``: [{``name``, ``bytes``}] with their indexes, the largest first (null
      where SQLite can't tell)
    - ``files``: null of a relay; [{``kind``, ``count``, ``bytes``}]: originals, previews, thumbnails, indexes as they are noted, checkpoints and
      recovered as they lie in
      their folders
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
        return {
            "library": library.hex(),
            "log": {
                "entries": rows.count,
                "stubs": rows.stubs,
                "detached": rows.detached,
                "pruned_bytes": rows.pruned_bytes,
                "kinds": kinds,
            },
            "database": {"bytes": _database_bytes(inspected.database.path), "tables": _tables(connection)},
            "files": None if is_relay else _files(inspected, connection),
            "records": None if is_relay else _records(inspected, connection, exact),
            "blobs": _blobs(inspected, connection, library) if is_relay else None,
            **(_releases(connection, library) if is_relay else _could_go(inspected, connection, now)),
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
    assert inspected.library_folder is not None
    noted = connection.execute("SELECT kind, count(*), coalesce(sum(size), 0) FROM held GROUP BY kind ORDER BY 3 DESC").fetchall()
    folder = inspected.library_folder
    lying = (("checkpoint", folder.checkpoints), ("recovered", folder.root / "recovered"), ("edited", folder.private / "edited"))
    return [
        *({"kind": kind, "count": count, "bytes": size} for kind, count, size in noted),
        *({"kind": kind, **_lying(where)} for kind, where in lying if where.is_dir()),
    ]


def _lying(folder: Path) -> Document:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {"count": len(sizes), "bytes": sum(sizes)}


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
    every = 1 if exact else max(1, count // SAMPLE)
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


def _could_go(inspected: Inspected, connection: Connection, now: int) -> Document:
    """What a device could give up, by itself or with the others' help."""
    could: list[Document] = []
    trashed, oldest = connection.execute(_TRASH).fetchone()
    if trashed:
        days = max(0, (oldest + _RETENTION_MS - now) // 86_400_000)
        could.append(
            {
                "what": f"{spell_count(trashed, 'record')} in the trash",
                "bytes": None,
                "when": f"after 30 days, unless set otherwise; the oldest in {spell_count(days, 'day')}",
            }
        )
    try:
        library = library_of(inspected)
        held_back = list(library_status(library, None).held_back_by)
        for checkpoint in library.log.settled()[:1]:
            if library.log.can_prune(checkpoint.covered):
                could.append(
                    {"what": "entries below the newest settled checkpoint", "bytes": None, "when": "at the next pass of the running peer"}
                )
        newest = [name.short() for name, _ in checkpoints.differing(library)]
        could += [{"what": f"checkpoint {name} differs from this library", "bytes": None, "when": "never: see `verify`"} for name in newest]
    except (CalotypeError, DamagedError) as error:
        inspected.problems.note(f"what others hold back can't be told: {error}") if isinstance(error, DamagedError) else None
        return {"could_go": could, "held_back_by": None}
    return {"could_go": could, "held_back_by": held_back}


def _blobs(inspected: Inspected, connection: Connection, library: LibraryId) -> Document:
    def counted(table: str) -> Document:
        query = f"SELECT count(*), coalesce(sum(t.size), 0) FROM {table} t JOIN relay_library l ON l.id = t.library WHERE l.name = ?"  # noqa: S608 - names are ours
        count, size = connection.execute(query, (library,)).fetchone()
        return {"count": count, "bytes": size}

    root = DataFolder(inspected.root if inspected.root.is_dir() else inspected.root.parent).root
    quota = connection.execute("SELECT quota FROM relay_library WHERE name = ?", (library,)).fetchone()
    return {
        "held": counted("relay_holding"),
        "trash": counted("relay_trash"),
        "quarantine": _lying(root / "quarantine"),
        "incoming": _lying(root / "incoming"),
        "quota": None if quota is None else quota[0],
    }


def _releases(connection: Connection, library: LibraryId) -> Document:
    query = """
        SELECT count(DISTINCT r.blob), coalesce(sum(h.size), 0) FROM relay_released r JOIN relay_library l ON l.id = r.library
        LEFT JOIN relay_holding h ON h.library = r.library AND h.blob = r.blob WHERE l.name = ?
    """
    count, size = connection.execute(query, (library,)).fetchone()
    what = {
        "what": f"{spell_count(count, 'blob')} that were released",
        "bytes": size,
        "when": "`calotype-relay gc --dry-run` says what keeps each",
    }
    return {"could_go": [what] if count else [], "held_back_by": None}
