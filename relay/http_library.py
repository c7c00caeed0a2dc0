"""The calls under ``/v1/l/{library}``: every one of them shows a session token."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from relay.api import SealedBlob
from relay.errors import TooLargeError
from relay.exchange import Exchange
from relay.http_limits import ByteBudget, HttpLimits
from relay.library_service import LibraryService
from relay.media_types import BYTES
from relay.messages import (
    Hint,
    HoldRequest,
    ItemDecoder,
    ManyRequest,
    PullEnd,
    PullRequest,
    SeenAccepted,
    SeenReports,
    StatAnswer,
    StatRequest,
    TraceRequest,
    frame,
    frame_hint,
)
from relay.messages.framing import END, ITEM
from relay.messages.limits import MAX_PULL_BODY, MAX_PUSH_BODY, MAX_PUSH_BYTES, MAX_PUSH_ENTRIES, MAX_SEEN_BODY, MAX_TRACE_BODY, SMALL_BODY
from relay.service import NodeService
from store.blobs import MAX_BLOB_BYTES
from store.encoding import MalformedError
from store.ids import BlobId, LibraryId

CHUNK_BYTES = 64 * 1024


class LibraryRoutes:
    """Handlers over a ``NodeService``; bytes of bodies in flight are bounded for all of them together."""

    def __init__(self, service: NodeService, limits: HttpLimits) -> None:
        self._service = service
        self._uploads = ByteBudget(limits.upload_bytes)
        self._downloads = ByteBudget(limits.download_bytes)

    def _library(self, exchange: Exchange) -> LibraryService:
        return self._service.library(exchange.id(LibraryId, "library"), exchange.session_token())

    async def heads(self, exchange: Exchange) -> None:
        answer = await self._library(exchange).heads()
        await exchange.answer(await self._service.in_thread(answer.encode))

    async def pull(self, exchange: Exchange) -> None:
        library = self._library(exchange)
        await library.check()
        async with self._uploads.reserved(exchange.announced_length(MAX_PULL_BODY)):
            body = await exchange.body(MAX_PULL_BODY)
            request = await self._service.in_thread(PullRequest.decode, body)
            del body
        async with library.pull(request) as stream, aclosing(_pull_items(stream)) as items, aclosing(_gathered(items)) as chunks:
            await exchange.stream(chunks)

    async def push(self, exchange: Exchange) -> None:
        library = self._library(exchange)
        await library.check()
        async with self._uploads.reserved(exchange.announced_length(MAX_PUSH_BODY)):
            raws = await _read_entries(exchange, MAX_PUSH_BODY)
            result = await library.push(raws)
        await exchange.answer(result.encode())

    async def seen(self, exchange: Exchange) -> None:
        library = self._library(exchange)
        await library.check()
        async with self._uploads.reserved(exchange.announced_length(MAX_SEEN_BODY)):
            reports = SeenReports.decode(await exchange.body(MAX_SEEN_BODY)).reports
            accepted = await library.seen(reports)
        await exchange.answer(SeenAccepted(accepted=accepted).encode())

    async def news(self, exchange: Exchange) -> None:
        async with self._library(exchange).news() as hints, aclosing(_hint_items(hints)) as chunks:
            await exchange.stream(chunks, is_live=True)

    async def trace(self, exchange: Exchange) -> None:
        library = self._library(exchange)
        await library.check()
        async with self._uploads.reserved(exchange.announced_length(MAX_TRACE_BODY)):
            request = TraceRequest.decode(await exchange.body(MAX_TRACE_BODY))
        await exchange.answer((await library.trace(request.entries, request.blobs)).encode())

    async def stat(self, exchange: Exchange) -> None:
        library = self._library(exchange)
        await library.check()
        request = StatRequest.decode(await exchange.body(SMALL_BODY))
        states = await library.stat(request.ids, claim=request.claim)
        await exchange.answer(StatAnswer(states=tuple(states)).encode())

    async def hold(self, exchange: Exchange) -> None:
        library = self._library(exchange)
        await library.check()
        request = HoldRequest.decode(await exchange.body(SMALL_BODY))
        await exchange.answer((await library.hold(request.ids, request.nonce)).encode())

    async def many(self, exchange: Exchange) -> None:
        library = self._library(exchange)
        await library.check()
        request = ManyRequest.decode(await exchange.body(SMALL_BODY))
        async with (
            self._downloads.reserved(MAX_BLOB_BYTES),
            library.many(request.ids) as blobs,
            aclosing(_blob_items(blobs)) as items,
            aclosing(_gathered(items)) as chunks,
        ):
            await exchange.stream(chunks)

    async def get_blob(self, exchange: Exchange) -> None:
        async with self._downloads.reserved(MAX_BLOB_BYTES):
            sealed = await self._library(exchange).get_blob(exchange.id(BlobId, "blob"))
            await exchange.answer(sealed, media_type=BYTES)

    async def has_blob(self, exchange: Exchange) -> None:
        is_held = await self._library(exchange).has_blob(exchange.id(BlobId, "blob"))
        await exchange.answer(status=200 if is_held else 404)

    async def put_blob(self, exchange: Exchange) -> None:
        """The room that the client announces is reserved before its bytes are taken: until then they wait in the network."""
        library = self._library(exchange)
        blob = exchange.id(BlobId, "blob")
        size = exchange.announced_length(MAX_BLOB_BYTES)
        is_new = await library.expect_blob(blob, size if "content-length" in exchange.headers else 0)
        if is_new:
            async with self._uploads.reserved(size):
                is_new = await library.put_blob(blob, await exchange.body(MAX_BLOB_BYTES))
        await exchange.answer(status=201 if is_new else 200)


async def _read_entries(exchange: Exchange, limit: int) -> list[bytes]:
    decoder = ItemDecoder(longest=MAX_PUSH_BYTES)
    raws: list[bytes] = []
    async with aclosing(exchange.chunks(limit)) as chunks:
        async for chunk in chunks:
            for tag, raw in decoder.feed(chunk):
                if tag != ITEM:
                    raise MalformedError("an item of a push is an entry")
                if len(raws) == MAX_PUSH_ENTRIES:
                    raise TooLargeError(f"a push has at most {MAX_PUSH_ENTRIES} entries")
                raws.append(raw)
    decoder.finish()
    return raws


async def _pull_items(stream: AsyncIterator[bytes | PullEnd]) -> AsyncGenerator[bytes]:
    async for item in stream:
        yield frame(END, item.encode()) if isinstance(item, PullEnd) else frame(ITEM, item)


async def _blob_items(blobs: AsyncIterator[SealedBlob]) -> AsyncGenerator[bytes]:
    async for blob in blobs:
        yield frame(ITEM, blob.blob, blob.sealed)
    yield frame(END)


async def _gathered(items: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Small items together: a short stream is one chunk."""
    waiting: list[bytes] = []
    size = 0
    async for item in items:
        waiting.append(item)
        size += len(item)
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


async def _hint_items(hints: AsyncIterator[Hint]) -> AsyncGenerator[bytes]:
    async for hint in hints:
        yield frame_hint(hint)
