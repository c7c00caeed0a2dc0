"""How long it takes until a change that one device made is seen on another, through a relay on the same host."""

from __future__ import annotations

import subprocess
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from statistics import median, quantiles

import trio

from peer.engine_address import poke
from peer.library.authoring import Edit
from peer.library.library import Library
from store.ids import RecordId
from tests.bench.figures import Budget, Figure
from tests.bench.stage import Scale, Stage, bring_one_photo, open_stage
from tests.fleet.eye import Eye
from tests.fleet.programs import Device

METHOD = (
    "Two running peers and a relay, all processes of their own. A process that stays writes a rating into one library as `calotype set` does "
    "(transaction, then word to the running peer), waits until the row in the other library's database says so (looked up every 0.5 ms), and after "
    "a pause of 20 to 60 ms makes the next change. One clock. The last line starts `calotype set` anew each time, Python's start-up included."
)
QUERY = "SELECT rating FROM asset WHERE record = ?"
PAUSE_SECONDS = (0.02, 0.06)
WARM_UP = 5


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    async with open_stage(folder) as stage:
        record = await bring_one_photo(stage)
        changes = await trio.to_thread.run_sync(partial(changes_seen, stage.alpha, stage.beta, record, scale.of(250, 60)))
        commands = await trio.to_thread.run_sync(partial(_commands, stage, record, scale.of(15, 5)))
    percentile = quantiles(changes, n=100, method="inclusive")[98]
    return [
        Figure(
            name=f"change seen on the other device, median of {len(changes)}", value=median(changes), unit="ms", budget=Budget(bound=100)
        ),
        Figure(name="change seen on the other device, 99th percentile", value=percentile, unit="ms", budget=Budget(bound=500)),
        Figure(name=f"the same from the start of `calotype set`, median of {len(commands)}", value=median(commands), unit="ms"),
    ]


def changes_seen(alpha: Device, beta: Device, record: bytes, count: int) -> list[float]:
    """Milliseconds for each change that is made on alpha."""
    pause, found = Random(1), []
    with closing(Library.open(alpha.folder)) as library, closing(Eye(beta)) as eye:
        for number in range(WARM_UP + count):
            rating = 1 + number % 5
            start = time.perf_counter()
            library.change([_rate(RecordId(record), rating)])
            poke(library.folder.engine_address)
            found.append((eye.wait(rating, QUERY, record) - start) * 1000)
            time.sleep(pause.uniform(*PAUSE_SECONDS))
    return found[WARM_UP:]


def _rate(record: RecordId, rating: int) -> Edit:
    return Edit(record, lambda draft, stamp: draft.set("rating", rating))


def _commands(stage: Stage, record: bytes, count: int) -> list[float]:
    found = []
    with closing(Eye(stage.beta)) as eye:
        for number in range(count):
            rating = 1 + (eye.value(QUERY, record) == 1) + number % 2 * 2
            command = stage.alpha.command("set", record[1:].hex(), f"rating={rating}")
            start = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
                found.append((eye.wait(rating, QUERY, record) - start) * 1000)
                if process.wait():
                    raise RuntimeError("`calotype set` failed")
    return found
