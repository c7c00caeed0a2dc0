"""Processes that compute for a proof. They are given portions and answer each; they open nothing and keep nothing.

Rules:

- A portion is given to a process only when that has answered the one before, so neither side ever writes to a full pipe whose other end writes too.
- While processes compute, the next portion is made ready. Answers come in the order of the portions.
- Where there is little to do, or one processor, this process does it itself.
- No process outlives this one: it reads the end of its pipe, however this one ended. Whoever leaves the block ends them at once. A key that stops the
  command stops them by that way alone.
"""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from peer.errors import CalotypeError, ExitCode

Map: TypeAlias = Callable[[Iterable[Any]], Iterator[Any]]
"""As the built-in ``map`` with its function given."""

MOST_PROCESSES = 2
"""Each takes some 60 MB."""

_LAST_SECONDS = 5.0
_ALLOCATIONS_BETWEEN_SEARCHES = 100_000


class WorkerEndedError(CalotypeError):
    """A process ended by itself: out of memory, or killed by somebody."""

    exit_code = ExitCode.PARTLY
    hint = "Nothing was changed. Run the command again when the machine has more memory free."

    def __init__(self) -> None:
        super().__init__("A process that computes for this command was ended by the system.")


@contextmanager
def open_workers(work: Callable[[Any], Any], *, at_most: int | None = None) -> Iterator[Map]:
    """What applies ``work`` (picklable) to each of many portions, by so many processes: ``None``: as many as there are processors, and at most two;
    fewer than two: none but this one."""
    count = min(MOST_PROCESSES, os.cpu_count() or 1) if at_most is None else at_most
    if count < 2:
        yield lambda portions: map(work, portions)
        return
    context = get_context("spawn")
    ends: list[Connection] = []
    processes = []
    try:
        for _ in range(count):
            end, its_end = context.Pipe()
            process = context.Process(target=_run, args=(its_end, work), daemon=True)
            process.start()
            its_end.close()
            ends.append(end)
            processes.append(process)
        yield lambda portions: _mapped(ends, portions)
    finally:
        for end in ends:
            end.close()
        for process in processes:
            process.terminate()
            process.join(_LAST_SECONDS)


def _mapped(ends: list[Connection], portions: Iterable[Any]) -> Iterator[Any]:
    idle = deque(ends)
    busy: deque[Connection] = deque()
    for portion in portions:
        if idle:
            end = idle.popleft()
            _send(end, portion)
            busy.append(end)
            continue
        end = busy.popleft()
        answer = _receive(end)
        _send(end, portion)
        busy.append(end)
        yield answer
    while busy:
        yield _receive(busy.popleft())


def _send(end: Connection, portion: Any) -> None:
    try:
        end.send(portion)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise WorkerEndedError from error


def _receive(end: Connection) -> Any:
    try:
        answer, error = end.recv()
    except (EOFError, ConnectionResetError) as ended:
        raise WorkerEndedError from ended
    if error is not None:
        raise error
    return answer


def _run(end: Connection, work: Callable[[Any], Any]) -> None:
    """What a process does until nobody asks any more. What it makes has no cycles, so it is seldom worth a search for garbage."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_SEARCHES)
    while True:
        try:
            portion = end.recv()
            answer: tuple[Any, Exception | None]
            try:
                answer = work(portion), None
            except Exception as error:  # noqa: BLE001 - it is raised again where it was asked for
                answer = None, error
            end.send(answer)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
