"""Devices on a local network without a relay, and another program that does the same on the same network."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import trio
from rich.console import Console

from tests.bench.card import fill_card
from tests.bench.figures import Budget, Figure
from tests.bench.latency import changes_seen
from tests.bench.stage import Scale
from tests.network.devices import HostDevice, Talk, members, together, until_same
from tests.network.hosts import Host, Lab, open_lab
from tests.network.namespaces import inside
from tests.network.needs import reason_to_skip
from tests.network.syncthing import syncthing_pair

METHOD = (
    "Hosts in network namespaces, joined by a bridge; all share this machine's processors and disk. Found: from when the second peer says that it serves "
    "until the control sockets of both, which `status` asks, show the other as connected. Changes: as in `latency`, with no relay. Photos: different "
    "12-megapixel JPEGs, imported while both peers run, until the last original has its place on the other device; then, with that one stopped and all "
    "previews made, fetched by a "
    "third device from when its peer serves. Syncthing afterwards, with the same files: from when they are moved into its folder, watched with its "
    "shortest delay of 1 s, until all are in the other's folder in full size."
)
FOUND_BUDGET = Budget(bound=2)
ARRIVAL_SECONDS = 600.0
LOOK_SECONDS = 0.02


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    """Nothing where hosts or Syncthing can't be had: why is said."""
    reason = reason_to_skip("syncthing")
    if reason:
        Console(stderr=True).print(f"lan: not measured, {reason}", highlight=False)
        return []
    parts: list[Callable[[Lab, Path, Scale], Awaitable[list[Figure]]]] = [_found, _changes, _photos]
    figures = []
    for part in parts:
        async with open_lab() as lab:
            place = folder / part.__name__
            place.mkdir()
            figures += await part(lab, place, scale)
    return figures


async def _hosts(lab: Lab, *names: str) -> list[Host]:
    return await lab.hosts(names, await lab.network())


async def _found(lab: Lab, folder: Path, scale: Scale) -> list[Figure]:
    seconds = []
    async with members(folder, *await _hosts(lab, "alpha", "beta")) as (alpha, beta):
        await alpha.start()
        for _ in range(scale.of(15, 3)):
            await beta.start()
            start = time.perf_counter()
            await beta.until_connected(alpha.name)
            await alpha.until_connected(beta.name)
            seconds.append(time.perf_counter() - start)
            await beta.stop()
    return [
        Figure(name=f"found and connected, median of {len(seconds)}", value=median(seconds), unit="s", budget=FOUND_BUDGET),
        Figure(name="found and connected, longest", value=max(seconds), unit="s", budget=FOUND_BUDGET),
    ]


async def _changes(lab: Lab, folder: Path, scale: Scale) -> list[Figure]:
    async with together(folder, *await _hosts(lab, "alpha", "beta")) as ((alpha, beta), talk):
        found = await trio.to_thread.run_sync(partial(_changes_there, alpha, beta, talk, scale.of(250, 60)))
    return [
        Figure(name=f"change seen on the other device, median of {len(found)}", value=median(found), unit="ms", budget=Budget(bound=60)),
        Figure(
            name="change seen on the other device, 99th percentile",
            value=quantiles(found, n=100, method="inclusive")[98],
            unit="ms",
            budget=Budget(bound=500),
        ),
    ]


def _changes_there(alpha: HostDevice, beta: HostDevice, talk: Talk, count: int) -> list[float]:
    """As a program on alpha's host: the running peer is told through that host's loopback."""
    with inside(alpha.host.namespace):
        return changes_seen(alpha, beta, b"\x01" + bytes.fromhex(talk.asset), count)


async def _photos(lab: Lab, folder: Path, scale: Scale) -> list[Figure]:
    count = scale.of(300, 40)
    card = folder / "card"
    size = await trio.to_thread.run_sync(fill_card, card, count)
    hosts = await _hosts(lab, "alpha", "beta", "gamma")
    live, rest, bulk = await _by_calotype(hosts, folder, card)
    other = await _by_syncthing(hosts, folder, card)
    what = f"{count} photos of {size / count / 1e6:.1f} MB"
    return [
        Figure(name=f"{what}: from the import's start until all are there", value=live, unit="s"),
        Figure(name="the same, from the import's end", value=rest, unit="s"),
        Figure(name="the same, imported before, to a device that comes", value=bulk, unit="s"),
        Figure(name="Syncthing, from when they are in its folder", value=other, unit="s"),
        Figure(name="a device that comes, in times of Syncthing", value=bulk / other, unit="×", budget=Budget(bound=1)),
        Figure(name="a device that comes, in bytes", value=size / bulk / 1e6, unit="MB/s"),
    ]


async def _by_calotype(hosts: list[Host], folder: Path, card: Path) -> tuple[float, float, float]:
    """Seconds from the import's start and from its end until beta has everything; and until gamma has, which comes when beta has gone."""
    count = len(list(card.iterdir()))  # noqa: ASYNC240 - before the clock starts
    async with members(folder, *hosts) as (alpha, beta, gamma):
        for device in (alpha, beta):
            await device.start()
        await beta.until_connected(alpha.name)
        start = time.perf_counter()
        await alpha.ask("import", str(card))
        imported = time.perf_counter()
        await _arrived(beta, count)
        arrived = time.perf_counter()
        await until_same(alpha, beta)
        while (await alpha.ask("status"))["previews"]:  # noqa: ASYNC110 - another program's work; nothing else is to be going on then
            await trio.sleep(LOOK_SECONDS)
        await beta.stop()
        await gamma.start()
        came = time.perf_counter()
        await _arrived(gamma, count)
        return arrived - start, arrived - imported, time.perf_counter() - came


async def _arrived(device: HostDevice, count: int) -> None:
    """Originals appear in the tree when they are whole."""
    with trio.fail_after(ARRIVAL_SECONDS):
        while device.originals() < count:  # noqa: ASYNC110 - another program's files
            await trio.sleep(LOOK_SECONDS)


async def _by_syncthing(hosts: list[Host], folder: Path, card: Path) -> float:
    async with syncthing_pair(hosts[0], hosts[1], folder) as pair:
        start = time.perf_counter()
        for path in sorted(card.iterdir()):  # noqa: ASYNC240 - renamed, not copied
            path.rename(pair.one / path.name)
        with trio.fail_after(ARRIVAL_SECONDS):
            await pair.until_equal()
        return time.perf_counter() - start
