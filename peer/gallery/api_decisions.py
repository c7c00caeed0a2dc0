"""Calls about what was done, here and elsewhere, what can be taken back, and what devices decided differently."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from starlette.responses import Response

from peer.errors import NotAllowedError, UsageError
from peer.gallery.calls import Call, answer
from peer.gallery.timeline import rows_of
from peer.library.arrivals import arrivals
from peer.library.conflicts import Choice, OfDevice, TheMerge, TheValue, TheWinner, all_conflicts, conflicts_of
from peer.library.conflicts import resolve as settle
from peer.library.journal import JournaledAction
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.trashing import is_large_part
from peer.library.undoing import action_json, find_action, newest, would_trash
from peer.library.undoing import undo as take_back
from store.ids import RecordId

MOST_CONFLICTS = 500
MOST_ARRIVALS = 50
MOST_FACES = 6


async def actions(call: Call) -> Response:
    """With ``shown``: some of the photos that each is about."""

    def read(library: Library) -> dict[str, Any]:
        newest_first = library.journal.actions()[: call.query["count"]]
        return {"actions": [action_json(each) | {"shown": _faces(library, _photos_of(library, each))} for each in newest_first]}

    return answer(await call.read(read))


async def arrived(call: Call) -> Response:
    def read(library: Library) -> dict[str, Any]:
        found = arrivals(library, most=MOST_ARRIVALS)
        return {"arrivals": [each.to_json() | {"shown": _faces(library, each.photos)} for each in found]}

    return answer(await call.read(read))


def _photos_of(library: Library, action: JournaledAction) -> Iterable[RecordId]:
    return map(Queries(library.database).shown_for, library.journal.some_photos(action, most=MOST_FACES) if action.photos else ())


def _faces(library: Library, photos: Iterable[RecordId]) -> list[dict[str, Any]]:
    """What to show of some photos; those that are gone are left out."""
    few = list(islice(dict.fromkeys(photos), MOST_FACES))
    return [{"id": row["id"], "picture": row["picture"]} for row in rows_of(library, few)]


async def undo(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        chosen = newest(library, again=call.body["again"]) if call.body["id"] is None else find_action(library, call.body["id"])
        queries = Queries(library.database)
        photos = list(dict.fromkeys(queries.shown_for(record) for record in would_trash(library, chosen)))
        if is_large_part(library, photos) and not call.body["sure"]:
            raise NotAllowedError(
                f"This puts {len(photos)} photos into the trash, more than a tenth of this library. Nothing was changed.",
                hint="Say `sure` to do it all the same.",
            )
        return take_back(library, chosen).to_json() | {"label": chosen.label}

    return answer(await call.change(change))


async def conflicts(call: Call) -> Response:
    def read(library: Library) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for conflict in all_conflicts(library):
            if len(found) == MOST_CONFLICTS:
                return {"conflicts": found, "more": True}
            found.append(conflict.to_json())
        return {"conflicts": found, "more": False}

    return answer(await call.read(read))


async def resolve(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        record = Queries(library.database).find_any(call.body["id"])
        settle(library, record, call.body["field"], _choice(call))
        return {"id": call.body["id"], "conflicts": [conflict.to_json() for conflict in conflicts_of(library, record)]}

    return answer(await call.change(change))


def _choice(call: Call) -> Choice:
    choices: list[Choice] = []
    if call.body["winner"]:
        choices.append(TheWinner())
    if call.body["device"] is not None:
        choices.append(OfDevice(call.body["device"]))
    if call.body["value"] is not None:
        choices.append(TheValue(call.body["value"]))
    if call.body["merge"]:
        choices.append(TheMerge())
    if len(choices) != 1:
        raise UsageError("Say how: one of `winner`, `device`, `value` and `merge`. Nothing was changed.")
    return choices[0]
