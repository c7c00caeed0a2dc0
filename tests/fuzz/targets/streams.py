"""Streams of the sync API: their framing, and what a client makes of the answers of a hostile node."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from relay.client import HttpLibrary
from relay.errors import SyncError
from relay.http_call import Answer, HttpCalls, Patience
from relay.messages import ItemDecoder, PullEnd, PullRequest, frame
from store.encoding import MalformedError, TooLongError
from store.ids import BlobId, LibraryId
from tests.fuzz.chance import Chance
from tests.fuzz.mutation import mutated_bytes
from tests.fuzz.structure import mutated_cbor
from tests.fuzz.target import Target, promise
from tests.golden.relay.cases import golden

T = TypeVar("T")

_LONGEST = 64
_BLOBS = {BlobId.of(sealed): sealed for sealed in (b"one", b"two", b"")}
_LIBRARY = LibraryId(bytes(32))


def stream(data: bytes) -> None:
    """The same items come however a stream is cut, all within the limit, and what is too long is refused at its head."""
    whole, whole_error, _ = _read([data])
    single, single_error, waited = _read([data[place : place + 1] for place in range(len(data))])
    middle = len(data) // 2
    halves, halves_error, _ = _read([data[:middle], data[middle:]])
    promise(whole == single == halves and whole_error is single_error is halves_error, "what comes depends on where it was cut")
    joined = b"".join(frame(tag, content) for tag, content in whole)
    promise(data.startswith(joined), "items that aren't what was sent")
    promise(whole_error is not None or joined == data, "a part of the stream was passed over")
    promise(all(1 + len(content) <= _LONGEST for _, content in whole), "an item above the limit")
    promise(waited <= _LONGEST + 9, "it waits for more than an item may have")


def _read(chunks: list[bytes]) -> tuple[list[tuple[int, bytes]], type[MalformedError] | None, int]:
    """The items, the error that ended the stream, and how many bytes were kept at most without giving an item."""
    decoder = ItemDecoder(longest=_LONGEST)
    items: list[tuple[int, bytes]] = []
    waiting = longest_wait = 0
    try:
        for chunk in chunks:
            waiting += len(chunk)
            longest_wait = max(longest_wait, waiting)
            for item in decoder.feed(chunk):
                items.append(item)
                waiting = 0
        decoder.finish()
    except TooLongError:
        return items, TooLongError, longest_wait
    except MalformedError:
        return items, MalformedError, longest_wait
    return items, None, longest_wait


@dataclass
class _CannedCalls:
    """Stands for the connection to a node that answers every call with the same bytes."""

    content: bytes
    patience: Patience = field(default_factory=Patience)

    async def call(self, *_: object, **__: object) -> Answer:
        return cast(Answer, self)

    @asynccontextmanager
    async def open(self, *_: object, **__: object) -> AsyncIterator[AsyncIterator[bytes]]:
        yield self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), 40):
            yield self.content[start : start + 40]


def pulled(data: bytes) -> None:
    """A pull gives what the node sent, entries and then one end, or an error of the sync API."""
    items = _answered(data, _pull)
    if items is not None:
        promise(all(type(item) is bytes for item in items[:-1]) and type(items[-1]) is PullEnd, "something else than entries and one end")
        sent = [frame(1, item.encode()) if isinstance(item, PullEnd) else frame(0, item) for item in items]
        promise(b"".join(sent) == data, "something else than what the node sent")


def many(data: bytes) -> None:
    """Of many blobs come those that were asked for, under their names, or an error of the sync API."""
    blobs = _answered(data, _many)
    for blob in blobs or ():
        promise(blob.blob in _BLOBS, "a blob that nobody asked for")
        promise(hashlib.sha256(blob.sealed).digest() == blob.blob, "other bytes under a blob's name")


def news(data: bytes) -> None:
    """News are hints or an error of the sync API."""
    hints = _answered(data, _news)
    if hints is not None:
        promise(len(hints) <= len(data) // 2, "more hints than items")


def answer(data: bytes) -> None:
    """Whatever a node answers to a call is an answer that fits the question, or an error of the sync API."""
    blobs = tuple(_BLOBS)

    async def ask(library: HttpLibrary) -> None:
        states = await _or_error(library.stat(blobs))
        promise(states is None or len(states) == len(blobs), "not an answer for each blob")
        pushed = await _or_error(library.push([b"entry"]))
        promise(pushed is None or len(pushed.outcomes) == 1, "not an answer for each entry")
        held = await _or_error(library.hold(blobs, bytes(32)))
        promise(held is None or len(held.proofs) == len(blobs), "not an answer for each blob")
        sealed = await _or_error(library.get_blob(blobs[0]))
        promise(sealed in (None, _BLOBS[blobs[0]]), "other bytes under a blob's name")
        await _or_error(library.heads())
        await _or_error(library.seen([]))

    _run(ask(_library(data)))


async def _or_error(asked: Coroutine[Any, Any, T]) -> T | None:
    try:
        return await asked
    except SyncError:
        return None


async def _pull(library: HttpLibrary) -> list[Any]:
    async with library.pull(PullRequest()) as items:
        return [item async for item in items]


async def _many(library: HttpLibrary) -> list[Any]:
    async with library.many(tuple(_BLOBS)) as blobs:
        return [blob async for blob in blobs]


async def _news(library: HttpLibrary) -> list[Any]:
    async with library.news() as hints:
        return [each async for each in hints]


def _answered(data: bytes, ask: Callable[[HttpLibrary], Coroutine[Any, Any, list[Any]]]) -> list[Any] | None:
    """What a client gets out of these bytes; ``None`` when it gets an error."""
    return _run(_or_error(ask(_library(data))))


def _library(data: bytes) -> HttpLibrary:
    async def at_once(function: Callable[..., T], *arguments: Any) -> T:
        return function(*arguments)

    return HttpLibrary(cast(HttpCalls, _CannedCalls(data)), _LIBRARY, "token", cast(Any, at_once))


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Runs what never really waits, without an event loop."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast(T, end.value)
    raise AssertionError("it waited for something")


def whole_items(data: bytes) -> list[tuple[int, bytes]]:
    """The items of a stream, as far as it is one."""
    items: list[tuple[int, bytes]] = []
    with suppress(MalformedError):
        items.extend(ItemDecoder(longest=1 << 20).feed(data))
    return items


def _items_changed(data: bytes, chance: Chance) -> bytes:
    """An item of a stream with another content, left out, doubled or moved; now and then the bytes as they are."""
    items = whole_items(data)
    if not items or chance.once_in(4):
        return mutated_bytes(data, chance)
    place = chance.random.randrange(len(items))
    tag, content = items[place]
    match chance.random.randrange(5):
        case 0:
            items[place] = (chance.pick((0, 1, 2, 3, 4, tag)), content)
        case 1:
            items.insert(chance.random.randrange(len(items)), items[place])
        case 2:
            del items[place]
        case _:
            items[place] = (tag, mutated_cbor(content, chance))
    return b"".join(frame(tag, content) for tag, content in items)


def _streams() -> Mapping[str, bytes]:
    return {
        "short": frame(0, b"one") + frame(1),
        "longer": frame(0, bytes(22)) + frame(7, bytes(40)) + frame(1),
        "longest": frame(0, bytes(_LONGEST - 1)),
        "too-long": frame(0, bytes(_LONGEST)),
    }


def _pulls() -> Mapping[str, bytes]:
    end = frame(1, golden()["pull end"])
    return {"entries": frame(0, b"entry") + frame(0, bytes(60)) + end, "nothing": end}


def _blob_answers() -> Mapping[str, bytes]:
    items = [frame(0, blob, sealed) for blob, sealed in _BLOBS.items()]
    return {"all": b"".join([*items, frame(1)]), "none": frame(1), "cut": items[0]}


def _news_answers() -> Mapping[str, bytes]:
    return {"all": b"".join(data for name, data in golden().items() if name.startswith("hint"))}


def _answers() -> Mapping[str, bytes]:
    wanted = ("heads", "push result", "seen accepted", "stat answer", "hold answer")
    return {**{name.replace(" ", "-"): golden()[name] for name in wanted}, "blob": next(iter(_BLOBS.values()))}


TARGETS = (
    Target(name="stream", check=stream, seeds=_streams, mutate=_items_changed, longest=512),
    Target(name="pull-stream", check=pulled, seeds=_pulls, mutate=_items_changed),
    Target(name="many-stream", check=many, seeds=_blob_answers, mutate=_items_changed),
    Target(name="news-stream", check=news, seeds=_news_answers, mutate=_items_changed),
    Target(name="answer", check=answer, seeds=_answers, mutate=mutated_cbor),
)
