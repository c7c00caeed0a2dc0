"""`heads`: the logs that a folder stores, where each ends, and what else is known of its shape."""

from __future__ import annotations

import sqlite3
from collections import Counter
from itertools import groupby

from peer.library.instants import iso_utc
from store.branches import Branch
from store.heads import Tip
from store.ids import MASTER, LibraryId, LogId
from store.roster import Roster
from store.sqlite_rows import LibraryRows
from tools.looking.documents import Document, device_document
from tools.looking.folder import Inspected

ENDED_BY_REMOVAL, ENDED_BY_NEXT = "its device was removed", "its device goes on in another log"
_RECEIVED = "SELECT received FROM log_entry WHERE branch = ? AND seq = ?"
_STUBS = "SELECT branch, count(*) FROM log_entry WHERE library = ? AND length(raw) = 0 GROUP BY branch"
_DETACHED = "SELECT log, count(*) FROM log_detached WHERE library = ? GROUP BY log"


def gather_heads(inspected: Inspected) -> list[Document]:
    """A document for each library: ``library``, ``entries`` (all that are stored, stubs and detached ones among them), ``stubs`` (without bytes, given up
    for a checkpoint), ``detached``, ``arrival`` (the newest arrival number), and ``logs``, each with

    - ``log``, ``device``, ``device_name`` (null where nobody said); ``number``: how many logs of this device came before it, null for the master's;
    - ``entries``, ``stubs`` and ``detached`` of it; ``ended``: why nothing more is written to it, or null;
    - ``tips``: where it ends: ``seq``, ``name``, ``received`` (by this node's clock; null where that isn't known);
    - ``branches``: ``from``, ``to``, ``tip``, ``device``, and ``after``: the number of the entry that it goes on from (null for the beginning of the log);
    - ``forks``: the numbers after which it parts, each with ``seq`` and ``branches``, how many go on from there.

    A log of which only detached entries are here has no tips and no branches.
    """
    return [_library(inspected, library) for library in inspected.libraries]


def _library(inspected: Inspected, library: LibraryId) -> Document:
    names = inspected.device_names()
    roster = inspected.log(library).roster()
    newest = {device: roster.logs_of(device)[-1] for device in set(roster.logs.values())}
    with inspected.database.read() as connection:
        rows = LibraryRows(connection, library)
        stubs = Counter(dict(connection.execute(_STUBS, (rows.key,)).fetchall() if rows.stubs else ()))
        detached = {LogId(log): count for log, count in connection.execute(_DETACHED, (rows.key,))}
        branches = sorted(rows.branches().values(), key=lambda branch: (branch.log, branch.first_seq, branch.key))
        of_log = {log: list(found) for log, found in groupby(branches, key=lambda branch: branch.log)}
        logs = []
        for log in sorted({*of_log, *detached}):
            found = of_log.get(log, [])
            device = found[0].author if found else roster.logs.get(log)
            logs.append(
                {
                    "log": log.hex(),
                    **device_document(device, names),
                    "number": roster.log_numbers.get(log),
                    "entries": sum(branch.last_seq - branch.first_seq + 1 for branch in found) + detached.get(log, 0),
                    "stubs": sum(stubs[branch.key] for branch in found),
                    "detached": detached.get(log, 0),
                    "ended": _why_ended(log, roster, newest.get(device) if device is not None else None),
                    "tips": [_tip(connection, branch) for branch in _ending(found)],
                    "branches": [_branch(branch) for branch in found],
                    "forks": _forks(found),
                }
            )
        return {
            "library": library.hex(),
            "entries": rows.count,
            "stubs": rows.stubs,
            "detached": rows.detached,
            "arrival": rows.arrival,
            "logs": logs,
        }


def _why_ended(log: LogId, roster: Roster, newest: LogId | None) -> str | None:
    device = roster.logs.get(log)
    if device is None or device == MASTER:
        return None
    if device in roster.former:
        return ENDED_BY_REMOVAL
    return None if log == newest else ENDED_BY_NEXT


def _ending(branches: list[Branch]) -> list[Branch]:
    """Those that no other continues, by number and name."""
    continued = {(branch.parent, branch.first_seq - 1) for branch in branches}
    ending = [branch for branch in branches if (branch.key, branch.last_seq) not in continued]
    return sorted(ending, key=lambda branch: (branch.last_seq, branch.tip))


def _tip(connection: sqlite3.Connection, branch: Branch) -> Document:
    row = connection.execute(_RECEIVED, (branch.key, branch.last_seq)).fetchone()
    tip = Tip(branch.last_seq, branch.tip)
    return {"seq": tip.seq, "name": tip.name.hex(), "received": None if row is None else iso_utc(row[0])}


def _branch(branch: Branch) -> Document:
    has_before = branch.parent is not None or branch.follows is not None
    return {
        "from": branch.first_seq,
        "to": branch.last_seq,
        "tip": branch.tip.hex(),
        "device": branch.author.hex(),
        "after": branch.first_seq - 1 if has_before else None,
    }


def _forks(branches: list[Branch]) -> list[Document]:
    """Where several go on: those that begin there, and the one that they part from unless it ends there."""
    ends = {branch.key: branch.last_seq for branch in branches}
    going_on = Counter((branch.parent, branch.first_seq - 1) for branch in branches)
    for parent, seq in going_on:
        if parent is not None and seq < ends.get(parent, -1):
            going_on[parent, seq] += 1
    return [{"seq": seq, "branches": count} for (_, seq), count in sorted(going_on.items(), key=lambda each: each[0][1]) if count > 1]
