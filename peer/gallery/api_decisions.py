"""Calls about what was done, here and elsewhere, what can be taken back, and what devices decided differently."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from peer.errors import NotAllowedError, UsageError
from peer.gallery.calls import Call, answer
from peer.library.arrivals import MOST_NAMED, arrivals
from peer.library.conflicts import Choice, OfDevice, TheMerge, TheValue, TheWinner, all_conflicts, conflicts_of
from peer.library.conflicts import resolve as settle
from peer.library.journal import JournaledAction
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.trashing import is_large_part
from peer.library.undoing import action_json, find_action, newest, would_trash
from peer.library.undoing import undo as take_back

MOST_CONFLICTS = 500
MOST_ARRIVALS = 50


async def actions(call: Call) -> Response:
    """With ``shown``: some of the photos that each is about."""

    def read(library: Library) -> dict[str, Any]:
        documents = [action_json(each) | {"shown": _some_photos(library, each)} for each in library.journal.actions()]
        return {"actions": documents}

    return answer(await call.read(read))


async def arrived(call: Call) -> Response:
    return answer(await call.read(lambda library: {"arrivals": [each.to_json() for each in arrivals(library, most=MOST_ARRIVALS)]}))


def _some_photos(library: Library, action: JournaledAction) -> list[str]:
    if not action.photos:
        return []
    queries = Queries(library.database)
    records = library.journal.some_photos(action, most=MOST_NAMED)
    return [record.body.hex() for record in dict.fromkeys(map(queries.shown_for, records))]


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
