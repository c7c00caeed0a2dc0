"""Devices on bad lines: whatever a line does, all converge when it is good again, nothing stays open, and a run can be had twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from store.entries import parse_entry
from tests.fleet.node import URL
from tests.simulation.determinism import deterministic
from tests.simulation.wire import Line
from tests.unit.simulation.wire_pair import Pair, pair

BACK_SECONDS = 420.0
"""The longest wait between two tries to connect (five minutes and a quarter), and some."""


def loses(line: Line) -> None:
    line.lose = 0.5


def doubles(line: Line) -> None:
    line.double = 0.5


def holds(line: Line) -> None:
    line.late = 0.3


def is_slow(line: Line) -> None:
    line.latency = (0.5, 8.0)


def drips(line: Line) -> None:
    line.bytes_per_second = 200.0


def is_cut(line: Line) -> None:
    line.cut()


def swallows(line: Line) -> None:
    line.cut(blackhole=True)


@pytest.mark.parametrize("http", [True, False], ids=["http", "direct"])
@pytest.mark.parametrize("fault", [loses, doubles, holds, is_slow, drips, is_cut, swallows])
async def test_all_converge_when_the_line_is_good_again(
    tmp_path: Path, autojump_clock: MockClock, fault: Callable[[Line], None], http: bool
) -> None:
    async with pair(tmp_path, http=http) as both:
        await both.write("anna")
        await both.until_converged(60)
        for line in both.lines:
            fault(line)
        for device in ("anna", "ben", "anna"):
            await both.write(device)
            await trio.sleep(45)
        for line in both.lines:
            line.calm()
        await both.until_converged(BACK_SECONDS)
        assert_each_entry_once(both)


def assert_each_entry_once(both: Pair) -> None:
    """However often a request came."""
    for log in (both.relay_log, both.anna.log, both.ben.log):
        names = [arrived.entry.name for arrived in log.after(0, limit_bytes=10**9)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("http", [True, False], ids=["http", "direct"])
async def test_nothing_is_left_of_a_device_or_a_relay_that_died(tmp_path: Path, autojump_clock: MockClock, http: bool) -> None:
    async with trio.open_nursery() as outer:
        before = tasks()
        async with pair(tmp_path, http=http) as both:
            for line in both.lines:
                line.double = line.late = 0.2
            await both.write("anna")
            await trio.sleep(100)
            both.web.vanish("ben")
            both.scopes["ben"].cancel()
            await trio.sleep(2)
            both.scopes["anna"].cancel()
            await trio.sleep(2 * 60 * 60)  # the relay notices by itself, and what was held comes
            assert [line.things for line in both.lines] == [[], []]
            assert tasks() - before == RELAY_TASKS
        assert tasks() == before
        outer.cancel_scope.cancel()


RELAY_TASKS = 1
"""What waits until the relay's machine ends."""


def tasks() -> int:
    return trio.lowlevel.current_statistics().tasks_living


async def test_a_relay_that_goes_down_breaks_what_is_open_and_comes_back(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with pair(tmp_path) as both, trio.open_nursery() as nursery:
        await both.write("anna")
        await both.until_converged(60)
        both.relay.cancel()
        await trio.sleep(20)
        assert {state.state for engine in both.engines.values() for state in engine.progress.nodes.values()} == {"away"}
        await both.write("ben")
        await nursery.start(both.web.serve, URL, both.node.service)
        await both.until_converged(BACK_SECONDS)
        nursery.cancel_scope.cancel()


class _PowerCut(BaseException):
    """Ends a machine."""


@pytest.mark.parametrize("http", [True, False], ids=["http", "direct"])
async def test_what_ends_a_relay_s_machine_ends_no_device(
    tmp_path: Path, autojump_clock: MockClock, http: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[BaseException] = []
    async with pair(tmp_path, http=http, ended=ended.append) as both:
        await both.until_converged(60)

        def cut(*_: object, **__: object) -> None:
            raise _PowerCut

        monkeypatch.setattr(both.relay_log, "append", cut)
        await both.write("anna")
        await trio.sleep(30)
        assert len(ended) == 1
        assert isinstance(first_of(ended[0]), _PowerCut)
        assert both.web.line("anna", URL).things == []
        assert all(engine.progress.nodes for engine in both.engines.values())


def first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def test_a_request_comes_again_minutes_later_and_changes_nothing(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with pair(tmp_path) as both:
        both.line("anna").double = 1.0
        both.line("anna").held = (100.0, 200.0)
        await both.write("anna")
        await both.until_converged(60)
        arrival = both.relay_log.arrival()
        assert any("will come again later" in line for line in both.story)
        await trio.sleep(300)
        assert both.is_converged
        assert both.relay_log.arrival() == arrival
        assert_each_entry_once(both)


async def _a_life(root: Path, http: bool) -> tuple[list[str], list[object]]:
    async with pair(root, http=http, seed=5) as both:
        for line in both.lines:
            line.lose, line.double, line.late, line.latency = 0.2, 0.1, 0.05, (0.01, 1.0)
        for device in ("anna", "ben", "anna"):
            await both.write(device)
            await trio.sleep(50)
        counts = both.web.counts
        heard = [sorted(part.items()) for part in (counts.calls, counts.received, counts.sent)]
        entries = [parse_entry(arrived.entry.raw).body for arrived in both.relay_log.after(0, limit_bytes=10**9)]
        return both.story, [heard, len(entries), trio.current_time()]


@pytest.mark.parametrize("http", [True, False], ids=["http", "direct"])
def test_two_runs_are_the_same(tmp_path: Path, http: bool) -> None:
    runs = []
    for number in (1, 2):
        with deterministic("a test"):
            run = partial(_a_life, tmp_path / str(number), http)
            runs.append(trio.run(run, clock=MockClock(autojump_threshold=0)))
    assert runs[0] == runs[1]
    assert runs[0][0]


@pytest.mark.parametrize(("http", "milliseconds"), [(True, 40), (False, 15)], ids=["http", "direct"])
async def test_what_a_call_costs(tmp_path: Path, autojump_clock: MockClock, http: bool, milliseconds: float) -> None:
    """Of one processor, in all that a call does on both sides; some ten times what it is on an idle machine."""
    async with pair(tmp_path, http=http) as both:
        await both.until_converged(60)
        start, calls = time.process_time(), both.web.counts.calls.total()
        with suppress(trio.TooSlowError):
            for _ in range(10):
                both.engines["anna"].hurry()
                await trio.sleep(2)
        cost = 1000 * (time.process_time() - start) / (both.web.counts.calls.total() - calls)
    assert cost < milliseconds
