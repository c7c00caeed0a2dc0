"""Budgets of bytes and rates for addresses."""

from __future__ import annotations

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from relay.http_limits import MAX_ADDRESSES, ByteBudget, Rate, RateLimiter


async def test_who_finds_no_room_waits_in_line(autojump_clock: MockClock) -> None:
    budget, order = ByteBudget(100), list[str]()

    async def use(name: str, count: int, seconds: float) -> None:
        async with budget.reserved(count):
            order.append(f"{name} began")
            await trio.sleep(seconds)
            order.append(f"{name} ended")

    async with trio.open_nursery() as nursery:
        for name, count, seconds in (("first", 60, 1), ("second", 60, 1), ("small", 10, 2)):
            nursery.start_soon(use, name, count, seconds)
            await trio.testing.wait_all_tasks_blocked()
    assert order == ["first began", "first ended", "second began", "small began", "second ended", "small ended"]


async def test_more_than_there_is_waits_for_all_of_it(autojump_clock: MockClock) -> None:
    budget = ByteBudget(100)
    async with budget.reserved(10**9):
        with trio.move_on_after(1) as scope:
            async with budget.reserved(1):
                raise AssertionError
        assert scope.cancelled_caught
    async with budget.reserved(100):
        pass


async def test_who_gives_up_waiting_leaves_the_room_to_others(autojump_clock: MockClock) -> None:
    budget = ByteBudget(10)
    async with budget.reserved(5):
        with trio.move_on_after(1):
            async with budget.reserved(10):
                raise AssertionError
        async with budget.reserved(5):
            pass


def test_a_burst_and_then_a_rate() -> None:
    limiter = RateLimiter(Rate(burst=3, per_second=0.5))
    assert [limiter.take("1.2.3.4", now=0) for _ in range(4)] == [0, 0, 0, 2]
    assert limiter.take("1.2.3.5", now=0) == 0
    assert limiter.take("1.2.3.4", now=1) == 1
    assert limiter.take("1.2.3.4", now=2) == 0
    assert limiter.take("1.2.3.4", now=2) == 2


def test_addresses_of_one_network_share_a_rate() -> None:
    limiter = RateLimiter(Rate(burst=1, per_second=1))
    assert limiter.take("2001:db8:1:2::1", now=0) == 0
    assert limiter.take("2001:db8:1:2:ffff::9", now=0) == 1
    assert limiter.take("2001:db8:1:3::1", now=0) == 0
    assert limiter.take("no address", now=0) == 0


def test_the_table_is_bounded() -> None:
    limiter = RateLimiter(Rate(burst=1, per_second=1))
    for n in range(MAX_ADDRESSES + 10):
        limiter.take(str(n), now=0)
    assert len(limiter._buckets) == MAX_ADDRESSES
    assert limiter.take(str(MAX_ADDRESSES), now=0) == 1
    assert limiter.take("0", now=0) == 0


@given(st.lists(st.floats(0, 10), max_size=50))
def test_never_more_than_the_burst_and_the_rate_allow(pauses: list[float]) -> None:
    limiter, now, taken = RateLimiter(Rate(burst=5, per_second=2)), 0.0, 0
    for pause in pauses:
        now += pause
        taken += limiter.take("1.2.3.4", now=now) == 0
        assert taken <= 5 + 2 * now + 1e-6
