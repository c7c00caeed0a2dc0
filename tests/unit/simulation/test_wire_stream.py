"""Bytes on a line: in order, after their time, never more than were sent, and what each side learns of the other."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.simulation.wire import Line
from tests.simulation.wire.stream import GIVE_UP_SECONDS, WINDOW_BYTES, Connection, End

CLIENT, SERVER = ("10.0.0.1", 40_001), ("127.0.0.1", 9001)


def a_line(story: Callable[[str], None] = lambda _: None, *, seed: int = 1) -> Line:
    return Line("anna and the relay", Random(seed), story)


async def everything(end: End) -> bytes:
    """Until the end, or the break."""
    received = bytearray()
    try:
        while data := await end.receive_some():
            received += data
    except trio.BrokenResourceError:
        pass
    return bytes(received)


async def sent_over(line: Line, pieces: list[bytes]) -> tuple[bytes, float]:
    """What arrives of ``pieces``, and when the end does."""
    connection = Connection(line, CLIENT, SERVER)
    received: list[bytes] = []

    async def receive() -> None:
        received.append(await everything(connection.server))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        try:
            for piece in pieces:
                await connection.client.send_all(piece)
        except trio.BrokenResourceError:
            pass
        await connection.client.aclose()
    return received[0], trio.current_time()


@settings(max_examples=60)
@given(
    st.lists(st.binary(min_size=1, max_size=2_000), max_size=8),
    st.sampled_from([(0.0, 0.0), (0.01, 0.5), (3.0, 9.0)]),
    st.sampled_from([None, 50.0, 100_000.0]),
    st.sampled_from([0.0, 1.0]),
)
def test_what_arrives_is_a_beginning_of_what_was_sent(
    pieces: list[bytes], latency: tuple[float, float], rate: float | None, lose: float
) -> None:
    line = a_line()
    line.latency, line.bytes_per_second, line.lose = latency, rate, lose
    arrived, took = trio.run(sent_over, line, pieces, clock=MockClock(autojump_threshold=0))
    whole = b"".join(pieces)
    assert whole.startswith(arrived)
    if not lose:
        assert arrived == whole
        assert took >= latency[0]
        assert took >= (len(whole) / rate - 1 if rate else 0)


async def test_who_sends_much_waits_for_the_receiver(autojump_clock: MockClock) -> None:
    connection = Connection(a_line(), CLIENT, SERVER)
    with trio.move_on_after(60) as scope:
        await connection.client.send_all(bytes(4 * WINDOW_BYTES))
    assert scope.cancelled_caught
    received = 0
    with trio.move_on_after(60):
        while True:
            received += len(await connection.server.receive_some())
    assert WINDOW_BYTES <= received < 2 * WINDOW_BYTES


async def test_a_cut_line_breaks_what_is_open(autojump_clock: MockClock) -> None:
    line = a_line()
    connection = Connection(line, CLIENT, SERVER)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(everything, connection.server)
        await trio.testing.wait_all_tasks_blocked()
        line.cut()
    with pytest.raises(trio.BrokenResourceError):
        await connection.client.send_all(b"x")
    assert not line.things


async def test_what_a_hole_swallowed_comes_when_it_is_mended(autojump_clock: MockClock) -> None:
    line = a_line()
    connection = Connection(line, CLIENT, SERVER)
    line.cut(blackhole=True)
    await connection.client.send_all(b"hello")
    with trio.move_on_after(GIVE_UP_SECONDS / 2) as scope:
        await connection.server.receive_some()
    assert scope.cancelled_caught
    line.mend()
    assert await connection.server.receive_some() == b"hello"


async def test_who_sends_into_a_hole_gives_up(autojump_clock: MockClock) -> None:
    line = a_line()
    connection = Connection(line, CLIENT, SERVER)
    line.cut(blackhole=True)
    await connection.client.send_all(b"hello")
    start = trio.current_time()
    with pytest.raises(trio.BrokenResourceError):
        await connection.client.receive_some()
    assert trio.current_time() - start == pytest.approx(GIVE_UP_SECONDS)


async def test_who_only_listens_into_a_hole_hears_nothing_for_ever(autojump_clock: MockClock) -> None:
    connection = Connection(a_line(), CLIENT, SERVER)
    connection.vanish()
    with trio.move_on_after(10 * GIVE_UP_SECONDS) as scope:
        await connection.server.receive_some()
    assert scope.cancelled_caught


async def test_the_other_side_gets_what_was_sent_and_then_the_end(autojump_clock: MockClock) -> None:
    connection = Connection(a_line(), CLIENT, SERVER)
    assert not connection.client.is_readable
    await connection.server.send_all(b"last words")
    await connection.server.aclose()
    await trio.sleep(1)
    assert connection.client.is_readable
    assert await everything(connection.client) == b"last words"
    with pytest.raises(trio.BrokenResourceError):
        await connection.client.send_all(b"too late")
    await connection.client.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await connection.client.receive_some()
    assert not connection.line.things


async def test_a_connection_that_breaks_by_itself_is_told_on_both_sides(autojump_clock: MockClock) -> None:
    story: list[str] = []
    line = a_line(story.append)
    line.lose = 1.0
    connection = Connection(line, CLIENT, SERVER)
    await connection.client.send_all(bytes(100_000))
    assert len(await everything(connection.server)) < 100_000
    with pytest.raises(trio.BrokenResourceError):
        await connection.client.receive_some()
    assert story == ["a connection between anna and the relay breaks"]
