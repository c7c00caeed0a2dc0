"""A call of the local API: what it is, what its handler gets, and how answers and errors look."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

import trio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from peer.engine.engine import Engine
from peer.engine.invitations import InvitationKeeper
from peer.errors import CalotypeError, ExitCode, UsageError
from peer.gallery.drops import Drops
from peer.gallery.fields import Field, parse_fields
from peer.gallery.guard import PAGE_HEADERS
from peer.gallery.waiting import Downloads
from peer.library.library import Library
from peer.library.queries import Queries
from peer.rendering.renderers import Renderer
from peer.seams import RunBlocking
from store.errors import NoSpaceError, StoreError
from store.ids import RecordId, RecordKind

T = TypeVar("T")

MAX_JSON_BYTES = 8 << 20
"""Of a body: the ids of a hundred thousand photos."""

BODY_SECONDS = 60
_STATUS = {
    ExitCode.DONE: 200,
    ExitCode.PARTLY: 409,
    ExitCode.USAGE: 400,
    ExitCode.INTEGRITY: 409,
    ExitCode.UNREACHABLE: 503,
    ExitCode.NOT_ALLOWED: 403,
}
_NO_STORE = {"cache-control": "no-store"}
_log = logging.getLogger("peer.gallery")


@dataclass(frozen=True, kw_only=True)
class GalleryParts:
    """What handlers work with. ``renderer``: where pictures are made, while the gallery serves."""

    library: Library
    engine: Engine
    invitations: InvitationKeeper
    run_blocking: RunBlocking
    drops: Drops
    waiting: Downloads
    renderer: Renderer | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call under way. ``body``: the values of the declared fields, of a call with a JSON body; ``query`` likewise; ``path``: of the placeholders."""

    parts: GalleryParts
    request: Request
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def library(self) -> Library:
        return self.parts.library

    async def read(self, work: Callable[[Library], T]) -> T:
        """What ``work`` makes of the library, in a thread."""
        return await self.parts.run_blocking(lambda: work(self.parts.library))

    async def change(self, work: Callable[[Library], T]) -> T:
        """The same for what writes: the engine, and by it all pages, are told, also when the browser went away meanwhile."""
        try:
            return await self.parts.run_blocking(lambda: work(self.parts.library))
        finally:
            with trio.CancelScope(shield=True):
                await self.parts.engine.library_changed()


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A call as it is routed and described. ``raw``: its body is bytes, read by the handler; ``answers``: what it gives, in words."""

    method: str
    path: str
    handler: Handler
    summary: str
    answers: str
    query: Sequence[Field] = ()
    body: Sequence[Field] | None = None
    raw: bool = False
    media_type: str = "application/json"


def answer(content: Any, *, status: int = 200) -> Response:
    """A JSON document that no cache keeps."""
    return JSONResponse(content, status_code=status, headers={**PAGE_HEADERS, **_NO_STORE})


def failure(status: int, message: str, hint: str = "", code: str = "") -> Response:
    """An error as every call answers it."""
    return answer({"error": code or status, "message": message, "hint": hint}, status=status)


def asset_of(library: Library, text: str) -> RecordId:
    """The photo with this id, as it is shown. ``UsageError`` when there is none."""
    return Queries(library.database).find(text)


def assets_of(library: Library, texts: Sequence[str]) -> list[RecordId]:
    """The photos with these ids, each once. ``UsageError`` when one isn't there: then nothing is done to any."""
    queries = Queries(library.database)
    return list(dict.fromkeys(queries.find(text) for text in texts))


def album_of(library: Library, text: str) -> RecordId:
    """The album with this id."""
    return Queries(library.database).find(text, RecordKind.ALBUM)


async def handled(operation: Operation, parts: GalleryParts, request: Request) -> Response:
    """The answer of one call, whatever comes; what goes wrong inside is logged here and told nobody."""
    try:
        query = parse_fields(operation.query, dict(request.query_params))
        body = {} if operation.body is None else parse_fields(operation.body, await _json(request))
        call = Call(parts=parts, request=request, path=request.path_params, query=query, body=body)
        return await operation.handler(call)
    except CalotypeError as error:
        return failure(_STATUS[error.exit_code], error.message, error.hint)
    except NoSpaceError:
        return failure(507, "There is no room left on this device's disk. Nothing that was there is lost.", "Make room and try again.")
    except StoreError as error:
        return failure(409, f"{error}. Nothing was changed.")
    except ClientDisconnect:
        return Response(status_code=499)
    except Exception:  # noqa: BLE001 - the boundary: one call's fault is not the next one's
        _log.exception("%s %s failed", operation.method, operation.path)
        return failure(500, "Something went wrong in the program; nothing was acknowledged.", "The terminal of `calotype run` says more.")


async def _json(request: Request) -> Mapping[str, object]:
    content = bytearray()
    try:
        with trio.fail_after(BODY_SECONDS):
            async with aclosing(request.stream()) as chunks:
                async for chunk in chunks:
                    content += chunk
                    if len(content) > MAX_JSON_BYTES:
                        raise UsageError("The request is too long. Nothing was changed.", hint="Send it in parts.")
    except trio.TooSlowError as error:
        raise UsageError("The request came too slowly. Nothing was changed.") from error
    try:
        given = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise UsageError("The request isn't JSON. Nothing was changed.") from error
    if not isinstance(given, dict):
        raise UsageError("The request isn't a JSON object. Nothing was changed.")
    return given
