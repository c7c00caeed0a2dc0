"""Processes that compute: answers in order, errors where they were asked for, none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from multiprocessing import active_children
from pathlib import Path

import pytest

from tools.proving.workers import WorkerEndedError, open_workers


def doubled(numbers: list[int]) -> list[int]:
    return [2 * number for number in numbers]


def echoed(portion: bytes) -> bytes:
    return portion


def failing(portion: str) -> str:
    raise ValueError(portion)


def ending(portion: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return portion


def process(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("count", [1, 2])
def test_answers_come_in_the_order_of_the_portions(count: int) -> None:
    with open_workers(doubled, at_most=count) as mapped:
        assert list(mapped([[number] for number in range(7)])) == [[2 * number] for number in range(7)]
        assert list(mapped([])) == []
        assert list(mapped([[5]])) == [[10]]
    assert active_children() == []


def test_portions_and_answers_may_be_larger_than_any_pipe() -> None:
    portions = [bytes([number]) * 3_000_000 for number in range(5)]
    with open_workers(echoed, at_most=2) as mapped:
        assert list(mapped(portions)) == portions


def test_an_error_is_raised_where_it_was_asked_for_and_nobody_is_left() -> None:
    with pytest.raises(ValueError, match="this one"), open_workers(failing, at_most=2) as mapped:
        list(mapped(["this one", "another"]))
    assert active_children() == []


def test_a_process_that_was_ended_is_a_sentence() -> None:
    with pytest.raises(WorkerEndedError) as caught, open_workers(ending, at_most=2) as mapped:
        list(mapped(["x"] * 4))
    assert caught.value.message
    assert active_children() == []


def test_who_leaves_early_leaves_nobody_behind() -> None:
    processes: list[int] = []
    with suppress(KeyboardInterrupt), open_workers(process, at_most=2) as mapped:
        for pid in mapped(range(100)):
            processes.append(pid)
            raise KeyboardInterrupt
    assert active_children() == []
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)


def test_processes_end_when_who_started_them_is_killed(tmp_path: Path) -> None:
    """They have its standard output, too: it ends when the last of them does."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from tests.unit.tools.proving.test_workers import process\n"
        "from tools.proving.workers import open_workers\n"
        "if __name__ == '__main__':\n"
        "    with open_workers(process, at_most=2) as mapped:\n"
        "        print(*mapped(range(2)), flush=True)\n"
        "        time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]) as parent:
        assert parent.stdout is not None
        assert len(parent.stdout.readline().split()) == 2
        parent.kill()
        assert parent.communicate(timeout=20)[0] == b""
