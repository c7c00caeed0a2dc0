"""What happens, told to pages as it happens: server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import trio
from starlette.responses import Response, StreamingResponse

from peer.gallery.calls import Call, GalleryParts
from peer.gallery.guard import PAGE_HEADERS
from peer.library.library import Library

QUIET_SECONDS = 15.0
"""After so long a line is sent that says nothing, so that both sides notice when the other is gone."""

PROGRESS_SECONDS = 1.0
"""Not more often is it told how far things are."""


async def events(call: Call) -> Response:
    """``changed`` with the listing's revision after each change of the library, and once at the beginning; ``progress`` with queues and nodes."""
    headers = {**PAGE_HEADERS, "cache-control": "no-store"}
    return StreamingResponse(events_of(call.parts), media_type="text/event-stream", headers=headers)


async def events_of(parts: GalleryParts) -> AsyncGenerator[str]:
    """The events, each as it is sent, without end."""
    known: object = None
    told: dict[str, Any] = {}
    progress = parts.engine.progress
    while True:
        changed, progressed = progress.library_changed.next_event(), progress.changed.next_event()
        revision = await parts.run_blocking(lambda: state(parts.library))
        if revision != known:
            known = revision
            yield _event("changed", {"revision": revision[0]})
        document = {"queues": await parts.run_blocking(lambda: _queues(parts.library)), "nodes": parts.engine.node_documents()}
        document["counts"] = counts(parts)
        if document != told:
            told = document
            yield _event("progress", document)
        if not await _either(changed, progressed):
            yield ": still here\n\n"


def state(library: Library) -> tuple[int, int]:
    """Differs when listings changed, or anything else that was written into the log: an album, a device, a setting."""
    with library.database.read() as connection:
        return int(connection.execute("SELECT revision FROM listing").fetchone()[0]), library.log.arrival()


def counts(parts: GalleryParts) -> dict[str, int]:
    """Bytes and blobs since the peer started: two of them make a speed."""
    counted = parts.engine.progress.counts
    return {"bytes_up": counted.bytes_up, "bytes_down": counted.bytes_down, "blobs_up": counted.blobs_up, "blobs_down": counted.blobs_down}


def _queues(library: Library) -> dict[str, int]:
    with library.database.read():
        (uploads, up), (downloads, down) = library.uploads.count(), library.downloads.count()
    return {"uploads": uploads, "upload_bytes": up, "downloads": downloads, "download_bytes": down}


async def _either(changed: trio.Event, progressed: trio.Event) -> bool:
    """Wait for a change, or for progress and then for as long as that is told no more often; whether anything happened in time."""
    with trio.move_on_after(QUIET_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_then_cancel, changed, nursery.cancel_scope, 0.0)
            nursery.start_soon(_then_cancel, progressed, nursery.cancel_scope, PROGRESS_SECONDS)
    return changed.is_set() or progressed.is_set()


async def _then_cancel(event: trio.Event, scope: trio.CancelScope, seconds: float) -> None:
    await event.wait()
    await trio.sleep(seconds)
    scope.cancel()


def _event(name: str, document: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(document)}\n\n"
