"""Calls about photos: what is known of one, and what people do to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response

from peer.errors import NotAllowedError, UsageError
from peer.gallery.calls import Call, answer, asset_of, assets_of
from peer.gallery.timeline import rows_of
from peer.library.actions import Action
from peer.library.assignments import parse_assignments
from peer.library.details import asset_details, asset_summary
from peer.library.editing import edit_photo, parse_edits, revert_photo
from peer.library.library import Library
from peer.library.purging import purge_now
from peer.library.queries import Queries
from peer.library.setting import set_fields
from peer.library.taking_away import take_away
from peer.library.trashing import Moved, is_large_part, restore_assets, trash_assets
from peer.library.wanting import want_originals
from peer.library.whereabouts import explain
from store.ids import RecordId


async def details(call: Call) -> Response:
    def read(library: Library) -> dict[str, Any]:
        record = asset_of(library, call.path["id"])
        known, where = asset_details(library, record), explain(library, record)
        titles = {album.record.body.hex(): album.title for album in Queries(library.database).albums()}
        (row,) = rows_of(library, [record])
        return known | {
            "albums": [{"id": album, "title": titles[album]} for album in known["albums"] if album in titles],
            "files": where["files"],
            "preview": where["preview"],
            "no_picture": where["picture"],
            "row": row,
        }

    return answer(await call.read(read))


async def set_values(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        assignments = parse_assignments(call.body["assignments"])
        records = _some(library, call.body["ids"])
        set_fields(library, records, assignments)
        return {"assets": rows_of(library, records)}

    return answer(await call.change(change))


async def trash(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        records = _some(library, call.body["ids"])
        if is_large_part(library, records) and not call.body["sure"]:
            raise NotAllowedError(
                f"{len(records)} photos are more than a tenth of this library. Nothing was changed.",
                hint="Say `sure` to do it all the same.",
            )
        return _moved(trash_assets(library, records))

    return answer(await call.change(change))


async def restore(call: Call) -> Response:
    return answer(await call.change(lambda library: _moved(restore_assets(library, _some(library, call.body["ids"])))))


async def purge(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        if not call.body["sure"]:
            raise NotAllowedError("This deletes photos for good, on every device. Nothing was deleted.", hint="Say `sure` to do it.")
        done = purge_now(library, _some(library, call.body["ids"]))
        take_away(library)
        return {"purged": len(done.purged), "kept": [stay.record.body.hex() for stay in done.kept]}

    return answer(await call.change(change))


async def edit(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        changes = parse_edits(call.body["parameters"])
        record = asset_of(library, call.path["id"])
        if asset_summary(library, record)["kind"] == "video":
            raise UsageError("Only photos can be edited, and this is a video. Nothing was changed.")
        return _changed(library, record, lambda: library.change([edit_photo(record, changes)]))

    return answer(await call.change(change))


async def revert(call: Call) -> Response:
    def change(library: Library) -> dict[str, Any]:
        record = asset_of(library, call.path["id"])
        return _changed(library, record, lambda: library.change([revert_photo(record)], action=Action("revert")))

    return answer(await call.change(change))


async def fetch(call: Call) -> Response:
    await call.change(lambda library: want_originals(library, asset_of(library, call.path["id"])))
    return answer({}, status=202)


def _some(library: Library, texts: Sequence[str]) -> list[RecordId]:
    if not texts:
        raise UsageError("No photo was named. Nothing was changed.")
    return assets_of(library, texts)


def _changed(library: Library, record: RecordId, work: Callable[[], object]) -> dict[str, Any]:
    work()
    return {"assets": rows_of(library, [record])}


def _moved(moved: Moved) -> dict[str, Any]:
    return {"changed": moved.changed, "unchanged": moved.unchanged}
