"""One HTTP call of the client at a time: deadlines, limits on what comes back, and errors by their names."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self, cast

import httpcore
import httpx
import trio

from relay.addresses import parse_node_url
from relay.errors import AddressError, ProtocolViolationError, SyncError, TimedOutError, TooManyError, UnavailableError, error_named
from relay.messages import ErrorBody
from relay.messages.limits import SMALL_BODY
from relay.transport import DirectWay, Traffic, Transport
from store.encoding import MalformedError

CLEAN_UP_SECONDS = 1
_KEEP_ALIVE_SECONDS = 60
"""Less than a node keeps an idle connection, so that no call is sent into one that is being closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that a step may take. A call with a body of n bytes has ``call + n / bytes_per_second``."""

    connect: float = 10
    between_bytes: float = 30
    call: float = 60
    silence: float = 40
    bytes_per_second: int = 16 * 1024


def connectable_url(text: str) -> str:
    """``parse_node_url``, and a request can be made of it: what a URL is the library that connects sees a little more narrowly. ``AddressError``."""
    url = parse_node_url(text)
    try:
        httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise AddressError("this is not an address that one can connect to; it should look like https://relay.example.org") from error
    return url


class HttpCalls:
    """Calls to one address. ``traffic`` counts the bytes that go over the wire."""

    def __init__(
        self,
        url: str,
        *,
        patience: Patience,
        connections: int,
        ssl_context: ssl.SSLContext | None,
        way: DirectWay | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self.patience = patience
        self.traffic = Traffic()
        self._url = url
        self._client = httpx.AsyncClient(
            transport=Transport(
                ssl_context=ssl_context or (httpx.create_ssl_context() if url.startswith("https:") and way is None else None),
                connections=connections,
                keep_alive_seconds=_KEEP_ALIVE_SECONDS,
                traffic=self.traffic,
                way=way,
                backend=backend,
            ),
            timeout=httpx.Timeout(patience.between_bytes, connect=patience.connect, pool=None),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,
        )
        self._client.headers.clear()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def call(
        self, method: str, path: str, *, token: str = "", content: bytes = b"", limit: int = SMALL_BODY, moving: int = 0
    ) -> Answer:
        """The whole answer, of at most ``limit`` bytes, of a call that succeeded. ``moving``: about how many bytes it moves."""
        with deadline(self.patience.call + moving / self.patience.bytes_per_second):
            async with self.open(method, path, token=token, content=content) as answer:
                await answer.read(limit)
                return answer

    @asynccontextmanager
    async def open(
        self, method: str, path: str, *, token: str = "", content: bytes = b"", silence: float | None = None
    ) -> AsyncGenerator[Answer]:
        """A call whose answer has begun, and is a success. ``silence``: seconds that may pass without a byte. Leaving the block ends it."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        request = self._client.build_request(method, self._url + path, headers=headers, content=content or None)
        if silence is not None:
            request.extensions["timeout"]["read"] = silence
        with deadline(self.patience.call + len(content) / self.patience.bytes_per_second):
            answer = Answer(await self._client.send(request, stream=True), self.patience if silence is None else None)
        try:
            if answer.status >= 300:
                raise _error_by_status(answer.status) if method == "HEAD" else await self._error(answer)
            answer.refuse_encoding()
            yield answer
        finally:
            await answer.leave()

    async def _error(self, answer: Answer) -> SyncError:
        with deadline(self.patience.call):
            try:
                await answer.read(SMALL_BODY)
                body = ErrorBody.decode(answer.content)
            except (MalformedError, ProtocolViolationError):
                return _foreign_error(answer.status)
        return error_named(body.error, body.message, status=answer.status, retry_after=answer.retry_after())


class Answer:
    """An answer that has begun."""

    def __init__(self, response: httpx.Response, patience: Patience | None) -> None:
        self._response = response
        self._chunks = aiter(cast(AsyncIterator[bytes], response.stream))
        self._patience = patience
        self._waited = 0.0
        self._received = 0
        self.status = response.status_code
        self.content = b""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes. An answer that trickles is given up, unless it is a live one; the time that its reader takes for
        itself doesn't count."""
        if self._patience is None:
            return await anext(self._chunks)
        start = trio.current_time()
        chunk = await anext(self._chunks)
        self._waited += trio.current_time() - start
        self._received += len(chunk)
        if self._waited > self._patience.call + self._received / self._patience.bytes_per_second:
            raise TimedOutError("the node answers too slowly")
        return chunk

    async def read(self, limit: int) -> None:
        """The whole body into ``content``; ``ProtocolViolationError`` when it has more than ``limit`` bytes."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in self:
            size += len(chunk)
            if size > limit:
                raise ProtocolViolationError(f"the node's answer has more than {limit} bytes")
            chunks.append(chunk)
        self.content = chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def retry_after(self) -> float | None:
        """Seconds, when the node named a sensible number of them."""
        text = self._response.headers.get("retry-after", "")
        return float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None

    def refuse_encoding(self) -> None:
        if self._response.headers.get("content-encoding", "identity") != "identity":
            raise ProtocolViolationError("the node encoded its answer, which nobody asked for")

    async def leave(self) -> None:
        """End the call; its connection is kept when the answer was read to its end.

        The layers below are asynchronous generators. One that is left in the middle has to end by an exception, not by being
        garbage collected: so after the connection is closed one more chunk is asked for.
        """
        with trio.move_on_after(CLEAN_UP_SECONDS, shield=True):
            await self._response.aclose()
            with suppress(SyncError, StopAsyncIteration):
                while True:
                    await anext(self._chunks)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """``TimedOutError`` when the block takes longer."""
    try:
        with trio.fail_after(seconds):
            yield
    except trio.TooSlowError as error:
        raise TimedOutError("the node did not answer in time") from error


def _error_by_status(status: int) -> SyncError:
    """The answer to HEAD has no body that could say more."""
    names = {401: "session-invalid", 403: "not-a-member", 404: "not-found", 429: "too-many", 503: "unavailable"}
    return error_named(names.get(status, ""), f"the node answered with status {status}", status=status)


def _foreign_error(status: int) -> SyncError:
    """An error that isn't one of ours: a proxy before the node sent it, or something that is no node."""
    if status == 429:
        return TooManyError("a server before the node asks to wait")
    if status in (502, 503, 504):
        return UnavailableError("the server before the node can't reach it")
    return ProtocolViolationError(f"what answers with status {status} is not a node: is this its address?")
