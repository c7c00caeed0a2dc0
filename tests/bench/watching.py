"""Watched folders: how soon another device sees a new photo, and what a re-saved one costs on the network."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

import trio

from tests.bench.figures import Budget, Figure
from tests.bench.stage import Scale, Stage, bring_one_photo, open_stage
from tests.fixtures.pictures import photo_12_megapixels
from tests.fleet.eye import Eye

METHOD = (
    "Two running peers and a relay, all processes of their own. alpha watches a folder. A photo of 12 megapixels is renamed into it, and the time is "
    "taken until beta's database says that its thumbnail lies there. Then a photo of 5 MB in the folder is written again with another header, and all HTTP "
    "bytes are counted that both peers send and receive until beta has the new version, the new preview and the seen reports included."
)
THUMBNAILS = "SELECT count(*) FROM held WHERE kind = 'thumbnail'"
ORIGINALS = "SELECT count(*) FROM held WHERE kind = 'original'"
PAUSE_SECONDS = 0.5
QUIET_SECONDS = 8.0
"""Previews and reports have come by then."""

SEEN = Budget(bound=500)
RESAVED = Budget(bound=100_000)
PADDING_BYTES = 60_000


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    watched = folder / "watched"
    watched.mkdir()
    async with open_stage(folder) as stage:
        await bring_one_photo(stage)
        await stage.alpha.ask("watch", "add", str(watched))
        delays = await trio.to_thread.run_sync(partial(_seen, stage, watched, scale.of(20, 4)))
        cost = await _resaved(stage, watched)
    return [
        Figure(
            name="new file in a watched folder to its thumbnail on the other device, median", value=median(delays), unit="ms", budget=SEEN
        ),
        Figure(name="the same, slowest", value=max(delays), unit="ms"),
        Figure(name="a photo of 5 MB with a rewritten header, both devices", value=cost, unit="B", budget=RESAVED),
    ]


def _seen(stage: Stage, watched: Path, count: int) -> list[float]:
    """Milliseconds for each photo; the first, for which a decoder has to start, isn't counted."""
    found = []
    with closing(Eye(stage.beta)) as eye:
        before = eye.value(THUMBNAILS)
        assert isinstance(before, int)
        for number in range(count + 1):
            new = watched / f".{number}.jpg"
            new.write_bytes(photo_12_megapixels(seed=100 + number))
            start = time.perf_counter()
            new.rename(watched / f"{number}.jpg")
            found.append((eye.wait(before + number + 1, THUMBNAILS) - start) * 1000)
            time.sleep(PAUSE_SECONDS)
    return found[1:]


async def _resaved(stage: Stage, watched: Path) -> int:
    photo, data = watched / "large.jpg", photo_12_megapixels()
    while len(data) < 5_000_000:
        data = _with_comment(data, Random(len(data)).randbytes(PADDING_BYTES))
    with closing(Eye(stage.beta)) as eye:
        for header in (b"", b"another header"):
            before = eye.value(ORIGINALS)
            assert isinstance(before, int)
            start = await _traffic(stage)
            await trio.Path(photo).write_bytes(_with_comment(data, header) if header else data)
            await trio.to_thread.run_sync(partial(eye.wait, before + 1, ORIGINALS))
            await trio.sleep(QUIET_SECONDS)
    return await _traffic(stage) - start


def _with_comment(picture: bytes, text: bytes) -> bytes:
    return picture[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]


async def _traffic(stage: Stage) -> int:
    """Bytes that both devices sent and received so far."""
    total = 0
    for device in (stage.alpha, stage.beta):
        (node,) = await device.nodes()
        total += node["wire_sent"] + node["wire_received"]
    return total
