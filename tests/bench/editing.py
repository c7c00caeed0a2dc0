"""How long it takes until an edit that one device made is seen as pictures on another, through a relay on the same host."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median

import trio

from peer.engine_address import poke
from peer.library.editing import edit_photo
from peer.library.library import Library
from store.ids import RecordId
from tests.bench.figures import Budget, Figure
from tests.bench.stage import Scale, bring_one_photo, open_stage
from tests.fixtures.pictures import photo_12_megapixels
from tests.fleet.eye import Eye
from tests.fleet.programs import Device

METHOD = (
    "Two running peers and a relay, all processes of their own; a photo of 12 megapixels whose original is on both. A process that stays writes an "
    "edit into one library (transaction, then word to the running peer) and waits until the other library's database says that thumbnail and preview "
    "of these edits, made from the original, lie there. The first edit waits for a process to start, the others find it running. One clock."
)
MADE = "SELECT hex(made) FROM edited_picture WHERE record = ? AND made = edits AND level = 0"
PAUSE_SECONDS = 0.3
BUDGET = Budget(bound=1000)


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    async with open_stage(folder) as stage:
        record = await bring_one_photo(stage, photo_12_megapixels())
        first, *others = await trio.to_thread.run_sync(partial(_pictures_seen, stage.alpha, stage.beta, RecordId(record), scale.of(20, 4)))
    return [
        Figure(name="edit to re-rendered preview on the other device, first", value=first, unit="ms", budget=BUDGET),
        Figure(name=f"the same, median of {len(others)} that follow", value=median(others), unit="ms", budget=BUDGET),
        Figure(name="the same, slowest", value=max(others), unit="ms", budget=BUDGET),
    ]


def _pictures_seen(alpha: Device, beta: Device, record: RecordId, count: int) -> list[float]:
    """Milliseconds for each edit that is made on alpha."""
    found = []
    with closing(Library.open(alpha.folder)) as library, closing(Eye(beta)) as eye:
        for number in range(count + 1):
            before = eye.value(MADE, record)
            start = time.perf_counter()
            library.change([edit_photo(record, {"exposure": number + 1, "rotate": 90, "saturation": 10 + number})])
            poke(library.folder.engine_address)
            found.append((eye.wait_until(lambda made, before=before: made not in (None, before), MADE, record) - start) * 1000)  # type: ignore[misc]
            time.sleep(PAUSE_SECONDS)
    return found
