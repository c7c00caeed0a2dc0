"""Calls about albums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from peer.errors import UsageError
from peer.gallery.calls import Call, album_of, answer, asset_of, assets_of
from peer.gallery.timeline import PICTURE
from peer.library.albums import (
    After,
    Before,
    Target,
    ToIndex,
    add_to_album,
    create_album,
    delete_album,
    move_in_album,
    remove_from_album,
    rename_album,
    restore_album,
    set_cover,
)
from peer.library.library import Library
from peer.library.queries import AlbumRow, Queries
from store.ids import RecordId

_MEMBERS = "asset_album CROSS JOIN asset USING (record) WHERE album = ?1 AND trashed IS NULL"
_FACE = f"SELECT record, {PICTURE} FROM {_MEMBERS} ORDER BY record = ?2 DESC, place, record LIMIT 1"  # noqa: S608 - all of it is ours


async def albums(call: Call) -> Response:
    def read(library: Library) -> dict[str, Any]:
        rows = Queries(library.database).albums(trash=call.query["trash"])
        return {"albums": [_document(library, row) for row in rows]}

    return answer(await call.read(read))


async def album(call: Call) -> Response:
    return answer(await call.read(lambda library: _row(library, album_of(library, call.path["id"]))))


async def create(call: Call) -> Response:
    return answer(await call.change(lambda library: _row(library, create_album(library, call.body["title"]))), status=201)


async def rename(call: Call) -> Response:
    return await _changed(call, lambda library, record: rename_album(library, record, call.body["title"]))


async def delete(call: Call) -> Response:
    return await _changed(call, delete_album)


async def restore(call: Call) -> Response:
    return await _changed(call, restore_album)


async def add(call: Call) -> Response:
    return await _changed(call, lambda library, record: add_to_album(library, record, assets_of(library, call.body["ids"])))


async def remove(call: Call) -> Response:
    return await _changed(call, lambda library, record: remove_from_album(library, record, assets_of(library, call.body["ids"])))


async def move(call: Call) -> Response:
    def change(library: Library, record: RecordId) -> None:
        move_in_album(library, record, assets_of(library, call.body["ids"]), _target(library, call))

    return await _changed(call, change)


async def cover(call: Call) -> Response:
    def change(library: Library, record: RecordId) -> None:
        chosen = call.body["id"]
        set_cover(library, record, None if chosen is None else asset_of(library, chosen))

    return await _changed(call, change)


async def _changed(call: Call, work: Callable[[Library, RecordId], object]) -> Response:
    def change(library: Library) -> dict[str, Any]:
        record = album_of(library, call.path["id"])
        work(library, record)
        return _row(library, record)

    return answer(await call.change(change))


def _target(library: Library, call: Call) -> Target:
    targets: list[Target] = []
    if call.body["to"] is not None:
        targets.append(ToIndex(call.body["to"]))
    if call.body["before"] is not None:
        targets.append(Before(asset_of(library, call.body["before"])))
    if call.body["after"] is not None:
        targets.append(After(asset_of(library, call.body["after"])))
    if len(targets) != 1:
        raise UsageError("Say where to: one of `to`, `before` and `after`. Nothing was changed.")
    return targets[0]


def _row(library: Library, record: RecordId) -> dict[str, Any]:
    row = Queries(library.database).album(record)
    if row is None:
        raise UsageError("The album is gone: it was deleted for good.")
    return _document(library, row)


def _document(library: Library, row: AlbumRow) -> dict[str, Any]:
    """With ``picture`` of the photo that stands for it: the chosen one, else the first."""
    with library.database.read() as connection:
        shown = connection.execute(_FACE, (row.record, row.cover)).fetchone()
    face = None if shown is None else {"id": RecordId(shown[0]).body.hex(), "picture": shown[1] or None}
    return row.to_json() | {"face": face}
