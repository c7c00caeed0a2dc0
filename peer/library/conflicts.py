"""Open conflicts as people see them, and how they are settled.

Kinds:

- ``values``: devices wrote different values of one field, none having seen the other's. The winner is what is shown; the others wait.
- ``trash``: something speaks against a record's being in the trash, or out of it: somebody edited it, added to it or restored it
  without having seen that another device trashed it.

Settling is one write over everything that is there now, so it ends the conflict on every device.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from crdt.fields import Fields, fields_of, read_register
from crdt.keys import Family, parse_key
from crdt.parsing import in_key
from crdt.record import EMPTY, Cell, Content
from crdt.schema import ALBUM, SCHEMAS, open_conflicts
from crdt.trash import TRASHED, read_trash
from crdt.values import Value
from peer.errors import UsageError
from peer.library import edits
from peer.library.albums import writers_of_memberships
from peer.library.assignments import parse_field
from peer.library.authoring import Edit
from peer.library.instants import iso_utc
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.shown import shown
from peer.library.writers import KnownDevice, Writers
from store.ids import LIBRARY_RECORD, RecordId, RecordKind

IN_TRASH: Final = "trashed"
RESTORED: Final = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the values in conflict: who wrote it and when. ``changed``: what speaks against a trashing, as names of fields."""

    value: Value
    device: KnownDevice | None
    written: int
    changed: tuple[str, ...] = ()

    def to_json(self, field: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "value": shown(field, self.value),
            "device": self.device and self.device.name,
            "device_id": self.device and self.device.id.hex(),
            "time": iso_utc(self.written),
        }
        return document | {"changed": list(self.changed)} if self.changed else document


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConflict:
    """The winner is what is shown everywhere; ``others`` best first."""

    record: RecordId
    field: str
    kind: str
    winner: Side
    others: tuple[Side, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.record.body.hex(),
            "record": self.record.kind.name.lower(),
            "field": self.field,
            "winner": self.winner.to_json(self.field),
            "others": [other.to_json(self.field) for other in self.others],
            "kind": self.kind,
        }


@dataclass(frozen=True, slots=True)
class TheWinner:
    """What is shown now."""


@dataclass(frozen=True, slots=True)
class OfDevice:
    """What this device wrote; its name, its id or the beginning of it."""

    device: str


@dataclass(frozen=True, slots=True)
class TheValue:
    """This value, whether somebody wrote it or not; as ``calotype set`` takes it, and for the trash ``trashed`` or ``restored``."""

    text: str


Choice: TypeAlias = TheWinner | OfDevice | TheValue


def all_conflicts(library: Library) -> Iterator[OpenConflict]:
    """Every open conflict: photos first, then albums, devices and settings."""
    writers = Writers(library)
    for record in _candidates(library):
        yield from conflicts_of(library, record, writers)


def conflicts_of(library: Library, record: RecordId, writers: Writers | None = None) -> list[OpenConflict]:
    """The open conflicts of one record, by field."""
    content = library.records.content(record)
    if content is None:
        return []
    fields, writers = fields_of(content), writers or Writers(library)
    found = [
        OpenConflict(
            record=record,
            field=conflict.field,
            kind="values",
            winner=_side(conflict.winner, writers),
            others=tuple(_side(cell, writers) for cell in conflict.others),
        )
        for conflict in open_conflicts(fields, SCHEMAS[record.kind])
        if conflict.field != TRASHED.name
    ]
    return [*found, *_trash_conflict(library, record, content, fields, writers)]


def resolve(library: Library, record: RecordId, field: str, choice: Choice) -> None:
    """Settle one open conflict, by what is stored now. ``UsageError`` when there is none, or the choice isn't possible."""
    with library.database.write():
        found = conflicts_of(library, record)
        conflict = next((each for each in found if each.field == field), None)
        if conflict is None:
            open_fields = ", ".join(each.field for each in found)
            raise UsageError(
                f"There is no open conflict in {field!r} of {record.body.hex()[:10]}. Nothing was changed.",
                hint=f"In conflict there: {open_fields}." if found else "See `calotype conflicts`.",
            )
        library.change([_settling(library, conflict, _chosen_value(conflict, choice))])


def _candidates(library: Library) -> Iterator[RecordId]:
    queries = Queries(library.database)
    known = dict.fromkeys(queries.with_conflicts())
    yield from known
    # What was added to an album stands in its photos, so its own row can't tell.
    yield from (album.record for album in queries.albums(trash=True) if album.record not in known)
    yield from (record for record, _ in library.records.all(RecordKind.DEVICE))
    yield LIBRARY_RECORD


def _side(cell: Cell, writers: Writers, *, value: str | None = None) -> Side:
    return Side(value=value or cell.value, device=writers.device_of(cell.writer), written=cell.stamp.millis)


def _trash_conflict(library: Library, record: RecordId, content: Content, fields: Fields, writers: Writers) -> Iterator[OpenConflict]:
    reading = read_register(fields, TRASHED) if TRASHED.name in SCHEMAS[record.kind].registers else None
    if reading is None:
        return
    if reading.value is None:
        cells = reading.conflict.others if reading.conflict else ()
        sides = tuple(_side(cell, writers, value=IN_TRASH) for cell in cells)
    else:
        members = writers_of_memberships(library, record) if record.kind is RecordKind.ALBUM else frozenset()
        unseen = read_trash(fields, content, members=members).unseen
        sides = tuple(_against_trash(_unseen_cells(library, record, content, unseen), writers)) if unseen else ()
    if sides:
        winner = _side(reading.cell, writers, value=RESTORED if reading.value is None else IN_TRASH)
        yield OpenConflict(record=record, field=TRASHED.name, kind="trash", winner=winner, others=sides)


def _unseen_cells(library: Library, record: RecordId, content: Content, unseen: frozenset[str]) -> Iterator[tuple[str, Cell]]:
    """What the one who trashed hadn't seen: names of fields, and what stands there."""
    live = ((parse_key(key), cell) for key, cell in content.live.items() if cell.writer in unseen)
    yield from ((key.name, cell) for key, cell in live if key.family is not Family.DERIVED)
    if record.kind is RecordKind.ALBUM:
        for asset, _ in Queries(library.database).album_members(record):
            cells = fields_of(library.records.content(asset) or EMPTY).sets.get(ALBUM.name, {}).get(in_key(record), ())
            yield from (("photos", cell) for cell in cells if cell.writer in unseen)


def _against_trash(cells: Iterable[tuple[str, Cell]], writers: Writers) -> list[Side]:
    """One side for each device that speaks against a trashing, the newest first."""
    by_device: dict[KnownDevice | None, list[tuple[str, Cell]]] = {}
    for name, cell in cells:
        by_device.setdefault(writers.device_of(cell.writer), []).append((name, cell))
    sides = [
        Side(
            value=RESTORED,
            device=device,
            written=max(cell.stamp.millis for _, cell in written),
            changed=tuple(sorted({name for name, _ in written})),
        )
        for device, written in by_device.items()
    ]
    return sorted(sides, key=lambda side: side.written, reverse=True)


def _chosen_value(conflict: OpenConflict, choice: Choice) -> Value:
    match choice:
        case TheWinner():
            return conflict.winner.value
        case OfDevice(device):
            return _side_of(conflict, device).value
        case TheValue(text) if conflict.kind == "trash":
            if text not in (IN_TRASH, RESTORED):
                raise UsageError(
                    f"{text!r} is neither {IN_TRASH} nor {RESTORED}. Nothing was changed.", hint=f"For example: --value {RESTORED}"
                )
            return text
        case TheValue(text):
            return parse_field(conflict.record.kind, conflict.field, text)


def _side_of(conflict: OpenConflict, text: str) -> Side:
    sides = [side for side in (conflict.winner, *conflict.others) if side.device is not None]
    called = [side for side in sides if side.device and side.device.name == text]
    found = called or [side for side in sides if side.device and text and side.device.id.hex().startswith(text.lower())]
    if len({side.device for side in found}) == 1:
        return found[0]
    problem = "More than one device" if found else "No device"
    names = ", ".join(dict.fromkeys(f"{side.device.name} ({side.device.id.short()})" for side in sides if side.device))
    raise UsageError(f"{problem} in this conflict is {text!r}. Nothing was changed.", hint=f"Those that wrote a value: {names}.")


def _settling(library: Library, conflict: OpenConflict, value: Value) -> Edit:
    record, field = conflict.record, conflict.field
    if conflict.kind == "values":
        return Edit(record, lambda draft, stamp: draft.resolve(field, value, at=stamp))
    if value == RESTORED:
        return edits.restore(record)
    members = writers_of_memberships(library, record) if record.kind is RecordKind.ALBUM else frozenset()
    return edits.trash(record, members=members)
