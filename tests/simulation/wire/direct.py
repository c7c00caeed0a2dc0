"""The sync API without HTTP, with the faults of a line between: for fast runs, and for neighbours.

    DirectNode(line, site)         a relay's service, as a device reaches it
    FaultyLibrary(api, line)       any ``LibraryApi`` behind a line: ``host.between = lambda api: FaultyLibrary(api, line)``

A call takes two travel times. It is lost before it takes effect or after (``line.lose``, here for each call), takes effect twice (``line.double``), or is
held (``line.late``): the caller gives up after the client's patience, and the effect is there already, or comes later. Streams break off in the middle.
Nothing waits longer than the real client would.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from typing import Protocol, TypeVar

import trio

from relay.api import LibraryApi, SealedBlob, SyncApi
from relay.errors import TimedOutError, UnreachableError
from relay.http_call import Patience
from relay.messages import (
    BlobState,
    BoxId,
    HeadsAnswer,
    Hello,
    Hint,
    HoldAnswer,
    PullEnd,
    PullRequest,
    PushResult,
    Registered,
    Registration,
    SessionGrant,
    SessionRequest,
    TraceAnswer,
)
from store.ids import BlobId, EntryHash, LibraryId
from tests.simulation.wire.line import Line, Way
from tests.simulation.wire.proxy import Counts
from tests.simulation.wire.site import Site

T = TypeVar("T")

PATIENCE = Patience()


class Serving(Protocol):
    """Whose machine answers: its end is not the caller's."""

    async def call(self, function: Callable[[], Awaitable[T]]) -> T: ...

    def spawn_late(self, function: Callable[[], Awaitable[object]]) -> None: ...


class _Faults:
    """A line as calls meet it."""

    def __init__(self, line: Line, serving: Callable[[], Serving | None], counts: Counts) -> None:
        self.line = line
        self._serving = serving
        self._counts = counts

    async def call(self, name: str, function: Callable[[], Awaitable[T]]) -> T:
        """An answer, or what the client makes of there being none."""
        with self.line.call():
            await self.reach(name)
            line = self.line
            if line.hits(line.lose / 2):
                raise UnreachableError("the request was lost")
            if line.hits(line.late):
                await self._held(name, function)
            if line.hits(line.double):
                line.tell(f"between {line.name} a request ({name}) is delivered twice")
                await self.effect(function)
            answer = await self.effect(function)
            if line.hits(line.lose / 2):
                raise UnreachableError("the answer was lost")
            await self.travel(PATIENCE.call)
            return answer

    async def reach(self, name: str) -> None:
        """The request gets to the other side."""
        self._counts.calls[name] += 1
        await self.travel(PATIENCE.connect)

    async def travel(self, patience: float) -> None:
        """Something gets to the other side, or not in time."""
        line = self.line
        with trio.move_on_after(patience) as scope:
            await trio.sleep(line.travel_time())
            while line.way is Way.HOLE:
                await line.changes()
        if scope.cancelled_caught:
            raise TimedOutError("the node did not answer in time")
        if line.way is Way.CUT:
            raise UnreachableError("no connection to the node")

    async def effect(self, function: Callable[[], Awaitable[T]]) -> T:
        return await self._there().call(function)

    def _there(self) -> Serving:
        serving = self._serving()
        if serving is None:
            raise UnreachableError("no connection to the node")
        return serving

    async def _held(self, name: str, function: Callable[[], Awaitable[object]]) -> None:
        line, serving = self.line, self._there()
        seconds = line.holding_time()
        if line.random.random() < 0.5:
            line.tell(f"between {line.name} an answer ({name}) is held back")
            await self.effect(function)
        else:
            line.tell(f"between {line.name} a request ({name}) is held back")

            async def later() -> None:
                await trio.sleep(seconds)
                await serving.call(function)

            serving.spawn_late(later)
        await trio.sleep(PATIENCE.call)
        raise TimedOutError("the node did not answer in time")

    @asynccontextmanager
    async def stream(
        self, name: str, begin: Callable[[], AbstractAsyncContextManager[AsyncIterator[T]]]
    ) -> AsyncGenerator[AsyncIterator[T]]:
        with self.line.call():
            await self.reach(name)
        async with AsyncExitStack() as stack:
            manager = begin()
            inner = await self.effect(lambda: stack.enter_async_context(manager))
            items = await stack.enter_async_context(aclosing(self._items(name, inner)))
            yield items

    async def _items(self, name: str, inner: AsyncIterator[T]) -> AsyncGenerator[T]:
        breaks_at = self._until_break()
        patience = PATIENCE.silence if name == "news" else PATIENCE.between_bytes
        number = 0
        while True:
            with self.line.call():
                try:
                    item = await self.effect(lambda: anext(inner))
                except StopAsyncIteration:
                    return
                if name == "news" or number == 0 or self.line.way is not Way.OPEN:
                    await self.travel(patience)
            if breaks_at is not None and number >= breaks_at:
                self.line.tell(f"between {self.line.name} a stream ({name}) breaks off")
                raise UnreachableError("the connection to the node broke")
            number += 1
            yield item

    def _until_break(self) -> int | None:
        return self.line.random.randrange(4) if self.line.hits(self.line.lose) else None


class DirectNode:
    """``SyncApi`` of a relay at the end of a line. ``site``: who answers there at the moment."""

    def __init__(self, line: Line, site: Callable[[], Site | None], counts: Counts) -> None:
        self._line = line
        self._site = site
        self._counts = counts
        self._faults = _Faults(line, site, counts)

    def _service(self) -> SyncApi:
        site = self._site()
        if site is None:
            raise UnreachableError("no connection to the node")
        return site.service

    async def hello(self, nonce: bytes | None = None) -> Hello:
        return await self._faults.call("hello", lambda: self._service().hello(nonce))

    async def register(self, registration: Registration) -> Registered:
        return await self._faults.call("register", lambda: self._service().register(registration))

    async def open_session(self, request: SessionRequest) -> SessionGrant:
        return await self._faults.call("session", lambda: self._service().open_session(request))

    async def close_session(self, token: str) -> None:
        await self._faults.call("session", lambda: self._service().close_session(token))

    def library(self, library: LibraryId, token: str) -> FaultyLibrary:
        return FaultyLibrary(lambda: self._service().library(library, token), self._line, self._site, self._counts)

    async def post_message(self, box: BoxId, message: bytes) -> None:
        await self._faults.call("post_message", lambda: self._service().post_message(box, message))

    async def messages(self, box: BoxId, *, after: int = 0, wait: float = 0) -> Sequence[bytes]:
        return await self._faults.call("messages", lambda: self._service().messages(box, after=after, wait=wait))


class FaultyLibrary:
    """``LibraryApi`` of somebody at the end of a line. ``serving``: see ``Serving``; ``None``: nobody answers."""

    def __init__(
        self, api: Callable[[], LibraryApi], line: Line, serving: Callable[[], Serving | None], counts: Counts | None = None
    ) -> None:
        self._api = api
        self._faults = _Faults(line, serving, counts or Counts())

    async def heads(self) -> HeadsAnswer:
        return await self._faults.call("heads", lambda: self._api().heads())

    def pull(self, request: PullRequest) -> AbstractAsyncContextManager[AsyncIterator[bytes | PullEnd]]:
        return self._faults.stream("pull", lambda: self._api().pull(request))

    async def push(self, raws: Sequence[bytes]) -> PushResult:
        return await self._faults.call("push", lambda: self._api().push(raws))

    async def seen(self, reports: Sequence[bytes]) -> int:
        return await self._faults.call("seen", lambda: self._api().seen(reports))

    def news(self) -> AbstractAsyncContextManager[AsyncIterator[Hint]]:
        return self._faults.stream("news", lambda: self._api().news())

    async def stat(self, blobs: Sequence[BlobId], *, claim: bool = False) -> Sequence[BlobState]:
        return await self._faults.call("stat", lambda: self._api().stat(blobs, claim=claim))

    async def hold(self, blobs: Sequence[BlobId], nonce: bytes) -> HoldAnswer:
        return await self._faults.call("hold", lambda: self._api().hold(blobs, nonce))

    async def trace(self, entries: Sequence[EntryHash], blobs: Sequence[BlobId]) -> TraceAnswer:
        return await self._faults.call("trace", lambda: self._api().trace(entries, blobs))

    async def get_blob(self, blob: BlobId) -> bytes:
        return await self._faults.call("get_blob", lambda: self._api().get_blob(blob))

    async def has_blob(self, blob: BlobId) -> bool:
        return await self._faults.call("has_blob", lambda: self._api().has_blob(blob))

    async def put_blob(self, blob: BlobId, sealed: bytes) -> bool:
        return await self._faults.call("put_blob", lambda: self._api().put_blob(blob, sealed))

    def many(self, blobs: Sequence[BlobId]) -> AbstractAsyncContextManager[AsyncIterator[SealedBlob]]:
        return self._faults.stream("many", lambda: self._api().many(blobs))


class Stands:
    """``Serving`` for who ends together with its callers: nothing of it is kept apart."""

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        return await function()

    def spawn_late(self, function: Callable[[], Awaitable[object]]) -> None:
        """There is nobody to do it: the request is lost."""


def behind(line: Line, api: LibraryApi) -> LibraryApi:
    """A neighbour's API behind a line: ``host.between = partial(behind, line)``."""
    serving = Stands()
    return FaultyLibrary(lambda: api, line, lambda: serving)
