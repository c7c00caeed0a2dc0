"""What a device's folder shows in the end, as plain data: read in the same way from the original and from what was made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crdt.fields import fields_of
from crdt.keys import stem_of
from crdt.record import Content, EngineError, read
from crdt.schema import SCHEMAS, open_conflicts
from crdt.trash import read_trash
from peer.library.meta import Meta
from peer.library.records import RecordTable
from store.heads import Heads
from store.ids import EntryHash, LogId, RecordId
from store.roster import Roster
from tools.looking.folder import Inspected
from tools.looking.lookup import record_name

_VOID = "SELECT e.name, v.record, v.reason FROM void v JOIN log_entry e USING (arrival) WHERE length(e.raw) > 0"
"""Of entries whose bytes are here: what was void in others is gone with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """``waiting``: of entries the code of why they wait, and the name or epoch that they wait for; ``void``: of entries, and of records in them (none: all
    of it), the reason; ``folded``: of photos those that they are shown with; ``ahead``: logs whose clocks are flagged."""

    heads: Heads
    detached: frozenset[EntryHash]
    roster: Roster
    own_log: LogId | None
    waiting: Mapping[EntryHash, tuple[str, bytes]]
    void: Mapping[tuple[EntryHash, bytes], str]
    purged: frozenset[RecordId]
    folded: Mapping[RecordId, RecordId]
    ahead: frozenset[LogId]


def shown_in(inspected: Inspected) -> Shown:
    """All but the records."""
    (library,) = inspected.libraries
    log = inspected.log(library)
    own = Meta(inspected.database).get("log")
    with inspected.database.read() as connection:
        detached = connection.execute("SELECT name FROM log_detached").fetchall()
        waiting = connection.execute("SELECT name, code, needs FROM waiting").fetchall()
        void = connection.execute(_VOID).fetchall()
        purged = connection.execute("SELECT record FROM purged").fetchall()
        folded = connection.execute("SELECT record, folded FROM asset WHERE folded IS NOT NULL").fetchall()
        ahead = connection.execute("SELECT log FROM clock_ahead").fetchall()
    return Shown(
        heads=log.heads(),
        detached=frozenset(EntryHash(name) for (name,) in detached),
        roster=log.roster(),
        own_log=None if own is None else LogId(own),
        waiting={EntryHash(name): (code, bytes(needs)) for name, code, needs in waiting},
        void={(EntryHash(name), bytes(record)): reason for name, record, reason in void},
        purged=frozenset(RecordId(record) for (record,) in purged),
        folded={RecordId(record): RecordId(other) for record, other in folded},
        ahead=frozenset(LogId(log) for (log,) in ahead),
    )


def contents_in(inspected: Inspected) -> Iterator[tuple[RecordId, Content]]:
    """Every record with what it says. One that is damaged is noted as a problem and left out."""
    for record, state in RecordTable(inspected.database, Meta(inspected.database)).all():
        try:
            yield record, read(state)
        except EngineError as error:
            inspected.problems.note(f"{record_name(record)} is damaged: {error}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the merge rules make of a record, in writers alone. ``fields``: of each those that wrote it, the one that is read first; ``conflicts``: of the
    fields in conflict the winner and the others; ``trashed``: by whom; ``unseen``: who contests it."""

    fields: frozenset[tuple[str, ...]]
    conflicts: frozenset[tuple[str, ...]]
    trashed: str | None
    unseen: frozenset[str]


def decided(record: RecordId, content: Content) -> Decided:
    """By the rules that listings are made with."""
    ranked: dict[str, list[tuple[bytes, str]]] = {}
    for key, cell in content.live.items():
        ranked.setdefault(stem_of(key), []).append((cell.stamp, cell.writer))
    fields = fields_of(content)
    trash = read_trash(fields, content)
    conflicts = open_conflicts(fields, SCHEMAS[record.kind])
    return Decided(
        fields=frozenset(tuple(writer for _, writer in sorted(cells, reverse=True)) for cells in ranked.values()),
        conflicts=frozenset((each.winner.writer, *(other.writer for other in each.others)) for each in conflicts),
        trashed=None if trash.trash is None else trash.trash.at.hex(),
        unseen=trash.unseen,
    )
