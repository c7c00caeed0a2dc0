"""Who is told that something came: one subscription for each open ``news`` stream.

Whoever writes only leaves a mark in each subscription and never waits. Marks coalesce: however slow a reader is, it costs a
few hundred ids at most, and what doesn't fit is dropped, because a hint is never the truth. Everything here runs on the
trio thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Self

import trio

from relay.accounts import TokenHash
from relay.errors import UnavailableError
from relay.messages import BlobsArrived, BlobsWanted, EntriesArrived, Heartbeat, Hint, SeenChanged
from relay.messages.limits import MAX_HINT_BLOBS
from store.ids import BlobId, DeviceId, LibraryId

HEARTBEAT_SECONDS = 15
MAX_STREAMS = 20_000
MAX_STREAMS_OF_A_DEVICE = 4


class Subscription:
    """What one reader hasn't been told yet. Iterating ends when the stream was ended or its session has expired."""

    def __init__(self, *, library: LibraryId, device: DeviceId, token: TokenHash, is_expired: Callable[[], bool]) -> None:
        self.library = library
        self.device = device
        self.token = token
        self._is_expired = is_expired
        self._is_ended = False
        self._news = trio.Event()
        self._arrival: int | None = None
        self._told_arrival = -1
        self._seen_changed = False
        self._blobs: dict[BlobId, None] = {}
        self._wanted: dict[BlobId, None] = {}

    def entries_arrived(self, arrival: int) -> None:
        """Once for each number, however often and from wherever it is said."""
        if arrival > self._told_arrival:
            self._arrival = max(arrival, self._arrival or 0)
            self._news.set()

    def seen_changed(self) -> None:
        self._seen_changed = True
        self._news.set()

    def blobs_arrived(self, blobs: Iterable[BlobId]) -> None:
        _remember(self._blobs, blobs)
        self._news.set()

    def blobs_wanted(self, blobs: Iterable[BlobId]) -> None:
        _remember(self._wanted, blobs)
        self._news.set()

    def end(self) -> None:
        self._is_ended = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Hint:
        hint = None if self._is_over() else self._take()
        if hint is None and not self._is_over():
            await self._wait()
            hint = self._take() or Heartbeat()
        if hint is None or self._is_over():
            raise StopAsyncIteration
        return hint

    def _is_over(self) -> bool:
        return self._is_ended or self._is_expired()

    async def _wait(self) -> None:
        with trio.move_on_after(HEARTBEAT_SECONDS):
            await self._news.wait()

    def _take(self) -> Hint | None:
        if self._arrival is not None:
            arrival, self._arrival = self._arrival, None
            self._told_arrival = arrival
            return EntriesArrived(arrival=arrival)
        if self._seen_changed:
            self._seen_changed = False
            return SeenChanged()
        if self._blobs:
            blobs, self._blobs = self._blobs, {}
            return BlobsArrived(blobs=tuple(blobs))
        if self._wanted:
            wanted, self._wanted = self._wanted, {}
            return BlobsWanted(blobs=tuple(wanted))
        if not self._is_ended:
            self._news = trio.Event()
        return None


def _remember(pending: dict[BlobId, None], blobs: Iterable[BlobId]) -> None:
    for blob in blobs:
        if len(pending) >= MAX_HINT_BLOBS:
            return
        pending[blob] = None


class NewsHub:
    """All subscriptions of a node, by library."""

    def __init__(self) -> None:
        self._by_library: dict[LibraryId, list[Subscription]] = {}
        self._count = 0

    @contextmanager
    def subscribed(self, subscription: Subscription) -> Iterator[Subscription]:
        """``subscription`` receives hints inside the block. Beyond a few streams of one device the oldest ends."""
        if self._count >= MAX_STREAMS:
            raise UnavailableError("the node has too many open news streams", retry_after=HEARTBEAT_SECONDS)
        streams = self._by_library.setdefault(subscription.library, [])
        same_device = [each for each in streams if each.device == subscription.device]
        for superfluous in same_device[: max(0, len(same_device) + 1 - MAX_STREAMS_OF_A_DEVICE)]:
            superfluous.end()
        streams.append(subscription)
        self._count += 1
        try:
            yield subscription
        finally:
            streams.remove(subscription)
            self._count -= 1
            if not streams:
                self._by_library.pop(subscription.library, None)

    def readers(self, library: LibraryId) -> list[Subscription]:
        """Who is to be told about a library."""
        return list(self._by_library.get(library, ()))

    def end_where(self, condition: Callable[[Subscription], bool]) -> None:
        """End the streams for which ``condition`` holds."""
        for streams in self._by_library.values():
            for subscription in streams:
                if condition(subscription):
                    subscription.end()
