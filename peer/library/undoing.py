"""Undo, as editors have it: what this device did is taken back, action by action, the newest first.

- An action is taken back as a whole, and once. Of its fields those are left alone, and counted, that somebody changed since, or at the same time
  (``peer.library.undo_steps``).
- An undo is an action too. Taken back itself, it does again what was undone; and that can be undone again.
- Without a choice the newest action goes that isn't an undo; with ``again`` the newest undo.
- Each device takes back what it did itself. Imports and purges can't be undone: photos go into the trash, and what was purged is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.record import Content
from peer.errors import UsageError
from peer.library.actions import Action
from peer.library.albums import writers_of_memberships
from peer.library.authoring import Edit
from peer.library.instants import iso_utc
from peer.library.journal import JournaledAction
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.undo_steps import TRASHED_STEM, Noted, Step, step_back, take_back, writers_at
from store.ids import RecordId, RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What became of an action. ``undone``: photos, albums and others in which something was taken back, ``skipped``: in which something was
    left alone; ``fields_…``: how many fields that were. ``settled``: fields that had been in conflict before the action, and aren't again: the
    value that was shown then is back."""

    action: JournaledAction
    undone: int = 0
    skipped: int = 0
    fields_undone: int = 0
    fields_skipped: int = 0
    settled: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "undone": self.undone,
            "skipped": self.skipped,
            "fields_undone": self.fields_undone,
            "fields_skipped": self.fields_skipped,
            "settled": self.settled,
            "id": self.action.id.hex(),
            "label": self.action.label,
        }


def action_json(action: JournaledAction) -> dict[str, Any]:
    """An action as ``undo --list`` shows it."""
    return {
        "id": action.id.hex(),
        "label": action.label,
        "time": iso_utc(action.at),
        "photos": action.photos,
        "records": action.records,
        "undo_of": None if action.undoes is None else action.undoes.hex(),
    }


def newest(library: Library, *, again: bool = False) -> JournaledAction:
    """The action that is next to be taken back: the newest that isn't an undo, or with ``again`` the newest undo; ``UsageError`` without one."""
    found = next((action for action in library.journal.actions() if action.is_undo == again), None)
    if found is None:
        what = "undone before that could be done again" if again else "done on this device that can be undone"
        raise UsageError(f"Nothing was {what}. Nothing was changed.", hint="`calotype undo --list` shows what can be taken back.")
    return found


def find_action(library: Library, prefix: str) -> JournaledAction:
    """The one action whose id begins so; a sentence when there is none or more than one."""
    digits = prefix.strip().lower()
    found = [action for action in library.journal.actions() if digits and action.id.hex().startswith(digits)]
    if len(found) == 1:
        return found[0]
    problem = "More than one action has" if found else "Nothing that can be undone has"
    raise UsageError(f"{problem} an id that begins with {prefix!r}. Nothing was changed.", hint="`calotype undo --list` shows the ids.")


def would_trash(library: Library, action: JournaledAction) -> list[RecordId]:
    """The photos that taking an action back would put into the trash."""
    return [
        record
        for record, steps in _plan(library, action)
        if record.kind is RecordKind.ASSET and any(step is not Step.LEAVE and _trashes(noted) for noted, step in steps)
    ]


def undo(library: Library, action: JournaledAction) -> Undone:
    """Take back ``action``, one of ``library.journal.actions()``, in one transaction."""
    with library.database.write():
        if action not in library.journal.actions():
            raise UsageError("This was taken back already. Nothing was changed.", hint="`calotype undo --list` shows what can be undone.")
        plan = _plan(library, action)
        edits = [_edit(library, record, steps) for record, steps in plan if any(step is not Step.LEAVE for _, step in steps)]
        label = f"undo of {action.label}" if not action.is_undo else action.label.removeprefix("undo of ")
        library.journal.forget(action)
        library.change(edits, action=Action(label, undoes=action.id, is_undo=not action.is_undo))
        restored = {record: [noted for noted, step in steps if step is Step.RESTORE] for record, steps in plan}
        library.journal.stands_again(action, restored)
    return _counted(library, action, plan)


_Steps = Sequence[tuple[Noted, Step]]


def _plan(library: Library, action: JournaledAction) -> list[tuple[RecordId, _Steps]]:
    return [(record, _steps(library.records.content(record), noted)) for record, noted in library.journal.of(action).items()]


def _steps(content: Content | None, noted: Sequence[Noted]) -> _Steps:
    if content is None:  # purged
        return [(each, Step.LEAVE) for each in noted]
    return [(each, step_back(each, writers_at(each.stem, content.live))) for each in noted]


def _edit(library: Library, record: RecordId, steps: _Steps) -> Edit:
    members = writers_of_memberships(library, record) if record.kind is RecordKind.ALBUM else frozenset()

    def change(draft: Draft, stamp: Stamp) -> None:
        for noted, step in steps:
            if step is Step.RESTORE:
                take_back(draft, stamp, noted, members=members)
            elif step is Step.RETRACT and noted.writer is not None:
                draft.retract(noted.stem, noted.writer)

    return Edit(record, change)


def _trashes(noted: Noted) -> bool:
    former = noted.former
    return former.created or (noted.stem == TRASHED_STEM and bool(former.values) and former.values[0] is not None)


def _counted(library: Library, action: JournaledAction, plan: Sequence[tuple[RecordId, _Steps]]) -> Undone:
    """What is shown as one photo counts as one."""
    queries = Queries(library.database)
    left: set[RecordId] = set()
    taken_back: set[RecordId] = set()
    for record, steps in plan:
        shown = queries.shown_for(record)
        for _, step in steps:
            (left if step is Step.LEAVE else taken_back).add(shown)
    steps = [each for _, several in plan for each in several]
    skipped = sum(step is Step.LEAVE for _, step in steps)
    return Undone(
        action=action,
        undone=len(taken_back),
        skipped=len(left),
        fields_undone=len(steps) - skipped,
        fields_skipped=skipped,
        settled=sum(step is Step.RESTORE and noted.former.in_conflict for noted, step in steps),
    )
