"""The gallery as an ASGI application: the guard, the login, the page's files and the routes of all operations."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial

import trio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from peer.gallery.calls import GalleryParts, Operation, failure, handled
from peer.gallery.guard import JSON, PAGE_HEADERS, Asked, refusal
from peer.gallery.page_files import PageFiles
from peer.gallery.sessions import SESSION_MS, Sessions

COOKIE = "calotype_session"
MOST_CALLS = 256
"""Under way at once, live connections among them."""

MOST_UNREAD = 1 << 20
UNREAD_SECONDS = 5.0

_LOGIN_FAILED = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Calotype</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<h1>This link was used, or is too old</h1><p>Run <code>calotype open</code> on this machine: it opens the gallery with a new one.</p></html>"""


class GalleryApp:
    """One for a gallery. ``hosts``: the values of Host that are its own; ``scheme``: http, or https behind TLS."""

    def __init__(
        self,
        parts: GalleryParts,
        operations: Iterable[Operation],
        sessions: Sessions,
        page: PageFiles,
        *,
        hosts: frozenset[str],
        scheme: str,
    ) -> None:
        self._parts = parts
        self._sessions = sessions
        self._page = page
        self._hosts = hosts
        self._scheme = scheme
        self._under_way = 0
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        literal_first = sorted(by_path.items(), key=lambda item: "{" in item[0])
        routes = [Route(path, _Endpoint(self, methods)) for path, methods in literal_first]
        self._router = Router([Route("/login", self._log_in), *routes], redirect_slashes=False, default=self._file)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        conversation = _Conversation(receive, send)
        with suppress(trio.BrokenResourceError):  # the browser went away
            await self._answer(scope, conversation.receive, conversation.send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = refusal(_asked(Request(scope)), self._hosts, scheme=self._scheme)
        if refused is not None:
            await failure(refused.status, refused.message)(scope, receive, send)
        elif self._under_way >= MOST_CALLS:
            await failure(503, "The gallery is busy. Nothing was changed.", "Try again in a moment.")(scope, receive, send)
        else:
            self._under_way += 1
            try:
                await self._router(scope, receive, send)
            finally:
                self._under_way -= 1

    async def answer(self, request: Request, methods: dict[str, Operation]) -> Response:
        """Of an operation, if somebody who is logged in asks for it."""
        if not self._sessions.is_open(request.cookies.get(COOKIE)):
            return failure(401, "You aren't logged in.", "Run `calotype open` on the machine of this gallery.", code="login")
        operation = methods.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            response = failure(405, f"This takes {' and '.join(sorted(methods))}.")
            response.headers["allow"] = ", ".join(sorted(methods))
            return response
        if operation.body is not None and request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            return failure(415, f"This takes {JSON}. Nothing was changed.")
        return await handled(operation, self._parts, request)

    async def _log_in(self, request: Request) -> Response:
        if request.method != "GET":
            return failure(405, "This takes GET.")
        token = self._sessions.log_in(request.query_params.get("key", ""))
        if token is None:
            return Response(_LOGIN_FAILED, status_code=403, media_type="text/html", headers={**PAGE_HEADERS, "cache-control": "no-store"})
        response = RedirectResponse("/", status_code=303, headers={**PAGE_HEADERS, "cache-control": "no-store"})
        secure = self._scheme == "https"
        response.set_cookie(COOKIE, token, max_age=SESSION_MS // 1000, path="/", secure=secure, httponly=True, samesite="strict")
        return response

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._page.response(Request(scope, receive))(scope, receive, send)


class _Conversation:
    """What a request brings and gets. The server hands over one message at a time and ends an answer only when all were taken, so what nobody reads has to be
    read out before the end: else the connection stands still, and the browser's next request on it with it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_read = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._is_read = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            await self._read_out()
        await self._send(message)

    async def _read_out(self) -> None:
        """To its end, but not for ever: who sends so much that nobody wants loses the connection."""
        left = MOST_UNREAD
        with trio.move_on_after(UNREAD_SECONDS):
            while not self._is_read and left > 0:
                left -= len((await self.receive()).get("body", b""))


class _Endpoint:
    """The operations of one path."""

    def __init__(self, app: GalleryApp, methods: dict[str, Operation]) -> None:
        self._answer = partial(app.answer, methods=methods)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)


def _asked(request: Request) -> Asked:
    headers = request.headers
    return Asked(
        method=request.method,
        host=headers.get("host"),
        origin=headers.get("origin"),
        fetch_site=headers.get("sec-fetch-site"),
        media_type=headers.get("content-type"),
    )
