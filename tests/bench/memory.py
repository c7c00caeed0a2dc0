"""What relay and peers need while many photos go through them, and how fast those go from folder to folder."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.stage import Scale, Stage, open_stage
from tests.fixtures.pictures import box, movie
from tests.fleet.programs import Device

METHOD = (
    "Files of 3 MB are imported on alpha, uploaded by its running peer, downloaded by that of beta, and placed there; nothing is left to do with the relay at "
    "the end. They are videos, of which no pictures are made, so this measures transfers: reading, sealing, sending, verifying, making durable, opening, "
    "assembling. Memory is the highest resident set (VmHWM) since the start of each process. Rates are bytes of files from the start of a peer "
    "until all its transfers are done, with everything on one disk and two cores."
)
FILE_BYTES = 3_000_000


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    megabytes = scale.of(3000, 300)
    async with open_stage(folder) as stage:
        videos = _write_videos(folder / "videos", megabytes * 1_000_000 // FILE_BYTES)
        start = time.perf_counter()
        await stage.alpha.ask("import", str(videos), "--move")
        seconds = time.perf_counter() - start
        shutil.rmtree(videos)
        up, down = await _transfer(stage.alpha), await _transfer(stage.beta)
        return [
            Figure(name=f"import of {megabytes:,} MB of videos", value=megabytes / seconds, unit="MB/s"),
            Figure(name="upload by the peer, sealing included", value=megabytes / up, unit="MB/s"),
            Figure(name="download by the peer, verified and placed", value=megabytes / down, unit="MB/s"),
            *_memory(stage, megabytes),
        ]


def _write_videos(folder: Path, count: int) -> Path:
    """Each with a beginning of its own in what it says to be its pictures."""
    folder.mkdir()
    head = movie()[: -len(box(b"mdat", bytes(1000)))]
    rest = os.urandom(FILE_BYTES - len(head) - 8 - 16)
    for number in range(count):
        (folder / f"VID_{number:05}.MP4").write_bytes(head + box(b"mdat", os.urandom(16), rest))
    return folder


async def _transfer(device: Device) -> float:
    """Seconds until the peer, just started, has nothing left to do."""
    start = time.perf_counter()
    await device.start()
    report = await device.settle()
    if not report["converged"]:
        raise RuntimeError(f"{device.name} didn't get everything across: {report}")
    return time.perf_counter() - start


def _memory(stage: Stage, megabytes: int) -> list[Figure]:
    assert stage.alpha.peer is not None
    assert stage.beta.peer is not None
    processes = {"relay": stage.relay.serving, "peer that sent them": stage.alpha.peer, "peer that received them": stage.beta.peer}
    return [
        Figure(name=f"memory after {megabytes:,} MB: {name}", value=process.memory() / 1e6, unit="MB")
        for name, process in processes.items()
    ]
