"""News: heartbeats, coalescing, and bounds, in trio's virtual time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from relay.accounts import TokenHash
from relay.errors import UnavailableError
from relay.messages import BlobsArrived, BlobsWanted, EntriesArrived, Heartbeat, SeenChanged
from relay.messages.limits import MAX_HINT_BLOBS
from relay.news import HEARTBEAT_SECONDS, MAX_STREAMS_OF_A_DEVICE, NewsHub, Subscription
from store.ids import BlobId, DeviceId, LibraryId

ANNA, BERT = LibraryId(b"a" * 32), LibraryId(b"b" * 32)


def make_subscription(*, library: LibraryId = ANNA, device: bytes = b"d", is_expired: Callable[[], bool] = lambda: False) -> Subscription:
    return Subscription(library=library, device=DeviceId(device * 16), token=TokenHash.of("token"), is_expired=is_expired)


async def tell_when_all_wait(subscription: Subscription) -> None:
    await trio.testing.wait_all_tasks_blocked()
    subscription.entries_arrived(1)


async def test_a_heartbeat_when_nothing_happens(autojump_clock: MockClock) -> None:
    subscription, start = make_subscription(), trio.current_time()
    assert [await anext(subscription) for _ in range(3)] == [Heartbeat()] * 3
    assert trio.current_time() - start == 3 * HEARTBEAT_SECONDS


async def test_marks_coalesce_while_nobody_reads(autojump_clock: MockClock) -> None:
    subscription = make_subscription()
    for arrival in (5, 9, 7):
        subscription.entries_arrived(arrival)
        subscription.seen_changed()
    blobs = [BlobId(bytes([n]) * 32) for n in range(3)]
    subscription.blobs_arrived(blobs[:2])
    subscription.blobs_arrived(blobs[1:])
    subscription.blobs_wanted(blobs[:1])
    assert [await anext(subscription) for _ in range(5)] == [
        EntriesArrived(arrival=9),
        SeenChanged(),
        BlobsArrived(blobs=tuple(blobs)),
        BlobsWanted(blobs=(blobs[0],)),
        Heartbeat(),
    ]


async def test_a_reader_that_never_reads_costs_a_bounded_number_of_ids() -> None:
    subscription = make_subscription()
    for n in range(10_000):
        subscription.blobs_arrived([BlobId(n.to_bytes(32, "big"))])
    hint = await anext(subscription)
    assert isinstance(hint, BlobsArrived)
    assert len(hint.blobs) == MAX_HINT_BLOBS


async def test_a_waiting_reader_is_told_at_once(autojump_clock: MockClock) -> None:
    subscription, start = make_subscription(), trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tell_when_all_wait, subscription)
        assert await anext(subscription) == EntriesArrived(arrival=1)
    assert trio.current_time() == start


async def test_an_ended_subscription_says_nothing_more(autojump_clock: MockClock) -> None:
    subscription = make_subscription()
    subscription.entries_arrived(1)
    subscription.end()
    assert [hint async for hint in subscription] == []


async def test_a_stream_ends_with_its_session(autojump_clock: MockClock) -> None:
    end = trio.current_time() + 40
    subscription = make_subscription(is_expired=lambda: trio.current_time() >= end)
    assert [hint async for hint in subscription] == [Heartbeat(), Heartbeat()]


async def test_readers_are_those_of_the_library() -> None:
    hub, first, second = NewsHub(), make_subscription(), make_subscription(library=BERT)
    with hub.subscribed(first), hub.subscribed(second):
        assert hub.readers(ANNA) == [first]
        assert hub.readers(BERT) == [second]
    assert hub.readers(ANNA) == hub.readers(BERT) == []


async def test_the_oldest_of_too_many_streams_of_a_device_ends(autojump_clock: MockClock) -> None:
    hub = NewsHub()
    streams = [make_subscription() for _ in range(MAX_STREAMS_OF_A_DEVICE + 1)]
    other = make_subscription(device=b"e")
    with hub.subscribed(other):
        contexts = [hub.subscribed(stream) for stream in streams]
        for context in contexts:
            context.__enter__()
        assert [hint async for hint in streams[0]] == []
        assert await anext(streams[1]) == Heartbeat()
        assert await anext(other) == Heartbeat()
        for context in contexts:
            context.__exit__(None, None, None)


async def test_a_node_has_a_bounded_number_of_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.news.MAX_STREAMS", 2)
    hub = NewsHub()
    one, two, three = (make_subscription(device=device) for device in (b"1", b"2", b"3"))
    with hub.subscribed(one), hub.subscribed(two), pytest.raises(UnavailableError), hub.subscribed(three):
        raise AssertionError
    with hub.subscribed(make_subscription(device=b"3")):
        pass


async def test_streams_are_ended_by_a_condition(autojump_clock: MockClock) -> None:
    hub, stays, goes = NewsHub(), make_subscription(), make_subscription(device=b"g")
    with hub.subscribed(stays), hub.subscribed(goes):
        hub.end_where(lambda each: each.device == goes.device)
        assert [hint async for hint in goes] == []
        assert await anext(stays) == Heartbeat()
