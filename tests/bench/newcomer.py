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
from peer.library.checkpoints.acknowledging import acknowledge_best, wanted_blobs
from peer.library.checkpoints.settling import settle
from peer.library.checkpoints.writing import write_checkpoint
from peer.library.library import Library
from peer.seams import run_in_thread
from tests.bench.counting_proxy import CountingProxy, open_proxy
from tests.bench.figures import Budget, Figure
from tests.bench.many_assets import fill
from tests.bench.stage import Scale
from tests.fleet.checkpoints import EAGER, fetch
from tests.fleet.eye import Eye
from tests.fleet.libraries import exchange, report
from tests.fleet.programs import Device, LineReader, peak_memory, start_relay

METHOD = (
    "A library whose assets have EXIF, name, source, thumbnail, preview and ThumbHash, but no files, is at the relay. `calotype join` on an empty folder "
    "is timed from its start to its end: Python's start-up, the handshake, pulling, verifying, storing and applying every entry; its bytes are what passes "
    "between it and the relay. Its memory is looked up every 50 ms (VmHWM). Then the peer runs for some seconds, in which it asks for thumbnails in vain. "
    "Both devices then agree on a checkpoint, in this process, the relay is given it, and another new device joins, which loads that instead of entries. The "
    "budget for time is that for 100,000 assets, scaled."
)
BUDGET_SECONDS, BUDGET_ASSETS = 30, 100_000
RUN_SECONDS = 5
LOOK_SECONDS = 0.05


class _Joining(NamedTuple):
    seconds: float
    memory: int
    passed: int
    """Bytes between the device and the relay, with those of the inviter, which are few."""


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    relay = await start_relay(folder)
    alpha, beta, gamma = (Device(name=name, library=folder / name) for name in ("alpha", "beta", "gamma"))
    try:
        async with open_proxy() as proxy:
            proxy.target = int(relay.url.rpartition(":")[2])
            await alpha.ask("init", "--name", "alpha")
            await alpha.ask("relay", "add", f"http://127.0.0.1:{proxy.port}", "--token", await relay.token())
            entry_bytes = await _fill(alpha, scale.assets)
            joining = await _join(alpha, beta, proxy)
            with closing(Eye(beta)) as eye:
                assert eye.value("SELECT count(*) FROM asset") == scale.assets
            await beta.start()
            assert beta.peer is not None
            await trio.sleep(scale.of(RUN_SECONDS, 1))
            peer_memory = beta.peer.memory()
            await beta.stop()
            checkpoint = await _agree(alpha, beta)
            by_checkpoint = await _join(alpha, gamma, proxy)
            with closing(Eye(gamma)) as eye:
                assert eye.value("SELECT count(*) FROM asset") == scale.assets
                assert eye.value("SELECT stubs > 0 FROM log_library"), "it began with the checkpoint"
    finally:
        await beta.stop()
        await relay.serving.stop()
    count = f"{scale.assets:,} assets"
    budget = Budget(bound=BUDGET_SECONDS * scale.assets / BUDGET_ASSETS)
    return [
        Figure(name=f"new device, {count}: metadata complete", value=joining.seconds, unit="s", budget=budget),
        Figure(name="the same with a checkpoint", value=by_checkpoint.seconds, unit="s", budget=budget),
        Figure(name="bytes of the joining", value=joining.passed / 1e6, unit="MB"),
        Figure(name="the same with a checkpoint", value=by_checkpoint.passed / 1e6, unit="MB"),
        Figure(name="entries in the log", value=entry_bytes / scale.assets, unit="B/asset"),
        Figure(name="a checkpoint", value=checkpoint.size / scale.assets, unit="B/asset"),
        Figure(name="writing it", value=checkpoint.writing, unit="s"),
        Figure(name="comparing it on another device", value=checkpoint.comparing, unit="s"),
        Figure(name="memory of `calotype join`", value=joining.memory / 1e6, unit="MB"),
        Figure(name="the same with a checkpoint", value=by_checkpoint.memory / 1e6, unit="MB"),
        Figure(name=f"memory of its peer, {count}", value=peer_memory / 1e6, unit="MB", budget=Budget(bound=200)),
    ]


class _Checkpoint(NamedTuple):
    size: int
    writing: float
    comparing: float


async def _agree(first: Device, second: Device) -> _Checkpoint:
    """Both compare a checkpoint and settle it; the relay gets its blobs, and all that was said."""
    with closing(Library.open(first.folder)) as alpha, closing(Library.open(second.folder)) as beta:
        made = await trio.to_thread.run_sync(_settle, alpha, beta)
        (settled,) = alpha.log.settled()
        async with library_at(alpha, alpha.nodes.all()[0], run_in_thread) as api:
            for blob in settled.blobs:
                sealed = alpha.checkpoint_blobs.get(blob)
                assert sealed is not None
                await api.put_blob(blob, sealed)
            await push_all(alpha, api, run_in_thread)
            await api.seen([seen.raw for seen in alpha.log.seen()])
    return made


def _settle(alpha: Library, beta: Library) -> _Checkpoint:
    exchange(alpha, beta)
    start = time.perf_counter()
    write_checkpoint(alpha)
    writing = time.perf_counter() - start
    exchange(alpha, beta)
    fetch(alpha, beta, wanted_blobs(beta))
    start = time.perf_counter()
    assert acknowledge_best(beta)
    comparing = time.perf_counter() - start
    report(alpha, beta)
    assert settle(alpha, EAGER) is not None
    return _Checkpoint(size=alpha.checkpoint_blobs.total_bytes(), writing=writing, comparing=comparing)


async def _fill(device: Device, assets: int) -> int:
    """Makes the assets and brings them to the relay: bytes of all entries."""
    with closing(Library.open(device.folder)) as library:
        await trio.to_thread.run_sync(fill, library, assets)
        async with library_at(library, library.nodes.all()[0], run_in_thread) as api:
            await push_all(library, api, run_in_thread)
        return sum(len(arrived.entry.raw) for arrived in library.log.after(0, limit_bytes=2**40))


async def _join(inviter: Device, joiner: Device, proxy: CountingProxy) -> _Joining:
    memory, passed = 0, proxy.passed
    async with trio.open_nursery() as nursery:
        invite = partial(trio.run_process, inviter.command("invite", "--yes", "--no-lan"), stdout=subprocess.PIPE, start_new_session=True)
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
        return _Joining(seconds=time.perf_counter() - start, memory=memory, passed=proxy.passed - passed)
