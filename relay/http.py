"""The sync API as an ASGI application: routes over a ``NodeService``, each with its limits (PROTOCOL.md section 7).

A handler checks the session before it reads a body, reserves room for the bytes that it is going to hold, and leaves every
error to ``NodeApp``, which sends it by its name. What goes wrong inside the node is logged here and told nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter

import trio
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from relay.errors import InternalNodeError, NotFoundError, SyncError, TooManyError, UnavailableError, errors_translated
from relay.exchange import ClientGoneError, Exchange
from relay.http_library import LibraryRoutes
from relay.http_limits import ByteBudget, HttpLimits, RateLimiter
from relay.messages import BoxId, Mail, Registration, SessionRequest
from relay.messages.limits import MAX_MAIL_BYTES, MAX_MAIL_NUMBER, MAX_MAIL_WAIT_SECONDS, MAX_REGISTRATION_BODY, NONCE_BYTES, SMALL_BODY
from relay.service import NodeService
from store.ids import SHORT_HEX_DIGITS

access_log = logging.getLogger("relay.access")
_log = logging.getLogger("relay.http")

Handler = Callable[[Exchange], Awaitable[None]]
_EXCHANGE = "calotype.exchange"


class NodeApp:
    """An ASGI application that serves a node. One for each process."""

    def __init__(self, service: NodeService, limits: HttpLimits | None = None) -> None:
        self._service = service
        self._limits = limits or HttpLimits()
        self._in_flight = 0
        self._stranger_bytes = ByteBudget(self._limits.stranger_bytes)
        self._registrations = RateLimiter(self._limits.registrations)
        self._sessions = RateLimiter(self._limits.sessions)
        self._mail = RateLimiter(self._limits.mail)
        library = LibraryRoutes(service, self._limits)
        self.calls: set[tuple[str, str]] = set()
        """Method and path of everything that it answers."""
        self._router = Router(
            [
                self._route("/v1/hello", {"GET": self._hello}),
                self._route("/v1/libraries", {"POST": self._register}),
                self._route("/v1/session", {"POST": self._open_session, "DELETE": self._close_session}),
                self._route("/v1/mailbox/{box}", {"POST": self._post_message, "GET": self._messages}, is_long_lived=True),
                self._route("/v1/l/{library}/heads", {"GET": library.heads}),
                self._route("/v1/l/{library}/pull", {"POST": library.pull}),
                self._route("/v1/l/{library}/push", {"POST": library.push}),
                self._route("/v1/l/{library}/seen", {"POST": library.seen}),
                self._route("/v1/l/{library}/news", {"GET": library.news}, is_long_lived=True),
                self._route("/v1/l/{library}/trace", {"POST": library.trace}),
                self._route("/v1/l/{library}/blobs/stat", {"POST": library.stat}),
                self._route("/v1/l/{library}/blobs/hold", {"POST": library.hold}),
                self._route("/v1/l/{library}/blobs/many", {"POST": library.many}),
                self._route("/v1/l/{library}/blobs/{blob}", {"GET": library.get_blob, "HEAD": library.has_blob, "PUT": library.put_blob}),
            ],
            redirect_slashes=False,
            default=_no_such_call,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
            return
        start = perf_counter()
        exchange = scope[_EXCHANGE] = Exchange(scope, receive, send, self._limits)
        try:
            error = await self._handle(exchange, scope, receive, send)
            if error is not None:
                await exchange.answer_error(error)
        except ClientGoneError:
            return
        finally:
            _log_access(exchange, perf_counter() - start)

    async def _handle(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> SyncError | None:
        """Answers, or tells what to answer instead."""
        try:
            with errors_translated():
                if self._service.is_stopping:
                    raise UnavailableError("the node is stopping; try again", retry_after=1)
                await self._router(scope, receive, send)
        except ClientGoneError:
            raise
        except SyncError as error:
            if isinstance(error, InternalNodeError):
                _log.error("%s %s failed: %s", exchange.method, exchange.route, error, exc_info=error.__cause__)
            return error
        except Exception:  # noqa: BLE001 - the boundary: one call's fault is not the next one's
            _log.exception("%s %s failed", exchange.method, exchange.route)
            return InternalNodeError("a fault in the node; nothing was acknowledged")
        return None

    def _route(self, path: str, handlers: Mapping[str, Handler], *, is_long_lived: bool = False) -> Route:
        self.calls |= {(method, path) for method in handlers}
        return Route(path, _Calls(path, handlers, nullcontext if is_long_lived else self._slot))

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """One of the places for calls that are under way at once."""
        if self._in_flight >= self._limits.requests:
            raise UnavailableError("the node is busy; try again", retry_after=1)
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    # Calls that need no session

    async def _hello(self, exchange: Exchange) -> None:
        nonce = exchange.query("nonce", "port").get("nonce")
        hello = await self._service.hello(None if nonce is None else exchange.octets(nonce, NONCE_BYTES))
        await exchange.answer(hello.encode())

    async def _register(self, exchange: Exchange) -> None:
        _limit_rate(self._registrations, exchange)
        async with self._stranger_bytes.reserved(exchange.announced_length(MAX_REGISTRATION_BODY)):
            registration = Registration.decode(await exchange.body(MAX_REGISTRATION_BODY))
            await exchange.answer((await self._service.register(registration)).encode())

    async def _open_session(self, exchange: Exchange) -> None:
        _limit_rate(self._sessions, exchange)
        async with self._stranger_bytes.reserved(exchange.announced_length(SMALL_BODY)):
            request = SessionRequest.decode(await exchange.body(SMALL_BODY))
        await exchange.answer((await self._service.open_session(request)).encode())

    async def _close_session(self, exchange: Exchange) -> None:
        await self._service.close_session(exchange.session_token())
        await exchange.answer(status=204)

    async def _post_message(self, exchange: Exchange) -> None:
        _limit_rate(self._mail, exchange)
        box = exchange.id(BoxId, "box")
        async with self._stranger_bytes.reserved(exchange.announced_length(MAX_MAIL_BYTES)):
            await self._service.post_message(box, await exchange.body(MAX_MAIL_BYTES))
        await exchange.answer(status=204)

    async def _messages(self, exchange: Exchange) -> None:
        _limit_rate(self._mail, exchange)
        box = exchange.id(BoxId, "box")
        query = exchange.query("after", "wait")
        after = exchange.number(query.get("after", "0"), at_most=MAX_MAIL_NUMBER)
        wait = exchange.number(query.get("wait", "0"), at_most=MAX_MAIL_WAIT_SECONDS)
        await exchange.answer(Mail(messages=tuple(await self._service.messages(box, after=after, wait=wait))).encode())


class _Calls:
    """The calls of one path, by method."""

    def __init__(self, path: str, handlers: Mapping[str, Handler], slot: Callable[[], AbstractContextManager[None]]) -> None:
        self._path = path
        self._handlers = handlers
        self._slot = slot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[_EXCHANGE]
        exchange.route = self._path
        exchange.path = scope["path_params"]
        handler = self._handlers.get(exchange.method)
        if handler is None:
            raise NotFoundError("there is no such call")
        with self._slot():
            await handler(exchange)


async def _no_such_call(scope: Scope, receive: Receive, send: Send) -> None:
    raise NotFoundError("there is no such call")


def _limit_rate(limiter: RateLimiter, exchange: Exchange) -> None:
    wait = limiter.take(exchange.address, now=trio.current_time())
    if wait:
        raise TooManyError("too many calls from this address", retry_after=wait)


def _log_access(exchange: Exchange, seconds: float) -> None:
    """One line of facts. Of the path only the route and the library's first digits; nothing of headers, query and bodies."""
    facts = {
        "client": exchange.address,
        "method": exchange.method,
        "route": exchange.route,
        "library": exchange.path.get("library", "")[:SHORT_HEX_DIGITS],
        "status": exchange.status,
        "received": exchange.received,
        "sent": exchange.sent,
        "ms": round(seconds * 1000, 1),
    }
    access_log.info("request", extra={"facts": facts})
