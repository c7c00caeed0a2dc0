"""One HTTP request and its answer, over ASGI: bodies within limits of size and time, answers, streams, and what the log says.

A body that nobody read is thrown away, up to a bound, before an error is sent: most clients write their whole body before
they look at the answer, and a connection that closes on them would swallow it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import TypeVar
from urllib.parse import parse_qsl

import trio
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from relay.errors import MalformedRequestError, SyncError, TooLargeError, TooSlowError
from relay.http_limits import HttpLimits
from relay.media_types import CBOR, CBOR_SEQUENCE
from relay.messages import ErrorBody
from store.ids import Id

MAX_THROWN_AWAY = 8 * 1024 * 1024
_BEARER = "Bearer "

AnyId = TypeVar("AnyId", bound=Id)


class ClientGoneError(Exception):
    """The client left before it was answered."""


class Exchange:
    """A request with what it may cost, and the one place where its answer is sent."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: HttpLimits) -> None:
        self.method: str = scope["method"]
        self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        self.path: dict[str, str] = {}
        self.route = "(none)"
        self.address = client_address(scope, self.headers)
        self.status = 0
        self.received = 0
        self.sent = 0
        self._query: bytes = scope["query_string"]
        self._receive = receive
        self._send = send
        self._limits = limits
        self._body_has_ended = False
        self._reading_since: float | None = None

    # The request

    def id(self, kind: type[AnyId], name: str) -> AnyId:
        """The id that a part of the path is: hexadecimal in its one canonical spelling."""
        return kind(self.octets(self.path[name], kind.SIZE))

    def query(self, *names: str) -> dict[str, str]:
        """The query, of which only ``names`` may occur, each once."""
        try:
            pairs = parse_qsl(self._query.decode("ascii"), keep_blank_values=True, strict_parsing=bool(self._query), max_num_fields=8)
        except ValueError as error:
            raise MalformedRequestError("the query can't be read") from error
        found = dict(pairs)
        if len(found) != len(pairs) or not found.keys() <= set(names):
            raise MalformedRequestError("the query has a part that this call doesn't know, or one twice")
        return found

    def octets(self, text: str, count: int) -> bytes:
        """Bytes out of a query, in hexadecimal."""
        try:
            value = bytes.fromhex(text)
        except ValueError as error:
            raise MalformedRequestError("hexadecimal digits were expected") from error
        if value.hex() != text or len(value) != count:
            raise MalformedRequestError(f"{2 * count} hexadecimal digits in small letters were expected")
        return value

    def number(self, text: str, *, at_most: int) -> int:
        """A whole number out of a query."""
        if not (text.isascii() and text.isdecimal()) or len(text) > 18 or int(text) > at_most:
            raise MalformedRequestError(f"a whole number from 0 to {at_most} was expected")
        return int(text)

    def session_token(self) -> str:
        """The token of the `Authorization` header; empty when there is none."""
        value = self.headers.get("authorization", "")
        return value[len(_BEARER) :] if value.startswith(_BEARER) else ""

    def announced_length(self, limit: int) -> int:
        """How long the body is, or may be when the client doesn't say; refused right away when that is above ``limit``."""
        if self.headers.get("content-encoding", "identity") != "identity":
            raise MalformedRequestError("bodies travel as they are, without content encoding")
        text = self.headers.get("content-length")
        if text is None:
            return limit
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise MalformedRequestError("a length that is no number")
        if int(text) > limit:
            raise TooLargeError(f"the body has {int(text)} bytes where at most {limit} are allowed")
        return int(text)

    async def body(self, limit: int) -> bytes:
        """The whole body, at most ``limit`` bytes."""
        self.announced_length(limit)
        chunks = [chunk async for chunk in self.chunks(limit)]
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def chunks(self, limit: int) -> AsyncGenerator[bytes]:
        """The body as it comes: counted while it comes, and not for longer than its size allows."""
        size = 0
        while not self._body_has_ended:
            chunk = await self._next_chunk()
            size += len(chunk)
            if size > limit:
                raise TooLargeError(f"the body has more than {limit} bytes")
            if chunk:
                yield chunk

    async def _next_chunk(self) -> bytes:
        if self._reading_since is None:
            self._reading_since = trio.current_time()
        allowed = self._limits.patience + self.received / self._limits.bytes_per_second
        with trio.move_on_at(self._reading_since + allowed) as scope:
            message = await self._receive()
        if scope.cancelled_caught:
            raise TooSlowError("the body came too slowly")
        if message["type"] != "http.request":
            raise ClientGoneError
        chunk: bytes = message.get("body", b"")
        self.received += len(chunk)
        self._body_has_ended = not message.get("more_body", False)
        return chunk

    async def _throw_body_away(self) -> None:
        """As far as it comes without long pauses. One that is announced to be longer isn't waited for."""
        announced = self.headers.get("content-length", "0")
        if not announced.isdecimal() or int(announced[:18]) > MAX_THROWN_AWAY:
            return
        start = self.received
        with suppress(TooSlowError):
            while not self._body_has_ended and self.received - start < MAX_THROWN_AWAY:
                with trio.move_on_after(self._limits.discard_patience) as scope:
                    await self._next_chunk()
                if scope.cancelled_caught:
                    return

    # The answer

    async def answer(self, content: bytes | None = None, *, status: int = 200, media_type: str = CBOR) -> None:
        """The whole answer at once. Content that is there has a type, also when it is empty."""
        await self._throw_body_away()
        await self._respond(Response(content, status, media_type=None if content is None else media_type))

    async def answer_error(self, error: SyncError) -> None:
        """The error's name, status and sentence. After the beginning of an answer nothing: then it ends without its end, and
        the client knows by that."""
        if self.status:
            return
        headers = {} if error.retry_after is None else {"retry-after": str(max(1, round(error.retry_after)))}
        body = ErrorBody(error=error.name, message=error.message).encode()
        await self._throw_body_away()
        await self._respond(Response(body, error.status, headers=headers, media_type=CBOR))

    async def _respond(self, response: Response) -> None:
        if self._body_has_ended:
            await self._send_whole(response)
            return
        # A body that is too long to be waited for must not hold up the end of the answer, which goes through the same queue.
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._discard_what_comes)
            await self._send_whole(response)
            nursery.cancel_scope.cancel()

    async def _send_whole(self, response: Response) -> None:
        await self.send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await self.send({"type": "http.response.body", "body": response.body})

    async def _discard_what_comes(self) -> None:
        while True:
            await self._receive()

    async def stream(self, chunks: AsyncIterator[bytes], *, is_live: bool = False) -> None:
        """The answer as it is made, until the client goes.

        It begins with the first chunk, so that an error before that is still an error answer. Unless it is live, one chunk is
        looked ahead: a short answer then goes out whole, with its length.
        """
        ready = [chunk for _ in range(1 if is_live else 2) if (chunk := await anext(chunks, b""))]
        if not is_live and len(ready) < 2:
            await self.answer(b"".join(ready), media_type=CBOR_SEQUENCE)
            return
        await self._throw_body_away()
        await self._send_while_client_stays(ready, chunks)
        # Outside of what the client's leaving cancels: the server reports the end of the call as one before it frees the connection.
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_while_client_stays(self, ready: list[bytes], chunks: AsyncIterator[bytes]) -> None:
        failure: Exception | None = None
        client_went = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_client, client_went, nursery.cancel_scope)
            try:
                await self._send_chunks(ready, chunks)
            except Exception as error:  # noqa: BLE001 - raised again outside, where it isn't wrapped in a group
                failure = error
            nursery.cancel_scope.cancel()
        if client_went.is_set():
            raise ClientGoneError
        if failure is not None:
            raise failure

    async def _send_chunks(self, ready: list[bytes], chunks: AsyncIterator[bytes]) -> None:
        headers = [(b"content-type", CBOR_SEQUENCE.encode())]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        for chunk in ready:
            await self.send({"type": "http.response.body", "body": chunk, "more_body": True})
        async for chunk in chunks:
            await self.send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _watch_client(self, client_went: trio.Event, sending: trio.CancelScope) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        client_went.set()
        sending.cancel()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.sent += len(message.get("body", b""))
        await self._send(message)


def client_address(scope: Scope, headers: dict[str, str]) -> str:
    """Who asks. A proxy on this machine says it for whom (the last address it added); from elsewhere that header proves nothing."""
    client = scope.get("client")
    address: str = client[0] if client else ""
    if address in ("127.0.0.1", "::1") and "x-forwarded-for" in headers:
        return headers["x-forwarded-for"].rsplit(",", 1)[-1].strip()[:64]
    return address
