"""How long the inspector takes to answer about a large library, and what it needs for that."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

import trio

from crdt.clock import Stamp
from crdt.draft import Draft
from peer.layout import LibraryFolder
from peer.library.authoring import Edit
from peer.library.creating import create_library
from peer.library.library import Library
from peer.seams import SystemClock, system_randomness
from store.ids import RecordId
from tests.bench.figures import Budget, Figure
from tests.bench.many_assets import fill
from tests.bench.stage import Scale
from tests.fleet.programs import peak_memory, program
from tools.commands.main import COMMANDS

METHOD = (
    "A library whose assets have EXIF, name, source, thumbnail, preview and ThumbHash, but no files, and of which one was edited, lies on the disk and nobody "
    "has it open. Each command runs as a person would run it, as a process from its start to its end, warm: Python's start-up and imports are in it. Times of "
    "the fast ones are medians; `verify` runs once. Memory is the sum of what the command and its processes had in use at most (VmHWM, looked up "
    "every 20 ms). The budget of `verify` is that for 100,000 assets, scaled; its processes share the processors with whatever else runs."
)
ASSETS, QUICK_ASSETS = 100_000, 10_000
ANSWER_SECONDS, PROOF_SECONDS, MEMORY_MB = 1.0, 60.0, 300.0
LOOK_SECONDS = 0.02
EDITS = 20


class _Run(NamedTuple):
    seconds: float
    cpu_seconds: float
    memory: int
    """Bytes."""


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    count = scale.of(ASSETS, QUICK_ASSETS)
    edited = await trio.to_thread.run_sync(_fill, folder / "library", count)
    figures: list[Figure] = []
    for words in _commands(edited):
        repetitions = 1 if words[0] == "verify" else scale.of(5, 3)
        runs = [await trio.to_thread.run_sync(partial(_run, words, folder / "library")) for _ in range(repetitions)]
        figures += _figures(words[0], runs, count)
    return figures


def _fill(folder: Path, count: int) -> RecordId:
    """The record of an asset that was edited several times."""
    library, _ = create_library(LibraryFolder(folder), "alpha", clock=SystemClock(), randomness=system_randomness)
    with closing(library):
        fill(library, count)
        edited = next(record for record, _ in library.records.all())
        for number in range(EDITS):
            _edit(library, edited, number)
    return edited


def _edit(library: Library, record: RecordId, number: int) -> None:
    def apply(draft: Draft, _: Stamp) -> None:
        draft.set("caption", f"caption {number}")

    library.change([Edit(record, apply)])


def _commands(edited: RecordId) -> Iterator[tuple[str, ...]]:
    """Those that there are."""
    text = edited.body.hex()
    for words in (("status",), ("show", text), ("why", text, "caption"), ("heads",), ("verify",)):
        if words[0] in COMMANDS:
            yield words


def _figures(verb: str, runs: Sequence[_Run], count: int) -> Iterator[Figure]:
    seconds, memory = median(run.seconds for run in runs), max(run.memory for run in runs)
    budget = PROOF_SECONDS * count / ASSETS if verb == "verify" else ANSWER_SECONDS
    yield Figure(name=f"`{verb}`, {count:,} assets", value=seconds, unit="s", budget=Budget(bound=budget))
    if verb == "verify":
        yield Figure(name="`verify`, time of all processors", value=median(run.cpu_seconds for run in runs), unit="s")
    yield Figure(name=f"`{verb}`, memory", value=memory / 1e6, unit="MB", budget=Budget(bound=MEMORY_MB))


def _run(words: Sequence[str], library: Path) -> _Run:
    command = [program("calotype-inspect"), *words, "--library", str(library), "--json"]
    before, start = os.times(), time.perf_counter()
    memory: dict[int, int] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        answer = b""
        while process.poll() is None:
            answer += process.stdout.read() or b""
            for pid in _family(process.pid):
                with suppress(FileNotFoundError, ProcessLookupError):
                    memory[pid] = max(memory.get(pid, 0), peak_memory(pid))
            time.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - start
        answer += process.stdout.read() or b""
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with code {process.returncode}")
    json.loads(answer.splitlines()[0])
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return _Run(seconds=seconds, cpu_seconds=cpu, memory=sum(memory.values()))


def _family(pid: int) -> Iterator[int]:
    """A process and all that came from it. Linux only."""
    yield pid
    with suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
            yield from _family(int(child))
