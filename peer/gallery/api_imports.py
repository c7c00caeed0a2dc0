"""Calls by which dropped files are imported: begin, send each file, finish."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import trio
from starlette.responses import Response, StreamingResponse

from peer.errors import CalotypeError, UsageError
from peer.gallery.calls import Call, answer
from peer.gallery.drops import Drop, place_for
from peer.gallery.guard import PAGE_HEADERS
from peer.groups import first_of
from peer.importing.pipeline import Importer, Watcher
from store.durable import full_disk_translated

PROGRESS_SECONDS = 0.2


async def begin(call: Call) -> Response:
    drop = await call.read(lambda _: call.parts.drops.begin())
    return answer({"import": drop.id}, status=201)


async def put_file(call: Call) -> Response:
    """One file, as it comes. A file that didn't come whole isn't kept."""
    drop = call.parts.drops.get(call.path["import"])
    place = await call.read(lambda _: _made_place(drop, call.query["path"]))
    try:
        with full_disk_translated():
            async with await trio.open_file(place, "xb") as stream, aclosing(call.request.stream()) as chunks:
                async for chunk in chunks:
                    await stream.write(chunk)
    except FileExistsError as error:
        raise UsageError("This file was sent already.") from error
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    drop.files += 1
    return answer({})


async def give_up(call: Call) -> Response:
    drop = call.parts.drops.get(call.path["import"])
    await call.read(lambda _: call.parts.drops.end(drop))
    return answer({})


async def finish(call: Call) -> Response:
    """A JSON document a line: how far it is, at last what became of it."""
    drop = call.parts.drops.get(call.path["import"])
    lines = _imported(call, drop, bring_back=call.body["bring_back"])
    return StreamingResponse(lines, media_type="application/x-ndjson", headers={**PAGE_HEADERS, "cache-control": "no-store"})


async def _imported(call: Call, drop: Drop, *, bring_back: bool) -> AsyncIterator[str]:
    """Goes on to its end also when the page goes away: what was sent is imported."""
    progress = {"files": drop.files, "done": 0}

    def done(count: int) -> None:
        progress["done"] += count

    importer = Importer(call.library, call.parts.run_blocking, Watcher(done=done), bring_back=bring_back, move=True)
    over, failure = trio.Event(), []

    async def work() -> None:
        try:
            with trio.CancelScope(shield=True):
                await importer.run([drop.scratch.path])
        except* CalotypeError as group:
            failure.append(first_of(group))
        finally:
            with trio.CancelScope(shield=True):
                await call.read(lambda _: call.parts.drops.end(drop))
                await call.parts.engine.library_changed()
            over.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        while not over.is_set():
            yield json.dumps(progress) + "\n"
            with trio.move_on_after(PROGRESS_SECONDS):
                await over.wait()
    document: dict[str, Any] = _without_folder(importer.outcome.to_json(), drop.scratch.path)
    if failure:
        document |= {"error": failure[0].exit_code.value, "message": failure[0].message, "hint": failure[0].hint}
    yield json.dumps(document) + "\n"


def _made_place(drop: Drop, path: str) -> Path:
    place = place_for(drop, path)
    with full_disk_translated():
        place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _without_folder(outcome: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths as they were dropped."""
    prefix = f"{folder}/"
    for name in ("skipped", "without_picture", "notes"):
        outcome[name] = [{**each, "path": each["path"].removeprefix(prefix)} for each in outcome[name]]
    return outcome
