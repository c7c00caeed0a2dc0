"""What a change costs on the network: all HTTP bytes, headers and framing included."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median

import trio

from peer.engine_address import poke
from peer.library.authoring import Edit
from peer.library.library import Library
from store.ids import RecordId
from tests.bench.counting_proxy import CountingProxy, open_proxy
from tests.bench.figures import Budget, Figure
from tests.bench.stage import Scale, Stage, bring_one_photo, open_stage
from tests.fleet.eye import Eye

METHOD = (
    "Both peers run and are in sync, their connections are open. One favourite is toggled on alpha; counted is what alpha sends and receives to bring "
    "it to the relay (pushing), what beta sends and receives to get it (receiving), and afterwards what the seen reports of both cost, which go out "
    "after five quiet seconds, once for all changes until then. Counted by the client where its bytes enter and leave the socket; a counting TCP "
    "proxy between the peers and the relay confirms the sum."
)
FAVORITE = "SELECT favorite FROM asset WHERE record = ?"
REPORTED = "SELECT value FROM meta WHERE key = 'reported:1'"
QUIET_SECONDS = 1.0
"""Longer than anything takes that follows a change or a report; the reports themselves come after five."""
BUDGET = Budget(bound=2048)


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    async with open_proxy() as proxy:

        def through_proxy(url: str) -> str:
            proxy.target = int(url.rpartition(":")[2])
            return f"http://127.0.0.1:{proxy.port}"

        async with open_stage(folder, relay_address=through_proxy) as stage:
            record = await bring_one_photo(stage)
            with closing(Library.open(stage.alpha.folder)) as library, closing(Eye(stage.beta)) as eye:
                toggles = [await _toggle(stage, library, RecordId(record), eye, proxy) for _ in range(scale.of(3, 1) + 1)][1:]
    named = zip(
        ("pushing it", "receiving it", "seen reports, both devices", "difference to the proxy's count"),
        zip(*toggles, strict=True),
        strict=True,
    )
    budgets = {"pushing it": BUDGET, "receiving it": BUDGET}
    return [Figure(name=f"one favourite, {name}", value=median(values), unit="B", budget=budgets.get(name)) for name, values in named]


async def _toggle(stage: Stage, library: Library, record: RecordId, eye: Eye, proxy: CountingProxy) -> tuple[int, int, int, int]:
    """Bytes of pushing, of receiving, of the reports, and how far the proxy's count of all that is off."""
    await _quiet(proxy)
    start, passed = await _traffic(stage), proxy.passed
    favorite = not eye.value(FAVORITE, record)
    reported = [eye.value(REPORTED) for eye in _eyes(stage)]
    library.change([Edit(record, lambda draft, stamp: draft.set("favorite", favorite))])
    poke(library.folder.engine_address)
    await trio.to_thread.run_sync(partial(eye.wait, int(favorite), FAVORITE, record))
    await _quiet(proxy)
    changed = await _traffic(stage)
    await _until_reported(stage, reported)
    await _quiet(proxy)
    end = await _traffic(stage)
    sums = sum(end) - sum(start)
    return changed[0] - start[0], changed[1] - start[1], sum(end) - sum(changed), proxy.passed - passed - sums


def _eyes(stage: Stage) -> list[Eye]:
    return [Eye(device) for device in (stage.alpha, stage.beta)]


async def _until_reported(stage: Stage, before: list[object]) -> None:
    def until_changed(eye: Eye, old: object) -> None:
        eye.wait_until(lambda value: value != old, REPORTED)

    async with trio.open_nursery() as nursery:
        for eye, old in zip(_eyes(stage), before, strict=True):
            nursery.start_soon(trio.to_thread.run_sync, until_changed, eye, old)


async def _quiet(proxy: CountingProxy) -> None:
    """Until nothing has passed for a while."""
    while True:
        before = proxy.passed
        await trio.sleep(QUIET_SECONDS)
        if proxy.passed == before:
            return


async def _traffic(stage: Stage) -> tuple[int, int]:
    """Bytes that each device sent and received so far."""
    totals = []
    for device in (stage.alpha, stage.beta):
        (node,) = await device.nodes()
        totals.append(node["wire_sent"] + node["wire_received"])
    return totals[0], totals[1]
