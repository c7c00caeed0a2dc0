"""What people name by the beginning of an id: logs and records."""

from __future__ import annotations

import re

from peer.errors import UsageError
from peer.library.queries import ID_DIGITS
from store.database import Database
from store.ids import LibraryId, LogId, RecordId, RecordKind
from store.sqlite_rows import LibraryRows
from tools.looking.folder import Inspected

_RECORD = re.compile(rf"(?:(asset|album|device|library):)?([0-9a-f]{{1,{ID_DIGITS}}})")
_BETWEEN = "SELECT record FROM record WHERE record BETWEEN ?1 AND ?2 UNION SELECT record FROM purged WHERE record BETWEEN ?1 AND ?2 LIMIT 2"
_DETACHED_LOGS = "SELECT DISTINCT d.log FROM log_library l JOIN log_detached d ON d.library = l.id WHERE l.name = ?"


def record_name(record: RecordId) -> str:
    """``album:3f2a…``, what `show` takes."""
    return f"{record.kind.name.lower()}:{record.body.hex()}"


def find_record(database: Database, text: str) -> RecordId:
    """The one record, purged ones among them, whose id begins with ``text``, with or without its kind before it (``album:3f2a``)."""
    match = _RECORD.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is no record's id.", hint="Ids are hexadecimal and may be shortened: 3f2a, or album:3f2a.")
    kinds = [RecordKind[match[1].upper()]] if match[1] else list(RecordKind)
    found: list[RecordId] = []
    with database.read() as connection:
        for kind in kinds:
            low, high = (bytes([kind]) + bytes.fromhex(match[2].ljust(ID_DIGITS, digit)) for digit in "0f")
            found += [RecordId(record) for (record,) in connection.execute(_BETWEEN, (low, high))]
    if not found:
        raise UsageError(
            f"No record has an id that begins with {text}.", hint="`calotype ls`, `calotype album ls` and `calotype devices` show ids."
        )
    if len(found) > 1:
        raise UsageError(
            f"More than one record has an id that begins with {text}: {' and '.join(map(record_name, found[:2]))}.",
            hint="Give more of its digits.",
        )
    return found[0]


def find_log(inspected: Inspected, prefix: str) -> tuple[LibraryId, LogId]:
    """The one log whose id begins with ``prefix``, and its library."""
    found = [(library, log) for library, log in stored_logs(inspected) if log.hex().startswith(prefix.strip().lower())]
    if not found:
        raise UsageError(f"No log has an id that begins with {prefix}.", hint="`calotype-inspect heads` lists the logs.")
    if len(found) > 1:
        hint = "Give more of its digits." if len({log for _, log in found}) > 1 else "Choose a library with --library-id."
        raise UsageError(f"More than one log has an id that begins with {prefix}.", hint=hint)
    return found[0]


def stored_logs(inspected: Inspected) -> list[tuple[LibraryId, LogId]]:
    """Each log with its library, in order; those of which only detached entries are here among them."""
    found: list[tuple[LibraryId, LogId]] = []
    with inspected.database.read() as connection:
        for library in inspected.libraries:
            logs = {branch.log for branch in LibraryRows(connection, library).branches().values()}
            logs |= {LogId(log) for (log,) in connection.execute(_DETACHED_LOGS, (library,))}
            found += [(library, log) for log in sorted(logs)]
    return found
