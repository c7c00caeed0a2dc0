"""Open conflicts as people see them, and how they are settled.

Kinds:

- ``values``: devices wrote different values of one field, none having seen the other's. The winner is what is shown; the others wait.
- ``trash``: something speaks against a record's being in the trash, or out of it: somebody edited it, added to it or restored it
  without having seen that another device trashed it.

None of the sides had seen any other, or it would have replaced it. What each had seen instead, and replaced, its entry tells
(``peer.library.lineage``), as long as it is kept. Where all go back to one caption, a merge of theirs is offered (``peer.library.word_merge``).

Settling is one write over everything that is there now, so it ends the conflict on every device.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from crdt.asset import view_asset
from crdt.fields import Conflict, Fields, fields_of, read_register
from crdt.keys import Family, parse_key, register_stem
from crdt.parsing import in_key
from crdt.record import EMPTY, Cell, Content
from crdt.schema import ALBUM, CAPTION, SCHEMAS, open_conflicts
from crdt.trash import TRASHED, observed_writers, read_trash
from crdt.update import Item
from crdt.values import Value
from peer.errors import UsageError
from peer.library import edits
from peer.library.actions import Action
from peer.library.albums import members_of, writers_of_memberships
from peer.library.assignments import MAX_TEXT_BYTES, parse_field
from peer.library.authoring import Edit
from peer.library.instants import iso_utc
from peer.library.library import Library
from peer.library.lineage import Lineage
from peer.library.queries import Queries
from peer.library.shown import shown
from peer.library.word_merge import Merged, merge
from peer.library.writers import KnownDevice, Writers
from store.ids import LIBRARY_RECORD, RecordId, RecordKind

IN_TRASH: Final = "trashed"
RESTORED: Final = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A value that a side of a conflict had seen in the field, and replaced."""

    value: Value
    device: KnownDevice | None
    written: int

    def to_json(self, field: str) -> dict[str, Any]:
        return {
            "value": shown(field, self.value),
            "device": self.device and self.device.name,
            "device_id": self.device and self.device.id.hex(),
            "time": iso_utc(self.written),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Side(Seen):
    """One of the values in conflict: who wrote it and when. ``seen``: what it replaced, ``None`` when that can't be told any more.
    ``changed``: what speaks against a trashing, as names of fields."""

    seen: tuple[Seen, ...] | None = None
    changed: tuple[str, ...] = ()

    def to_json(self, field: str) -> dict[str, Any]:
        document = Seen.to_json(self, field) | {"seen": None if self.seen is None else [each.to_json(field) for each in self.seen]}
        return document | {"changed": list(self.changed)} if self.changed else document


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConflict:
    """The winner is what is shown everywhere; ``others`` best first. ``merged``: of captions, what becomes of the one that all replaced when the
    changes of all are made; ``None`` when that can't be told any more."""

    record: RecordId
    field: str
    kind: str
    winner: Side
    others: tuple[Side, ...]
    merged: Merged | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.record.body.hex(),
            "record": self.record.kind.name.lower(),
            "field": self.field,
            "winner": self.winner.to_json(self.field),
            "others": [other.to_json(self.field) for other in self.others],
            "kind": self.kind,
            "merged": self.merged and self.merged.text,
            "merged_cleanly": self.merged and self.merged.clean,
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


@dataclass(frozen=True, slots=True)
class TheMerge:
    """Of captions: what all sides wrote, together."""


Choice: TypeAlias = TheWinner | OfDevice | TheValue | TheMerge


class _Witness:
    """Who wrote what, and what they had seen: for one answer."""

    def __init__(self, library: Library) -> None:
        self.writers = Writers(library)
        self.lineage = Lineage(library)

    def side(self, record: RecordId, field: str, cell: Cell) -> Side:
        replaced = self.lineage.replaced(record, register_stem(field), cell.writer)
        return Side(
            value=_spoken(field, cell.value),
            device=self.writers.device_of(cell.writer),
            written=cell.stamp.millis,
            seen=None if replaced is None else tuple(self._seen(field, item) for item in replaced),
        )

    def _seen(self, field: str, item: Item) -> Seen:
        device = self.writers.device_of(item.key.rpartition("/")[2])
        return Seen(value=_spoken(field, item.value), device=device, written=item.stamp.millis)


def all_conflicts(library: Library) -> Iterator[OpenConflict]:
    """Every open conflict: photos first, then albums, devices and settings."""
    witness = _Witness(library)
    for record in conflict_candidates(library):
        yield from _conflicts_of(library, record, witness)


def conflicts_of(library: Library, record: RecordId) -> list[OpenConflict]:
    """The open conflicts of one record, by field."""
    return list(_conflicts_of(library, record, _Witness(library)))


def _conflicts_of(library: Library, record: RecordId, witness: _Witness) -> Iterator[OpenConflict]:
    content = library.records.content(record)
    if content is None:
        return
    fields = fields_of(content)
    for conflict in open_conflicts(fields, SCHEMAS[record.kind]):
        if conflict.field != TRASHED.name:
            yield OpenConflict(
                record=record,
                field=conflict.field,
                kind="values",
                winner=witness.side(record, conflict.field, conflict.winner),
                others=tuple(witness.side(record, conflict.field, cell) for cell in conflict.others),
                merged=_merged(record, content, conflict, witness.lineage) if conflict.field == CAPTION.name else None,
            )
    yield from _trash_conflict(library, record, content, fields, witness)


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
        library.change(_settling(library, conflict, _chosen_value(conflict, choice)), action=Action(f"conflict in {field}"))


def conflict_candidates(library: Library) -> Iterator[RecordId]:
    """The records in which there may be open conflicts; photos and albums with some by what their own records say come first."""
    queries = Queries(library.database)
    known = dict.fromkeys(queries.with_conflicts())
    yield from known
    # What was added to an album stands in its photos, so its own row can't tell.
    yield from (album.record for album in queries.albums(trash=True) if album.record not in known)
    yield from (record for record, _ in library.records.all(RecordKind.DEVICE))
    yield LIBRARY_RECORD


def _spoken(field: str, value: Value) -> Value:
    """The value as people say it: whether something is in the trash, not who had seen what."""
    if field != TRASHED.name:
        return value
    return RESTORED if value is None else IN_TRASH


def _merged(record: RecordId, content: Content, conflict: Conflict, lineage: Lineage) -> Merged | None:
    """A merge of all sides, over the caption that all of them go back to."""
    cells = (conflict.winner, *conflict.others)
    base = lineage.base(record, register_stem(conflict.field), [cell.writer for cell in cells])
    if base is None:
        return None
    own = _caption_of_file(content)
    original = _text(base.item.value, own) if base.item is not None else own
    text, *rest = sorted({_text(cell.value, own) for cell in cells})
    merged = Merged(text=text, clean=True)
    for other in rest:
        step = merge(original, merged.text, other)
        merged = Merged(text=step.text, clean=merged.clean and step.clean)
    return merged if len(merged.text.encode()) <= MAX_TEXT_BYTES else None


def _caption_of_file(content: Content) -> str:
    asset = view_asset(content)
    return asset.sidecar.caption or asset.exif.caption or ""


def _text(value: Value, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise


def _trash_conflict(library: Library, record: RecordId, content: Content, fields: Fields, witness: _Witness) -> Iterator[OpenConflict]:
    reading = read_register(fields, TRASHED) if TRASHED.name in SCHEMAS[record.kind].registers else None
    if reading is None:
        return
    if reading.value is None:
        cells = reading.conflict.others if reading.conflict else ()
        sides = tuple(witness.side(record, TRASHED.name, cell) for cell in cells)
    else:
        members = writers_of_memberships(library, record) if record.kind is RecordKind.ALBUM else frozenset()
        unseen = read_trash(fields, content, members=members).unseen
        sides = tuple(_against_trash(_unseen_cells(library, record, content, unseen), witness.writers))
    if sides:
        winner = witness.side(record, TRASHED.name, reading.cell)
        yield OpenConflict(record=record, field=TRASHED.name, kind="trash", winner=winner, others=sides)


def _unseen_cells(library: Library, record: RecordId, content: Content, unseen: frozenset[str]) -> Iterator[tuple[str, Cell]]:
    """What the one who trashed hadn't seen: names of fields, and what stands there. In the photos of an album that they were added; in other
    parts of a photo all that they say, where they aren't in the trash themselves."""
    yield from _observed(content, unseen)
    if record.kind is RecordKind.ALBUM and unseen:
        for part in members_of(library, record):
            cells = fields_of(library.records.content(part) or EMPTY).sets.get(ALBUM.name, {}).get(in_key(record), ())
            yield from (("photos", cell) for cell in cells if cell.writer in unseen)
    if record.kind is RecordKind.ASSET:
        for part in _other_parts(library, record):
            said = library.records.content(part) or EMPTY
            if view_asset(said).trashed is None:
                yield from _observed(said, observed_writers(said))


def _observed(content: Content, writers: frozenset[str]) -> Iterator[tuple[str, Cell]]:
    live = ((parse_key(key), cell) for key, cell in content.live.items() if cell.writer in writers)
    yield from ((key.name, cell) for key, cell in live if key.family is not Family.DERIVED)


def _other_parts(library: Library, record: RecordId) -> Sequence[RecordId]:
    """What is folded into this photo; nothing where it is folded into another itself."""
    shown_as, *rest = Queries(library.database).parts(record)
    return rest if shown_as == record else ()


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
        case TheMerge():
            return _merge_of(conflict)
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


def _merge_of(conflict: OpenConflict) -> Value:
    if conflict.merged is not None:
        return conflict.merged.text
    if conflict.field == CAPTION.name:
        raise UsageError(
            "What both changed isn't kept any more, or the captions are too long together, so they can't be merged. Nothing was changed.",
            hint="Write what it should be: --value TEXT",
        )
    raise UsageError("Only captions can be merged. Nothing was changed.", hint="Choose with --winner, --device or --value.")


def _settling(library: Library, conflict: OpenConflict, value: Value) -> list[Edit]:
    record, field = conflict.record, conflict.field
    if conflict.kind == "values":
        return [Edit(record, lambda draft, stamp: draft.resolve(field, value, at=stamp))]
    if record.kind is RecordKind.ALBUM:
        return [edits.restore(record) if value == RESTORED else edits.trash(record, members=writers_of_memberships(library, record))]
    edit = edits.restore if value == RESTORED else edits.trash
    return [edit(part) for part in (record, *_other_parts(library, record))]
