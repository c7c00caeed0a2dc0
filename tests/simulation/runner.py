"""One run of one history, from an empty folder to the judgement."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import trio
from trio.testing import MockClock

import tests.simulation.acts  # noqa: F401  (fills the table of acts)
from tests.fleet.libraries import IN_MEMORY
from tests.simulation.determinism import deterministic
from tests.simulation.disk import Disks, PowerCutError
from tests.simulation.history import History
from tests.simulation.oracle import Complaint
from tests.simulation.world import World, told

MAX_STEPS_AT_ONCE = 3_000_000
"""Of tasks, while the world's time stands still: more than that is a circle that nothing leaves."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """``complaints``: empty when all is well. ``counts``: how often each act happened. ``simulated``, ``seconds``: of the world's time and of this
    machine's."""

    history: History
    complaints: tuple[Complaint, ...]
    story: tuple[str, ...]
    counts: Mapping[str, int]
    simulated: float
    seconds: float


class StandstillError(Exception):
    """Tasks run and run, and time stands still."""


class _Standstill(trio.abc.Instrument):
    """Notices it."""

    def __init__(self, clock: MockClock) -> None:
        self._clock = clock
        self._time = -1.0
        self._steps = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS_AT_ONCE:
            now = self._clock.current_time()
            if now == self._time:
                raise StandstillError
            self._time, self._steps = now, 0


def run(history: History, follow: Callable[[str], None] | None = None) -> Result:
    """Live through a history. ``follow`` is told each line of the story at once."""
    begun = time.perf_counter()
    clock = MockClock(autojump_threshold=0)
    logging.disable(logging.CRITICAL)
    try:
        with (
            TemporaryDirectory(prefix="calotype-world-", dir=IN_MEMORY) as root,
            deterministic(history.seed),
            Disks(now=clock.current_time) as disks,
        ):
            world = World(history, Path(root), disks, clock, follow)
            try:
                trio.run(world.live, clock=clock, instruments=[_Standstill(clock)])
            except* (Exception, PowerCutError) as group:  # noqa: BLE001  whatever breaks the world is a finding
                for error in group.exceptions:
                    world.complain("broke", f"the world broke with {told(error)}")
                    if follow is not None:
                        traceback.print_exception(error)
    finally:
        logging.disable(logging.NOTSET)
    return Result(
        history=history,
        complaints=tuple(world.complaints),
        story=tuple(world.story.lines),
        counts=world.counts,
        simulated=clock.current_time(),
        seconds=time.perf_counter() - begun,
    )
