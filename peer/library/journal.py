"""The journal of what this device did and can take back: for each action, what stood in its fields before (``peer.library.undo_steps``).

It is written in the transaction that writes the entries, so it knows of an action exactly when that happened. It is this device's own: other devices
undo what they did themselves. It is bounded: the newest actions stay, as many as fit. A journal that was put back with an old copy of the folder
does no harm, since nothing is taken back where something else stands by now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

from crdt.client import writer
from crdt.draft import Draft
from crdt.keys import stem_of
from crdt.record import Changes, Content
from crdt.schema import SCHEMAS
from crdt.update import MAX_UPDATE_BYTES
from peer.library.actions import Action
from peer.library.undo_steps import TRASHED_STEM, Former, Noted, former_at, is_undoable, writers_at
from store.database import Database
from store.encoding import decode, encode
from store.ids import RecordId, RecordKind

MAX_ACTIONS: Final = 200
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of all that is noted. An action that is larger by itself can't be undone."""

_ROW_BYTES = 48
"""What a noted field takes beside its variable parts, about."""
_GATHERED = 500
"""Records whose fields are kept at once in memory."""
_MAX_FORMER = 16 * MAX_UPDATE_BYTES

_BEGUN = frozenset({RecordKind.ASSET, RecordKind.DEVICE})
"""Records that begin when something is imported or joins: that can't be undone."""
_NAMED_AS_ONE: Final = {"edit": "edit", "position": "album", "album": "album", "keyword": "keyword", "without": "keyword"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JournaledAction:
    """``at``: milliseconds since 1970. ``undoes``: the id of the action that it took back; ``is_undo``: what it took back wasn't an undo itself."""

    number: int
    id: bytes
    label: str
    at: int
    undoes: bytes | None
    is_undo: bool
    records: int
    photos: int


@dataclass(slots=True, kw_only=True)
class Notes:
    """What an action that is being written has done so far. ``entry``: the random bytes of its first entry; ``number``: in the journal, once
    something was noted."""

    action: Action
    entry: bytes
    at: int
    number: int | None = None
    names: dict[str, None] = field(default_factory=dict)
    gathered: list[tuple[RecordId, list[Noted]]] = field(default_factory=list)


class Journal:
    """The tables ``undo_action`` and ``undo_field``. What writes belongs into the transaction that writes the entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, notes: Notes, client: int, record: RecordId, draft: Draft, after: Content, *, is_new: bool) -> None:
        """One record's part of an action: what ``draft`` made of it."""
        if not notes.action.undoable or (is_new and record.kind in _BEGUN):
            return
        created = is_new and record.kind is RecordKind.ALBUM
        changes = draft.changes()
        noted = list(_noted(record.kind, writer(client), draft, changes, after, created=created))
        if noted:
            notes.gathered.append((record, noted))
            notes.names |= dict.fromkeys(_name(each.stem, changes) for each in noted)
            if len(notes.gathered) >= _GATHERED:
                self._put_gathered(notes)

    def close(self, notes: Notes) -> None:
        """The action, or this transaction's part of it, is complete."""
        self._put_gathered(notes)
        if notes.number is None:
            return
        with self._database.write() as connection:
            if not notes.action.label:
                connection.execute("UPDATE undo_action SET label = ? WHERE number = ?", (", ".join(notes.names), notes.number))
            _prune(connection)

    def _put_gathered(self, notes: Notes) -> None:
        if not notes.gathered:
            return
        with self._database.write() as connection:
            number = notes.number = _begin(connection, notes)
            rows = [(number, record, *_row(each)) for record, noted in notes.gathered for each in noted]
            connection.executemany(_PUT, rows)
            photos = len({_shown(connection, record) for record, _ in notes.gathered if record.kind is RecordKind.ASSET})
            connection.execute(
                "UPDATE undo_action SET bytes = bytes + ?, records = records + ?, photos = photos + ? WHERE number = ?",
                (sum(map(_size, rows)), len(notes.gathered), photos, number),
            )
        notes.gathered.clear()

    def actions(self) -> list[JournaledAction]:
        """What can be taken back, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT number, id, label, at, undoes, is_undo, records, photos FROM undo_action ORDER BY number DESC"
            ).fetchall()
        return [
            JournaledAction(number=number, id=id_, label=label, at=at, undoes=undoes, is_undo=bool(is_undo), records=records, photos=photos)
            for number, id_, label, at, undoes, is_undo, records, photos in rows
        ]

    def of(self, action: JournaledAction) -> dict[RecordId, list[Noted]]:
        """What an action did, by record."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT record, stem, former, left, writer FROM undo_field WHERE action = ? ORDER BY record, stem", (action.number,)
            ).fetchall()
        found: dict[RecordId, list[Noted]] = {}
        for record, stem, former, left, name in rows:
            found.setdefault(RecordId(record), []).append(_read(stem, former, left, name))
        return found

    def some_photos(self, action: JournaledAction, *, most: int) -> list[RecordId]:
        """The first photos that an action changed."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT DISTINCT record FROM undo_field WHERE action = ? AND substr(record, 1, 1) = ? LIMIT ?",
                (action.number, bytes([RecordKind.ASSET]), most),
            ).fetchall()
        return [RecordId(record) for (record,) in rows]

    def forget(self, action: JournaledAction) -> None:
        """It is being taken back; what it did needn't be known any more."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM undo_action WHERE number = ?", (action.number,))

    def stands_again(self, undone: JournaledAction, restored: Mapping[RecordId, Sequence[Noted]]) -> None:
        """What stood in these fields before an action stands there again, under the name of the undo that was just written."""
        with self._database.write() as connection:
            row = connection.execute("SELECT number FROM undo_action WHERE undoes = ?", (undone.id,)).fetchone()
            if row is not None:
                rows = [
                    (row[0], record, each.stem, record, each.stem, encode(sorted(each.former.writers)), row[0])
                    for record, noted in restored.items()
                    for each in noted
                    if not each.former.created
                ]
                connection.executemany(_STANDS_AGAIN, rows)


_STANDS_AGAIN: Final = """
    UPDATE undo_field SET (left, writer) = (SELECT left, writer FROM undo_field WHERE action = ? AND record = ? AND stem = ?)
    WHERE record = ? AND stem = ? AND left = ? AND action <> ?
"""


_PUT: Final = """
    INSERT INTO undo_field VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (action, record, stem) DO UPDATE SET left = excluded.left, writer = excluded.writer
"""
"""Of a field that one action changes twice: what stood there first, and what it left last."""


def _shown(connection: Connection, record: RecordId) -> bytes:
    """The photo that a record is shown as part of, most often itself."""
    row = connection.execute("SELECT folded FROM asset WHERE record = ? AND folded IS NOT NULL", (record,)).fetchone()
    return record if row is None else bytes(row[0])


def _noted(kind: RecordKind, own: str, draft: Draft, changes: Changes, after: Content, *, created: bool) -> Iterator[Noted]:
    stems = dict.fromkeys(stem for stem in (*changes.sets, *map(stem_of, changes.deletes)) if is_undoable(stem))
    for stem in stems:
        former = Former(created=True) if created else former_at(stem, draft.content, draft.fields, SCHEMAS[kind])
        yield Noted(stem=stem, former=former, left=writers_at(stem, after.live), writer=own if stem in changes.sets else None)


def _begin(connection: Connection, notes: Notes) -> int:
    """The number of the action: a new one, or the one that it has from an earlier transaction."""
    identity = notes.action.id or notes.entry
    connection.execute(
        "INSERT OR IGNORE INTO undo_action (id, label, at, undoes, is_undo) VALUES (?, ?, ?, ?, ?)",
        (identity, notes.action.label, notes.at, notes.action.undoes, notes.action.is_undo),
    )
    return int(connection.execute("SELECT number FROM undo_action WHERE id = ?", (identity,)).fetchone()[0])


def _row(noted: Noted) -> tuple[str, bytes, bytes, str | None]:
    former = noted.former
    encoded = encode([list(former.values), sorted(former.writers), former.in_conflict, list(former.unseen), former.created])
    return noted.stem, encoded, encode(sorted(noted.left)), noted.writer


def _size(row: tuple[int, RecordId, str, bytes, bytes, str | None]) -> int:
    """What a row takes, about."""
    _, _, stem, former, left, _ = row
    return _ROW_BYTES + len(stem.encode()) + len(former) + len(left)


def _read(stem: str, former: bytes, left: bytes, name: str | None) -> Noted:
    values, writers, in_conflict, unseen, created = decode(former, limit=_MAX_FORMER)
    return Noted(
        stem=stem,
        former=Former(values=tuple(values), writers=frozenset(writers), in_conflict=in_conflict, unseen=tuple(unseen), created=created),
        left=frozenset(decode(left, limit=_MAX_FORMER)),
        writer=name,
    )


def _prune(connection: Connection) -> None:
    """The oldest go, until the rest is within the bounds."""
    rows = connection.execute("SELECT number, bytes FROM undo_action ORDER BY number DESC").fetchall()
    total = 0
    for place, (number, size) in enumerate(rows):
        total += size
        if place >= MAX_ACTIONS or total > MAX_BYTES:
            connection.execute("DELETE FROM undo_action WHERE number <= ?", (number,))
            return


def _name(stem: str, changes: Changes) -> str:
    """What a field is called in a list of actions."""
    if stem == TRASHED_STEM:
        return "restore" if changes.sets.get(stem) is None else "trash"
    plain = stem.split("/")[1].partition(":")[0]
    return _NAMED_AS_ONE.get(plain, plain)
