"""What `dag` says of a library as a whole, whatever of it is shown: how many entries, which heads, how far the newest checkpoint goes."""

from __future__ import annotations

from store.bodies import Checkpoint, parse_control
from store.branches import heads_of
from store.entries import EntryKind
from store.errors import DamagedError, RefusedError
from store.ids import EntryHash, LibraryId
from store.sqlite_rows import LibraryRows
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, logged_named
from tools.views.dag_nodes import count_covered
from tools.views.dag_relations import Link, named_by_others

_CHECKPOINT = """
    SELECT e.name FROM log_entry e INDEXED BY log_entry_control
    WHERE e.library = ? AND e.kind <> 0 AND e.kind = ? ORDER BY e.arrival DESC LIMIT 1
"""
_SETTLED = "SELECT max(verified) FROM log_settled WHERE library = ? AND checkpoint = ?"


def describe_library(inspected: Inspected, library: LibraryId) -> Document:
    """``entries``, ``devices``, ``logs``, ``stubs``, ``detached``, ``heads``, ``checkpoint``."""
    with inspected.database.read() as connection:
        rows = LibraryRows(connection, library)
        branches = rows.branches()
        detached = connection.execute("SELECT DISTINCT log FROM log_detached WHERE library = ?", (rows.key,)).fetchall()
        entries, stubs = rows.count, rows.stubs
        tips = [tip.name for _, tip in heads_of(branches.values()).tips()]
        authors = {branch.author for branch in branches.values()}
        logs = {bytes(branch.log) for branch in branches.values()} | {bytes(log) for (log,) in detached}
        detached_count = rows.detached
    return {
        "entries": entries,
        "devices": sum(any(author) for author in authors),
        "logs": len(logs),
        "stubs": stubs,
        "detached": detached_count,
        "heads": _heads(inspected, library, tips),
        "checkpoint": _checkpoint(inspected, library),
    }


def _heads(inspected: Inspected, library: LibraryId, tips: list[EntryHash]) -> list[Document]:
    ends = [logged for name in tips if (logged := _found(inspected, library, name)) is not None]
    named = named_by_others(inspected, library, [Link(arrival=each.arrival, name=each.name, needs=each.item.needs) for each in ends])
    names = inspected.device_names()
    return [
        {**entry_document(each.item.log, each.item.seq, each.name), **device_document(each.author, names)}
        for each in sorted(ends, key=lambda each: each.arrival)
        if each.name not in named
    ]


def _found(inspected: Inspected, library: LibraryId, name: EntryHash) -> LoggedEntry | None:
    logged = logged_named(inspected, library, name)
    if logged is None:
        inspected.problems.note(f"entry {name.hex()}, the end of a log, isn't stored")
    return logged


def _checkpoint(inspected: Inspected, library: LibraryId) -> Document | None:
    with inspected.database.read() as connection:
        key = LibraryRows(connection, library).key
        row = connection.execute(_CHECKPOINT, (key, int(EntryKind.CHECKPOINT))).fetchone()
        logged = None if row is None else logged_named(inspected, library, EntryHash(row[0]))
        if logged is None or logged.entry is None:
            return None
        (is_settled,) = connection.execute(_SETTLED, (key, logged.name)).fetchone()
    try:
        body = parse_control(logged.entry)
    except (RefusedError, DamagedError) as error:
        inspected.problems.note(f"the checkpoint {logged.name.hex()} can't be read: {error}")
        return None
    assert isinstance(body, Checkpoint), "by its kind"
    return {
        **entry_document(logged.item.log, logged.item.seq, logged.name),
        "covers": count_covered(inspected, library, body),
        "records": body.records,
        "settled": bool(is_settled),
    }
