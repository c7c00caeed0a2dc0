"""Running the simulator and the suite in a copy of the project, with an end in any case."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import trio

from tests.mutants.copied_tree import environment

SIMULATE = ("-m", "tests.simulation", "--profile", "brief", "--seeds", "{first}..{last}")
"""Says of each seed that all is well, until one fails: then what is wrong, and it ends with code 1."""

SUITE = ("-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "tests.mutants.first_example", "--hypothesis-seed=0")
FAST = ("-m", "not process and not network")
WHOLE_UNIT_PART = ("tests", *(f"--ignore=tests/{each}" for each in ("mutants", "simulation", "unit/simulation", "unit/test_project.py")))
"""Not among it: what would only notice that the copy is one, and the simulator, which comes first anyway."""

SEED_SECONDS = 60.0
SUITE_SECONDS = 1800.0

_FAILED = 1
_WELL = re.compile(r"^\w+ seed \d+: all is well", re.MULTILINE)
_COMPLAINT = re.compile(r"^\w+ seed \d+ fails:\s*(.+)$", re.MULTILINE)
_TEST = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", re.MULTILINE)
_HANGS = re.compile(r"\+ Timeout \+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something turned red: ``how`` is the simulator's sentence, or the test. ``seed``: the simulator's."""

    how: str
    seed: int | None = None


class BrokenProgramError(Exception):
    """A program ended as neither a good run nor a failing one does: its last words."""


async def simulate(root: Path, first: int, last: int) -> Noticed | None:
    """The first seed that fails, or on which the simulator itself breaks down; ``None`` when all end well."""
    command = [part.format(first=first, last=last) for part in SIMULATE]
    ended = await _run(root, command, seconds=SEED_SECONDS * (last - first + 1))
    if ended is None:
        return Noticed(how="it never ended", seed=first)
    code, output = ended
    if code == 0:
        return None
    complaint = _COMPLAINT.search(output)
    if code != _FAILED:
        raise BrokenProgramError(_last_words(output))
    return Noticed(how=complaint[1].strip() if complaint else _last_words(output, lines=1), seed=first + len(_WELL.findall(output)))


async def run_suite(root: Path, paths: Sequence[str]) -> Noticed | None:
    """The first test that fails; ``None`` when none does."""
    ended = await _run(root, [*SUITE, *FAST, *paths], seconds=SUITE_SECONDS)
    if ended is None:
        return Noticed(how="it never ended")
    code, output = ended
    if code == 0:
        return None
    test = _TEST.search(output)
    if test is not None:
        return Noticed(how=test[1])
    if _HANGS.search(output):
        return Noticed(how="a test hangs")
    raise BrokenProgramError(_last_words(output))


async def _run(root: Path, arguments: Sequence[str], *, seconds: float) -> tuple[int, str] | None:
    """Exit code and all output; ``None`` when it had to be ended, with whatever it had started."""
    with trio.move_on_after(seconds):
        done = await trio.run_process(
            [sys.executable, *arguments],
            cwd=root,
            env=environment(root),
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
            start_new_session=True,
            deliver_cancel=_end_group,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")
    return None


async def _end_group(process: trio.Process) -> None:
    os.killpg(process.pid, signal.SIGKILL)


def _last_words(output: str, *, lines: int = 15) -> str:
    return "\n".join(output.strip().splitlines()[-lines:]) or "it said nothing"
