"""The first connection that works is used; all others have ended by then, and nothing is tried in vain. Time is simulated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock

from discovery.racing import AllFailedError, TooSlowError, race


@dataclass
class Network:
    """``answers``: seconds to a connection, or an error after that many seconds. Notes when who began, connected and ended."""

    answers: dict[str, float | tuple[float, Exception]]
    begun: dict[str, float] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    closed: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def dial(self, address: str) -> AsyncIterator[str]:
        self.begun[address] = trio.current_time()
        answer = self.answers[address]
        self.open.add(address)
        try:
            if isinstance(answer, tuple):
                await trio.sleep(answer[0])
                raise answer[1]
            async with trio.open_nursery() as nursery:  # as a connection with a task of its own would
                await trio.sleep(answer)
                yield f"connection to {address}"
                nursery.cancel_scope.cancel()
        finally:
            self.open.discard(address)
            self.closed.append(address)


async def test_a_good_first_address_is_the_only_one_tried(autojump_clock: MockClock) -> None:
    network = Network({"a": 0.1, "b": 0.1})
    start = trio.current_time()
    async with race(["a", "b"], network.dial, stagger=0.25) as winner:
        assert (winner.candidate, winner.connection, winner.failures) == ("a", "connection to a", ())
        assert winner.seconds == pytest.approx(0.1)
        assert network.open == {"a"}
        await trio.sleep(100)
        assert network.open == {"a"}
    assert network.open == set()
    assert set(network.begun) == {"a"}
    assert trio.current_time() - start == pytest.approx(100.1)


async def test_a_dead_address_costs_a_moment(autojump_clock: MockClock) -> None:
    network = Network({"dead": 1000, "good": 0.1, "late": 0.01})
    start = trio.current_time()
    async with race(["dead", "good", "late"], network.dial, stagger=0.25) as winner:
        assert winner.candidate == "good"
        assert winner.seconds == pytest.approx(0.1)
        assert trio.current_time() - start == pytest.approx(0.35)
        assert network.open == {"good"}
        assert network.closed == ["dead"]


async def test_a_refusal_starts_the_next_at_once(autojump_clock: MockClock) -> None:
    refused = ConnectionRefusedError("refused")
    network = Network({"a": (0.01, refused), "b": (0.01, refused), "c": 0.01})
    start = trio.current_time()
    async with race(["a", "b", "c"], network.dial, stagger=5) as winner:
        assert trio.current_time() - start == pytest.approx(0.03)
        assert [(failure.candidate, failure.reason) for failure in winner.failures] == [("a", refused), ("b", refused)]


async def test_all_reasons_are_told(autojump_clock: MockClock) -> None:
    network = Network({"a": (0.1, OSError("no route")), "b": 1000, "c": (0.3, ValueError("somebody else"))})
    with pytest.raises(AllFailedError) as caught:
        async with race(["a", "b", "c"], network.dial, stagger=0.25, patience=2):
            pytest.fail("nobody answered")
    assert [failure.candidate for failure in caught.value.failures] == ["a", "c", "b"]
    assert isinstance(caught.value.failures[-1].reason, TooSlowError)
    assert str(caught.value) == "a: no route; c: somebody else; b: no answer within 2 seconds"
    assert network.open == set()


async def test_nobody_to_try() -> None:
    with pytest.raises(AllFailedError, match="no address"):
        async with race([], Network({}).dial):
            pytest.fail("there is nobody")


async def test_patience_is_for_the_dial_not_for_the_connection(autojump_clock: MockClock) -> None:
    async with race(["a"], Network({"a": 1.9}).dial, patience=2) as winner:
        await trio.sleep(1000)
        assert winner.connection


async def test_two_at_the_same_moment_leave_one(autojump_clock: MockClock) -> None:
    network = Network({"a": 0.5, "b": 0.25})
    async with race(["a", "b"], network.dial, stagger=0.25) as winner:
        assert network.open == {winner.candidate}
    assert sorted(network.closed) == ["a", "b"]


async def test_a_dial_that_cannot_be_cancelled_is_closed_when_it_comes_too_late(autojump_clock: MockClock) -> None:
    """Neither the stubborn loser nor one whose time was up may win in the end."""
    closed = []

    def stubborn(seconds: float) -> Callable[[str], AbstractAsyncContextManager[str]]:
        @asynccontextmanager
        async def dial(address: str) -> AsyncIterator[str]:
            with trio.CancelScope(shield=address == "stubborn"):
                await trio.sleep(seconds if address == "stubborn" else 0.1)
            yield address
            closed.append(address)

        return dial

    async with race(["stubborn", "good"], stubborn(1), stagger=0.25) as winner:
        assert winner.candidate == "good"
        assert closed == ["stubborn"]
    with pytest.raises(AllFailedError, match="no answer within"):
        async with race(["stubborn"], stubborn(5), patience=2):
            pytest.fail("its time was up")


async def test_what_the_block_raises_comes_out_as_it_is(autojump_clock: MockClock) -> None:
    network = Network({"a": 0.1})
    with pytest.raises(KeyError, match="the block's own"):
        async with race(["a"], network.dial):
            raise KeyError("the block's own")
    assert network.closed == ["a"]


async def test_cancelled_while_dialling_and_while_connected(autojump_clock: MockClock) -> None:
    for answer in (1000.0, 0.1):
        network = Network({"a": answer, "b": answer})
        with trio.move_on_after(5) as scope:
            async with race(["a", "b"], network.dial, stagger=0.01):
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert network.open == set()


async def test_what_goes_wrong_beneath_the_connection_ends_the_block(autojump_clock: MockClock) -> None:
    @asynccontextmanager
    async def dial(address: str) -> AsyncIterator[str]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(break_down)
            yield address

    async def break_down() -> None:
        await trio.sleep(1)
        raise OSError("cable pulled")

    with pytest.RaisesGroup(OSError, flatten_subgroups=True):
        async with race(["a"], dial):
            await trio.sleep_forever()
