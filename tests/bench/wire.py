"""What a change costs on the network: all HTTP bytes, headers and framing included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import trio

from crdt.values import Plain
from peer.engine.session import OTHERS_REPORTS_SECONDS
from peer.engine_address import poke
from peer.library.authoring import Edit
from peer.library.library import Library
from store.ids import RecordId
from tests.bench.counting_proxy import CountingProxy, open_proxy
from tests.bench.figures import Budget, Figure
from tests.bench.many_assets import named_assets
from tests.bench.stage import Scale, Stage, bring_one_photo, open_stage
from tests.fleet.eye import Eye

METHOD = (
    "Both peers run and are in sync, their connections are open. One favourite is toggled on alpha; counted is what alpha sends and receives to bring it to "
    "the relay (pushing), what beta sends and receives to get it (receiving), and what the seen reports of both cost, which go out after five quiet seconds, "
    "once for all changes until then, and are fetched by the other device half a minute later. Counted by the client where its bytes enter and leave the "
    "socket; a counting TCP proxy between the peers and the relay confirms the sum. Medians. Then the same, pushing and receiving together, for a rotation, a "
    "crop, a caption of 60 characters, and 100 favourites set by one command."
)
DIGEST = "SELECT value FROM meta WHERE key = 'digest'"
MANY = 100
FAVORITE = "SELECT favorite FROM asset WHERE record = ?"
REPORTED = "SELECT value FROM meta WHERE key = 'reported:1'"
QUIET_SECONDS = 1.0
"""Longer than anything takes that follows a change or a report; the reports themselves come after five."""
BUDGET = Budget(bound=2048)


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    async with _open_legs(folder) as legs:
        await legs.toggle()
        toggles = [await legs.toggle() for _ in range(scale.of(3, 1))]
        changes = [] if scale.quick else await legs.other_changes()
        fetching = None if scale.quick else await legs.fetch_reports()
    pushing, receiving, reporting, differences = (median(values) for values in zip(*toggles, strict=True))
    figures = [
        Figure(name="one favourite, pushing it", value=pushing, unit="B", budget=BUDGET),
        Figure(name="one favourite, receiving it", value=receiving, unit="B", budget=BUDGET),
        Figure(name="sending the seen reports, both devices", value=reporting, unit="B"),
        Figure(name="difference between meter and proxy", value=differences, unit="B"),
        *changes,
    ]
    return figures if fetching is None else [*figures, Figure(name="fetching the seen reports, both devices", value=fetching, unit="B")]


@dataclass(frozen=True, kw_only=True)
class _Legs:
    """The two devices' ways to the relay, through a proxy that counts."""

    stage: Stage
    proxy: CountingProxy
    library: Library
    record: RecordId
    eyes: tuple[Eye, Eye]

    async def toggle(self) -> tuple[int, int, int, int]:
        """Bytes of pushing, of receiving, of the reports, and how far the proxy's count of all that is off."""
        await self._quiet()
        start, passed = await self._traffic(), self.proxy.passed
        reported = [eye.value(REPORTED) for eye in self.eyes]
        await self._change()
        await self._quiet()
        changed = await self._traffic()
        await self._until_reported(reported)
        await self._quiet()
        end = await self._traffic()
        difference = self.proxy.passed - passed - (sum(end) - sum(start))
        return changed[0] - start[0], changed[1] - start[1], sum(end) - sum(changed), difference

    async def other_changes(self) -> list[Figure]:
        """Bytes of pushing and receiving what people do most."""
        many: list[RecordId] = []
        await self._bring(lambda: many.extend(named_assets(self.library, MANY)))
        changes: dict[str, tuple[list[RecordId], str, Plain]] = {
            "a rotation": ([self.record], "edit:rotate", 90),
            "a crop": ([self.record], "edit:crop", [0.1, 0.1, 0.75, 0.8]),
            "a caption of 60 characters": ([self.record], "caption", "x" * 10 + " The boat in the harbour, seen from the lighthouse."[:50]),
            f"{MANY} favourites by one command": (many, "favorite", True),
        }
        return [Figure(name=name, value=await self._bring(partial(self._set, *change)), unit="B") for name, change in changes.items()]

    def _set(self, records: list[RecordId], field: str, value: Plain) -> None:
        self.library.change(Edit(record, lambda draft, stamp: draft.set(field, value)) for record in records)

    async def _bring(self, change: Callable[[], None]) -> int:
        """Bytes of all that both send and receive until beta has what ``change`` does, without the reports."""
        await self._quiet()
        start = await self._traffic()
        reported = [eye.value(REPORTED) for eye in self.eyes]
        change()
        poke(self.library.folder.engine_address)
        await trio.to_thread.run_sync(partial(self.eyes[1].wait, bytes(self.library.records.digest()), DIGEST))
        await self._quiet()
        cost = sum(await self._traffic()) - sum(start)
        await self._until_reported(reported)
        return cost

    async def fetch_reports(self) -> int:
        """Bytes of what follows the reports."""
        start = await self._traffic()
        await trio.sleep(OTHERS_REPORTS_SECONDS)
        await self._quiet()
        return sum(await self._traffic()) - sum(start)

    async def _change(self) -> None:
        favorite = not self.eyes[1].value(FAVORITE, self.record)
        self.library.change([Edit(self.record, lambda draft, stamp: draft.set("favorite", favorite))])
        poke(self.library.folder.engine_address)
        await trio.to_thread.run_sync(partial(self.eyes[1].wait, int(favorite), FAVORITE, self.record))

    async def _until_reported(self, before: list[object]) -> None:
        async with trio.open_nursery() as nursery:
            for eye, old in zip(self.eyes, before, strict=True):
                nursery.start_soon(trio.to_thread.run_sync, partial(eye.wait_until, partial(_differs, old), REPORTED))

    async def _quiet(self) -> None:
        """Until nothing has passed for a while."""
        before = -1
        while self.proxy.passed != before:
            before = self.proxy.passed
            await trio.sleep(QUIET_SECONDS)

    async def _traffic(self) -> tuple[int, int]:
        """Bytes that each device sent and received so far."""
        totals = []
        for device in (self.stage.alpha, self.stage.beta):
            (node,) = await device.nodes()
            totals.append(node["wire_sent"] + node["wire_received"])
        return totals[0], totals[1]


def _differs(old: object, new: object) -> bool:
    return old != new


@asynccontextmanager
async def _open_legs(folder: Path) -> AsyncIterator[_Legs]:
    async with open_proxy() as proxy:

        def through_proxy(url: str) -> str:
            proxy.target = int(url.rpartition(":")[2])
            return f"http://127.0.0.1:{proxy.port}"

        async with open_stage(folder, relay_address=through_proxy) as stage:
            record = RecordId(await bring_one_photo(stage))
            with (
                closing(Library.open(stage.alpha.folder)) as library,
                closing(Eye(stage.alpha)) as first,
                closing(Eye(stage.beta)) as second,
            ):
                yield _Legs(stage=stage, proxy=proxy, library=library, record=record, eyes=(first, second))
