"""How long a new device takes to learn of all assets, and what that and its peer need."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

import trio

from peer.engine.connecting import library_at
from peer.engine.exchanging import push_all
from peer.library.library import Library
from peer.seams import run_in_thread
from tests.bench.figures import Budget, Figure
from tests.bench.many_assets import fill
from tests.bench.stage import Scale
from tests.fleet.eye import Eye
from tests.fleet.programs import Device, LineReader, peak_memory, start_relay

METHOD = (
    "A library whose assets have EXIF, name, source, thumbnail, preview and ThumbHash, but no files, is at the relay. `calotype join` on an empty folder "
    "is timed from its start to its end: Python's start-up, the handshake, pulling, verifying, storing and applying every entry. Its memory is looked up "
    "every 50 ms (VmHWM). Then the peer runs for some seconds, in which it asks for thumbnails in vain. The budget for time is that for 100,000 assets, "
    "scaled."
)
BUDGET_SECONDS, BUDGET_ASSETS = 30, 100_000
RUN_SECONDS = 5
LOOK_SECONDS = 0.05


class _Joining(NamedTuple):
    seconds: float
    memory: int


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    relay = await start_relay(folder)
    alpha, beta = (Device(name=name, library=folder / name) for name in ("alpha", "beta"))
    try:
        await alpha.ask("init", "--name", "alpha")
        await alpha.ask("relay", "add", relay.url, "--token", await relay.token())
        entry_bytes = await _fill(alpha, scale.assets)
        joining = await _join(alpha, beta)
        with closing(Eye(beta)) as eye:
            assert eye.value("SELECT count(*) FROM asset") == scale.assets
        await beta.start()
        assert beta.peer is not None
        await trio.sleep(scale.of(RUN_SECONDS, 1))
        peer_memory = beta.peer.memory()
    finally:
        await beta.stop()
        await relay.serving.stop()
    count = f"{scale.assets:,} assets"
    budget = Budget(bound=BUDGET_SECONDS * scale.assets / BUDGET_ASSETS)
    return [
        Figure(name=f"new device, {count}: metadata complete", value=joining.seconds, unit="s", budget=budget),
        Figure(name="entries in the log", value=entry_bytes / scale.assets, unit="B/asset"),
        Figure(name="memory of `calotype join`", value=joining.memory / 1e6, unit="MB"),
        Figure(name=f"memory of its peer, {count}", value=peer_memory / 1e6, unit="MB", budget=Budget(bound=200)),
    ]


async def _fill(device: Device, assets: int) -> int:
    """Makes the assets and brings them to the relay: bytes of all entries."""
    with closing(Library.open(device.folder)) as library:
        await trio.to_thread.run_sync(fill, library, assets)
        async with library_at(library, library.nodes.all()[0], run_in_thread) as api:
            await push_all(library, api, run_in_thread)
        return sum(len(arrived.entry.raw) for arrived in library.log.after(0, limit_bytes=2**40))


async def _join(inviter: Device, joiner: Device) -> _Joining:
    memory = 0
    async with trio.open_nursery() as nursery:
        invite = partial(trio.run_process, inviter.command("invite", "--yes"), stdout=subprocess.PIPE, start_new_session=True)
        inviting: trio.Process = await nursery.start(invite)
        assert inviting.stdout is not None
        ticket: str = json.loads(await LineReader(inviting.stdout).next())["ticket"]
        start = time.perf_counter()
        command = joiner.command("join", "-", "--name", joiner.name, "--yes")
        join = partial(trio.run_process, command, stdin=ticket.encode(), capture_stdout=True, start_new_session=True)
        joining: trio.Process = await nursery.start(join)
        while joining.poll() is None:
            memory = max(memory, peak_memory(joining.pid))
            with trio.move_on_after(LOOK_SECONDS):
                await joining.wait()
        return _Joining(seconds=time.perf_counter() - start, memory=memory)
