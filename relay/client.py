"""A node reached over HTTP: the other implementation of the sync API.

Whatever comes back is hostile until it is verified: every answer has a limit on its size and a deadline, blobs are hashed,
and bytes that break the protocol are ``ProtocolViolationError``. Headers that say nothing are not sent.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from math import inf
from types import TracebackType
from typing import Self, TypeVar

import httpcore

from relay.api import SealedBlob
from relay.errors import NotFoundError, ProtocolViolationError, TooLargeError, UnreachableError
from relay.http_call import Answer, HttpCalls, Patience, connectable_url
from relay.messages import (
    BlobState,
    BoxId,
    HeadsAnswer,
    Hello,
    Hint,
    HoldAnswer,
    HoldRequest,
    ItemDecoder,
    Mail,
    ManyRequest,
    PullEnd,
    PullRequest,
    PushResult,
    Registered,
    Registration,
    SeenAccepted,
    SeenReports,
    SessionGrant,
    SessionRequest,
    StatAnswer,
    StatRequest,
    TraceAnswer,
    TraceRequest,
    frame,
    parse_hint,
)
from relay.messages.framing import END, ITEM
from relay.messages.limits import (
    MAX_HEADS_BODY,
    MAX_HINT_ITEM,
    MAX_HOLD_IDS,
    MAX_MAIL_ANSWER,
    MAX_MANY_BYTES,
    MAX_MANY_IDS,
    MAX_MANY_ITEM,
    MAX_PULL_BYTES,
    MAX_PULL_ITEM,
    MAX_PUSH_ANSWER,
    MAX_PUSH_BYTES,
    MAX_PUSH_ENTRIES,
    MAX_STAT_IDS,
    MAX_TRACE_BODY,
    MAX_TRACE_IDS,
    SMALL_BODY,
)
from relay.seams import RunBlocking, run_in_thread
from relay.transport import DirectWay
from store.blobs import MAX_BLOB_BYTES
from store.encoding import MalformedError
from store.ids import BlobId, EntryHash, Id, LibraryId

T = TypeVar("T")


class HttpNode:
    """``SyncApi`` over HTTP. Use as an asynchronous context manager; leaving it closes the connections.

    ``url`` has to begin with https unless it names this machine (``AddressError``). At most ``connections`` calls are under
    way at once; others wait. With a ``way``, connections go there, by TLS as it says; of the ``url`` only the name counts, which TLS asks for.
    ``serving_port``: where this device itself serves, which the node is told with `hello`. ``backend``: who opens connections instead of the system.
    """

    def __init__(
        self,
        url: str,
        *,
        patience: Patience | None = None,
        connections: int = 16,
        ssl_context: ssl.SSLContext | None = None,
        way: DirectWay | None = None,
        serving_port: int | None = None,
        run_blocking: RunBlocking = run_in_thread,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self.url = connectable_url(url)
        self._calls = HttpCalls(
            self.url, patience=patience or Patience(), connections=connections, ssl_context=ssl_context, way=way, backend=backend
        )
        self._serving_port = serving_port
        self._run_blocking = run_blocking
        self.traffic = self._calls.traffic

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._calls.aclose()

    async def hello(self, nonce: bytes | None = None) -> Hello:
        said = {"nonce": None if nonce is None else nonce.hex(), "port": self._serving_port}
        query = "&".join(f"{name}={value}" for name, value in said.items() if value is not None)
        return _decoded(Hello.decode, await self._calls.call("GET", f"/v1/hello{'?' if query else ''}{query}"))

    async def register(self, registration: Registration) -> Registered:
        return _decoded(Registered.decode, await self._calls.call("POST", "/v1/libraries", content=registration.encode()))

    async def open_session(self, request: SessionRequest) -> SessionGrant:
        return _decoded(SessionGrant.decode, await self._calls.call("POST", "/v1/session", content=request.encode()))

    async def close_session(self, token: str) -> None:
        await self._calls.call("DELETE", "/v1/session", token=token)

    def library(self, library: LibraryId, token: str) -> HttpLibrary:
        return HttpLibrary(self._calls, library, token, self._run_blocking)

    async def post_message(self, box: BoxId, message: bytes) -> None:
        await self._calls.call("POST", f"/v1/mailbox/{box.hex()}", content=message)

    async def messages(self, box: BoxId, *, after: int = 0, wait: float = 0) -> Sequence[bytes]:
        answer = await self._calls.call("GET", f"/v1/mailbox/{box.hex()}?after={after}&wait={int(wait)}", limit=MAX_MAIL_ANSWER)
        return _decoded(Mail.decode, answer).messages


class HttpLibrary:
    """``LibraryApi`` over HTTP."""

    def __init__(self, calls: HttpCalls, library: LibraryId, token: str, run_blocking: RunBlocking) -> None:
        self._calls = calls
        self._path = f"/v1/l/{library.hex()}"
        self._token = token
        self._run_blocking = run_blocking

    async def _post(self, path: str, content: bytes, *, limit: int = SMALL_BODY) -> Answer:
        return await self._calls.call(
            "POST", self._path + path, token=self._token, content=content, limit=limit, moving=len(content) + limit
        )

    async def heads(self) -> HeadsAnswer:
        answer = await self._calls.call("GET", f"{self._path}/heads", token=self._token, limit=MAX_HEADS_BODY, moving=MAX_HEADS_BODY)
        return await self._run_blocking(_decoded, HeadsAnswer.decode, answer)

    @asynccontextmanager
    async def pull(self, request: PullRequest) -> AsyncGenerator[AsyncIterator[bytes | PullEnd]]:
        content = request.encode()
        async with (
            self._calls.open("POST", f"{self._path}/pull", token=self._token, content=content) as answer,
            aclosing(_pulled(answer, request)) as stream,
        ):
            yield stream

    async def push(self, raws: Sequence[bytes]) -> PushResult:
        if len(raws) > MAX_PUSH_ENTRIES or sum(map(len, raws)) > MAX_PUSH_BYTES:
            raise TooLargeError(f"a push has at most {MAX_PUSH_ENTRIES} entries and {MAX_PUSH_BYTES} bytes")
        answer = await self._post("/push", b"".join(frame(ITEM, raw) for raw in raws), limit=MAX_PUSH_ANSWER)
        result = _decoded(PushResult.decode, answer)
        if len(result.outcomes) != len(raws):
            raise ProtocolViolationError("the node didn't answer for each pushed entry")
        return result

    async def seen(self, reports: Sequence[bytes]) -> int:
        return _decoded(SeenAccepted.decode, await self._post("/seen", SeenReports(reports=tuple(reports)).encode())).accepted

    @asynccontextmanager
    async def news(self) -> AsyncGenerator[AsyncIterator[Hint]]:
        silence = self._calls.patience.silence
        async with (
            self._calls.open("GET", f"{self._path}/news", token=self._token, silence=silence) as answer,
            aclosing(_hints(answer)) as stream,
        ):
            yield stream

    async def stat(self, blobs: Sequence[BlobId], *, claim: bool = False) -> Sequence[BlobState]:
        _at_most(blobs, MAX_STAT_IDS)
        states = _decoded(StatAnswer.decode, await self._post("/blobs/stat", StatRequest(ids=tuple(blobs), claim=claim).encode())).states
        if len(states) != len(blobs):
            raise ProtocolViolationError("the node didn't answer for each blob")
        return states

    async def hold(self, blobs: Sequence[BlobId], nonce: bytes) -> HoldAnswer:
        _at_most(blobs, MAX_HOLD_IDS)
        content = HoldRequest(ids=tuple(blobs), nonce=nonce).encode()
        answer = _decoded(HoldAnswer.decode, await self._post("/blobs/hold", content))
        if len(answer.proofs) != len(blobs):
            raise ProtocolViolationError("the node didn't answer for each blob")
        return answer

    async def trace(self, entries: Sequence[EntryHash], blobs: Sequence[BlobId]) -> TraceAnswer:
        _at_most(entries, MAX_TRACE_IDS)
        _at_most(blobs, MAX_TRACE_IDS)
        content = TraceRequest(entries=tuple(entries), blobs=tuple(blobs)).encode()
        answer = _decoded(TraceAnswer.decode, await self._post("/trace", content, limit=MAX_TRACE_BODY))
        if len(answer.entries) != len(entries) or len(answer.blobs) != len(blobs):
            raise ProtocolViolationError("the node didn't answer for each entry and blob")
        return answer

    async def get_blob(self, blob: BlobId) -> bytes:
        answer = await self._calls.call(
            "GET", f"{self._path}/blobs/{blob.hex()}", token=self._token, limit=MAX_BLOB_BYTES, moving=MAX_BLOB_BYTES
        )
        if await self._run_blocking(BlobId.of, answer.content) != blob:
            raise ProtocolViolationError("the node sent other bytes than those that the blob is named by")
        return answer.content

    async def has_blob(self, blob: BlobId) -> bool:
        try:
            await self._calls.call("HEAD", f"{self._path}/blobs/{blob.hex()}", token=self._token)
        except NotFoundError:
            return False
        return True

    async def put_blob(self, blob: BlobId, sealed: bytes) -> bool:
        if len(sealed) > MAX_BLOB_BYTES:
            raise TooLargeError(f"a blob has at most {MAX_BLOB_BYTES} bytes")
        answer = await self._calls.call("PUT", f"{self._path}/blobs/{blob.hex()}", token=self._token, content=sealed, moving=len(sealed))
        return answer.status == 201

    @asynccontextmanager
    async def many(self, blobs: Sequence[BlobId]) -> AsyncGenerator[AsyncIterator[SealedBlob]]:
        _at_most(blobs, MAX_MANY_IDS)
        content = ManyRequest(ids=tuple(blobs)).encode()
        async with (
            self._calls.open("POST", f"{self._path}/blobs/many", token=self._token, content=content) as answer,
            aclosing(_blobs(answer, frozenset(blobs), self._run_blocking)) as stream,
        ):
            yield stream


def _at_most(ids: Sequence[Id], count: int) -> None:
    if len(ids) > count:
        raise TooLargeError(f"at most {count} ids at once")


@contextmanager
def _strictly() -> Iterator[None]:
    """What doesn't decode was sent by a node that breaks the protocol."""
    try:
        yield
    except MalformedError as error:
        raise ProtocolViolationError(f"the node's answer can't be read: {error}") from error


def _decoded(decode: Callable[[bytes], T], answer: Answer) -> T:
    with _strictly():
        return decode(answer.content)


async def _items(answer: Answer, *, longest: int, at_most: float = inf) -> AsyncGenerator[tuple[int, bytes]]:
    """The items of a stream, that has at most so many bytes."""
    decoder = ItemDecoder(longest=longest)
    with _strictly():
        async for chunk in answer:
            at_most -= len(chunk)
            if at_most < 0:
                raise ProtocolViolationError("the node's answer has more bytes than were asked for")
            for item in decoder.feed(chunk):
                yield item
        decoder.finish()


async def _hints(answer: Answer) -> AsyncGenerator[Hint]:
    async with aclosing(_items(answer, longest=MAX_HINT_ITEM)) as items:
        async for tag, content in items:
            with _strictly():
                hint = parse_hint(tag, content)
            if hint is not None:
                yield hint


async def _pulled(answer: Answer, request: PullRequest) -> AsyncGenerator[bytes | PullEnd]:
    """Entries, then the end, after which nothing comes."""
    at_most = min(request.limit, MAX_PULL_BYTES) + 2 * MAX_PULL_ITEM
    end: PullEnd | None = None
    async with aclosing(_items(answer, longest=MAX_PULL_ITEM, at_most=at_most)) as items:
        async for tag, content in items:
            if end is not None or tag not in (ITEM, END):
                raise ProtocolViolationError("the node sent something else than entries and one end")
            if tag == ITEM:
                yield content
                continue
            with _strictly():
                end = PullEnd.decode(content)
    if end is None:
        raise UnreachableError("the answer ended before its end")
    yield end


async def _blobs(answer: Answer, asked: frozenset[BlobId], run_blocking: RunBlocking) -> AsyncGenerator[SealedBlob]:
    """Blobs that were asked for, each verified, then the end."""
    has_ended = False
    async with aclosing(_items(answer, longest=MAX_MANY_ITEM, at_most=MAX_MANY_BYTES + MAX_MANY_ITEM)) as items:
        async for tag, content in items:
            if has_ended or tag not in (ITEM, END) or (tag == ITEM and len(content) < BlobId.SIZE):
                raise ProtocolViolationError("the node sent something else than blobs and one end")
            if tag == END:
                has_ended = True
                continue
            blob, sealed = BlobId(content[: BlobId.SIZE]), content[BlobId.SIZE :]
            if blob not in asked or await run_blocking(BlobId.of, sealed) != blob:
                raise ProtocolViolationError("the node sent a blob that wasn't asked for, or other bytes under its name")
            yield SealedBlob(blob=blob, sealed=sealed)
    if not has_ended:
        raise UnreachableError("the answer ended before its end")
