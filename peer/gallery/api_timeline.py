"""Calls about what is shown: the session, months, photos."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from starlette.responses import Response

from peer.errors import UsageError
from peer.gallery.calls import Call, album_of, answer, asset_of
from peer.gallery.live import state
from peer.gallery.timeline import View, months, photos_of_month, place_of
from peer.library.library import Library
from peer.library.queries import Queries


async def session(call: Call) -> Response:
    return answer(await call.read(_session))


async def timeline(call: Call) -> Response:
    return answer(await call.read(lambda library: months(library, _view(library, call), since=call.query["since"])))


async def month(call: Call) -> Response:
    def read(library: Library) -> dict[str, Any]:
        start, count = call.query["from"], call.query["count"]
        return photos_of_month(library, _view(library, call), call.path["month"], start=start, count=count)

    return answer(await call.read(read))


async def place(call: Call) -> Response:
    found = await call.read(lambda library: place_of(library, asset_of(library, call.path["id"])))
    if found is None:
        raise UsageError("This photo isn't in the timeline: it is hidden or in the trash.")
    return answer(found)


def _view(library: Library, call: Call) -> View:
    query = call.query
    if query["kind"] not in (None, "photo", "video"):
        raise UsageError("'kind' is photo or video.")
    return View(
        favorite=query["favorite"],
        hidden=query["hidden"],
        trash=query["trash"],
        kind=query["kind"],
        album=None if query["album"] is None else album_of(library, query["album"]),
        query=query["query"],
    )


def _session(library: Library) -> dict[str, Any]:
    name = Queries(library.database).device_names().get(bytes(library.device), ("",))[0]
    return {
        "device": library.device.hex(),
        "device_name": name or library.device.short(),
        "library": library.id.hex(),
        "version": version("calotype"),
        "revision": state(library)[0],
    }
