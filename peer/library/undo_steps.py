"""How one field is taken back. Pure.

For each field that an action changed, the journal notes what stood there before (``Former``), whose values stood there afterwards (``left``), and
who wrote if the action did (``writer``). A field is named by its stem (``crdt.keys``). What happens when it is taken back depends on whose values
stand there now:

    as the action left it               what stood there before is written again
    its value, and others beside it     somebody wrote at the same time. If nothing stood there before, its value goes and the others stay;
                                        else the field is left alone, as it is in conflict anyway
    anything else                       somebody changed it since, this device too: the field is left alone

What is written again stands there under another name, that of the undo. For the journal it is the same as before: an earlier action whose value came
back can be taken back in its turn.

So an undo never touches what anybody wrote after the action, or beside it. Taking the value away in the second case is right for sets above all:
when two devices add one keyword and both take it back, it is gone; when one does, it stays.

What was in conflict before can't be in conflict again, since one entry writes one value: the value that was shown comes back. An album that was
made goes into the trash: a record can't become one that nobody ever wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from crdt import schema
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.fields import Fields, read_register
from crdt.keys import Family, unescape
from crdt.record import Cell, Content
from crdt.schema import RecordSchema
from crdt.trash import TRASHED, Trash, observed_writers, read_trash
from crdt.values import Value

TRASHED_STEM: Final = f"{Family.REGISTER.value}/{TRASHED.name}"
NEVER_UNDONE: Final = frozenset({schema.PRIMARY.name, schema.ROLE.name, schema.NAME.name, schema.VERSION.name, schema.SOURCE.name})
"""Fields that say which files there are: imports write them, and undoing leaves them alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What stood in a field: of a register the value that was shown, of an element of a set all its values; nothing: it was empty.

    ``writers``: all whose values stood there. ``in_conflict``: other values stood beside it. ``unseen``: of ``trashed``, the writers that contested
    it. ``created``: there was no such record.
    """

    values: tuple[Value, ...] = ()
    writers: frozenset[str] = frozenset()
    in_conflict: bool = False
    unseen: tuple[str, ...] = ()
    created: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What an action did to one field. ``writer`` is ``None`` when it only took something away."""

    stem: str
    former: Former
    left: frozenset[str]
    writer: str | None


class Step(Enum):
    """What is done to take a field back."""

    RESTORE = "restore"
    RETRACT = "retract"
    LEAVE = "leave"


def is_undoable(stem: str) -> bool:
    """Whether a person's undo takes this field back at all."""
    family, name = stem.split("/")[:2]
    plain = name.partition(":")[0]
    return family != Family.DERIVED and name not in NEVER_UNDONE and f"{plain}:" not in NEVER_UNDONE


def former_at(stem: str, content: Content, fields: Fields, record: RecordSchema) -> Former:
    """What stands in a field of a record."""
    family, name, *element = stem.split("/")
    writers = writers_at(stem, content.live)
    if family == Family.SET:
        cells = fields.sets.get(name, {}).get(element[0], ())
        return Former(values=tuple(cell.value for cell in sorted(cells, key=_rank)), writers=writers)
    register = record.find_register(name)
    reading = None if register is None else read_register(fields, register, name.removeprefix(register.name))
    if reading is None:
        return Former(writers=writers)
    unseen = tuple(sorted(read_trash(fields, content).unseen)) if stem == TRASHED_STEM else ()
    return Former(values=(reading.cell.value,), writers=writers, in_conflict=reading.conflict is not None, unseen=unseen)


def writers_at(stem: str, live: Iterable[str]) -> frozenset[str]:
    """Whose values stand in a field, among ``live`` keys."""
    start = stem + "/"
    return frozenset(key.removeprefix(start) for key in live if key.startswith(start) and key.rindex("/") == len(stem))


def step_back(noted: Noted, now: Collection[str]) -> Step:
    """What to do with a field in which values of the writers ``now`` stand."""
    if frozenset(now) == noted.left:
        return Step.RESTORE
    former = noted.former
    if noted.writer is not None and noted.writer in now and not (former.values or former.created):
        return Step.RETRACT
    return Step.LEAVE


def take_back(draft: Draft, stamp: Stamp, noted: Noted, *, members: frozenset[str] = frozenset()) -> None:
    """Write what stood in the field before. Of present values, only those go that the action left. ``members``: as in ``crdt.trash``."""
    family, name, *element = noted.stem.split("/")
    if noted.former.created:
        draft.trash(stamp, members=members)
    elif not noted.former.values:
        for writer in noted.left:
            draft.retract(noted.stem, writer)
    elif family == Family.SET:
        for value in noted.former.values:
            draft.add(name, unescape(element[0]), value, beside=value is not noted.former.values[0])
    elif noted.stem == TRASHED_STEM and noted.former.values[0] is not None:
        # Trashed afresh, so that it lies there for its time again; what contested it then still does.
        seen = observed_writers(draft.content).union(members) - frozenset(noted.former.unseen)
        draft.set(name, Trash(at=stamp, seen=seen).value())
    else:
        draft.set(name, noted.former.values[0])


def _rank(cell: Cell) -> tuple[bytes, str]:
    return cell.stamp, cell.writer
