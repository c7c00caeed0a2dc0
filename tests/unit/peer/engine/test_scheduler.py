"""When things are tried again, and how tasks are woken."""

from __future__ import annotations

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from peer.engine.scheduler import FIRST_DELAY_MS, JITTER, LONGEST_DELAY_MS, Broadcast, Wake, backoff


@given(st.integers(1, 10_000), st.binary(min_size=2, max_size=2))
def test_delays_double_are_bounded_and_spread(tries: int, random: bytes) -> None:
    plain = min(FIRST_DELAY_MS * 2 ** (tries - 1), LONGEST_DELAY_MS)
    assert plain * (1 - JITTER) - 1 <= backoff(tries, lambda count: random) <= plain * (1 + JITTER) + 1


async def test_several_wakes_are_one(autojump_clock: MockClock) -> None:
    wake = Wake()
    wake.set()
    wake.set()
    await wake.wait()
    assert not await wake.wait_at_most(10)


async def test_a_wake_that_comes_before_the_wait_is_not_lost(autojump_clock: MockClock) -> None:
    wake = Wake()
    wake.set()
    assert await wake.wait_at_most(10)


async def test_a_broadcast_reaches_everyone_who_waits(autojump_clock: MockClock) -> None:
    broadcast = Broadcast()
    reached: list[int] = []

    async def waiter(number: int) -> None:
        await broadcast.next()
        reached.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(waiter, number)
        await trio.testing.wait_all_tasks_blocked()
        broadcast.notify()
    assert sorted(reached) == [0, 1, 2]
