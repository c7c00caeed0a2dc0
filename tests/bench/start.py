"""How long a command takes that does almost nothing."""

from __future__ import annotations

import subprocess
import time
from functools import partial
from pathlib import Path
from statistics import median

import trio

from tests.bench.figures import Figure
from tests.bench.stage import Scale
from tests.fleet.programs import Device

METHOD = "From start to end of the process, warm: Python's start-up, imports, opening the library. Median."


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    alpha = Device(name="alpha", library=folder / "alpha")
    await alpha.ask("init", "--name", "alpha")
    count = scale.of(9, 3)
    commands = {
        "`calotype --help`": [*alpha.command()[:1], "--help"],
        "`calotype digest`": alpha.command("digest"),
        "`calotype ls`": alpha.command("ls"),
    }
    return [
        Figure(name=name, value=await trio.to_thread.run_sync(partial(_milliseconds, command, count)), unit="ms")
        for name, command in commands.items()
    ]


def _milliseconds(command: list[str], count: int) -> float:
    seconds = []
    for _ in range(count + 1):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    return median(seconds[1:]) * 1000
