"""What of the space could go, when, and who holds it back: of a device, and of a relay. Sentences, as part of ``size``."""

from __future__ import annotations

from collections.abc import Iterator
from sqlite3 import Connection

from peer.errors import CalotypeError
from peer.library.checkpoints import table as checkpoints
from peer.library.checkpoints.table import Verdict
from peer.library.health import waited_for
from peer.library.library import Library
from store.errors import DamagedError
from store.ids import LibraryId
from store.settlement import pruning_held_back_by
from store.skeleton import PRUNED_KINDS
from store.sqlite_pruning import unpruned
from store.sqlite_rows import LibraryRows
from tools.looking.device import library_of
from tools.looking.documents import Document, device_document, short_device
from tools.looking.folder import Inspected
from tools.looking.spelling import spell_count, spell_list

RETENTION_MS = 30 * 24 * 3_600_000
_DAY_MS = 86_400_000
_TRASH = "SELECT count(*), min(own) FROM trash_noted"
_KINDS = ", ".join(str(int(kind)) for kind in sorted(PRUNED_KINDS))
_COVERED = f"SELECT count(*), coalesce(sum(length(raw)), 0) FROM log_entry WHERE branch = ? AND seq > ? AND seq <= ? AND length(raw) > 0 AND kind IN ({_KINDS})"  # noqa: S608 - numbers of ours
_RELEASED = """
    SELECT count(*), coalesce(sum(h.size), 0)
    FROM (SELECT DISTINCT r.library, r.blob FROM relay_released r JOIN relay_library l ON l.id = r.library WHERE l.name = ?) r
    JOIN relay_holding h ON h.library = r.library AND h.blob = r.blob
"""


def of_device(inspected: Inspected, connection: Connection, *, now: int, recovered: Document | None) -> Document:
    """``could_go`` and ``held_back_by``: what it could give up by itself, or with the others' help. ``recovered``: what lies in that folder."""
    could = list(_by_itself(connection, now, recovered))
    try:
        library = library_of(inspected)
        could += _with_others(inspected, library, connection, now)
        return {"could_go": could, "held_back_by": list(waited_for(library))}
    except DamagedError as error:
        inspected.problems.note(f"what others hold back can't be told: {error}")
    except CalotypeError:
        pass  # without keys there is no device to ask for
    return {"could_go": could, "held_back_by": None}


def _by_itself(connection: Connection, now: int, recovered: Document | None) -> Iterator[Document]:
    trashed, oldest = connection.execute(_TRASH).fetchone()
    if trashed:
        days = spell_count(max(0, (oldest + RETENTION_MS - now) // _DAY_MS), "day")
        yield _thing(f"{spell_count(trashed, 'record')} in the trash", None, f"after 30 days, unless set otherwise; the oldest in {days}")
    if recovered and recovered["count"]:
        yield _thing(
            f"{spell_count(recovered['count'], 'recovered file')}", recovered["bytes"], "when you have looked through `recovered/`"
        )


def _with_others(inspected: Inspected, library: Library, connection: Connection, now: int) -> Iterator[Document]:
    rows = LibraryRows(connection, library.id)
    for newest in library.log.settled()[:1]:
        covered = [connection.execute(_COVERED, each).fetchone() for each in unpruned(connection, rows, newest.covered)]
        count, size = (sum(column) for column in zip((0, 0), *covered, strict=True))
        if count:
            names = inspected.device_names()
            missing = pruning_held_back_by(newest, library.log.seen(), library.roster().devices, now=now)
            asked = [short_device(device_document(device, names)) for device in sorted(missing)]
            is_compared = checkpoints.verdict_on(library, newest.checkpoint) is Verdict.SAME
            when = f"once {spell_list(asked)} acknowledged it" if asked else "at the next pass of the running peer"
            what = f"{spell_count(count, 'entry', 'entries')} below the newest settled checkpoint"
            yield _thing(what, size, when if is_compared else "once this device has compared it")
    for name, _ in checkpoints.differing(library):
        yield _thing(f"checkpoint {name.short()} differs from this library", None, "never: see `verify`")


def of_relay(connection: Connection, library: LibraryId) -> Document:
    """The same of one library on a relay, which waits for nobody's reports: blobs that it holds, and that some device released."""
    count, size = connection.execute(_RELEASED, (library,)).fetchone()
    released = _thing(f"{spell_count(count, 'blob')} that devices released", size, "`calotype-relay gc --dry-run` says what keeps each")
    return {"could_go": [released] if count else [], "held_back_by": None}


def _thing(what: str, size: int | None, when: str) -> Document:
    return {"what": what, "bytes": size, "when": when}
