"""Two devices of a library and a relay, with a web between: what the tests of the wire look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import trio

from peer.engine.engine import Engine, EngineParts
from peer.library.albums import create_album
from peer.library.library import Library
from store.log import LogStore
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.fleet.node import URL, FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found, join
from tests.simulation.wire import Hostile, Line, Web


@dataclass
class Pair:
    """``anna`` founded the library, ``ben`` joined it. Their engines run until the block of ``pair`` ends."""

    root: Path
    clock: FakeClock
    node: LocalNode
    web: Web
    hostile: Hostile
    anna: Library
    ben: Library
    story: list[str]
    engines: dict[str, Engine] = field(default_factory=dict)
    scopes: dict[str, trio.CancelScope] = field(default_factory=dict)
    relay: trio.CancelScope = field(default_factory=trio.CancelScope)
    made: int = 0

    @property
    def libraries(self) -> dict[str, Library]:
        return {"anna": self.anna, "ben": self.ben}

    def line(self, device: str) -> Line:
        return self.web.line(device, URL)

    @property
    def lines(self) -> list[Line]:
        return [self.line(device) for device in self.libraries]

    async def start(self, device: str, nursery: trio.Nursery) -> None:
        """Its engine, as on a machine that was switched on."""
        library = self.libraries[device]
        engine = Engine(
            EngineParts(
                library=library,
                connect=self.web.connect(library, device),
                run_blocking=call_directly,
                report_at_once=True,
                look_seconds=3600,
            )
        )
        self.engines[device] = engine
        self.scopes[device] = await nursery.start(_run, engine)

    async def write(self, device: str) -> None:
        """An album and a photo are made there."""
        self.made += 1
        library = self.libraries[device]
        create_album(library, f"Album {self.made}")
        card = self.root / f"card {self.made}"
        card.mkdir()
        (card / "photo.jpg").write_bytes(jpeg(64, 48, seed=self.made))
        await bring(library, card)
        await self.engines[device].library_changed()

    @property
    def is_converged(self) -> bool:
        """Both show the same, have reported so, and hold all bytes; what they wrote is at the relay."""
        same = self.anna.records.digest() == self.ben.records.digest() and self.anna.log.heads() == self.ben.log.heads()
        whole = all(len(list(library.held.all("original"))) == self.made for library in self.libraries.values())
        queues = [library.downloads.count() == (0, 0) for library in self.libraries.values()]
        return same and whole and all(queues) and self.relay_log.heads() == self.anna.log.heads()

    @property
    def relay_log(self) -> LogStore:
        return self.node.parts.logs.of(self.anna.id)

    async def until_converged(self, seconds: float) -> float:
        """How long it took in virtual time; ``trio.TooSlowError`` after ``seconds``."""
        start = trio.current_time()
        with trio.fail_after(seconds):
            while not self.is_converged:  # noqa: ASYNC110 - many things may do it
                await trio.sleep(5)
        return trio.current_time() - start


async def _run(engine: Engine, task_status: trio.TaskStatus[trio.CancelScope]) -> None:
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            task_status.started(scope)


async def _serve(both: Pair, ended: Callable[[BaseException], None] | None, task_status: trio.TaskStatus[None]) -> None:
    try:
        with both.relay:
            await both.web.serve(URL, both.node.service, hostile=both.hostile, task_status=task_status)
    except trio.Cancelled:
        raise
    except BaseException as error:
        if ended is None:
            raise
        ended(error)


@asynccontextmanager
async def pair(
    root: Path, *, http: bool = True, seed: int = 1, ended: Callable[[BaseException], None] | None = None
) -> AsyncIterator[Pair]:
    """``ended``: told what ended the relay's machine."""
    clock, story = WorldClock(), list[str]()
    node = make_node(clock)
    anna = await found(root / "anna", node, clock)
    ben = await join(root / "ben", anna, node, clock)
    web = Web(Random(seed), story.append, http=http)
    web.call_relay(URL, "the relay")
    hostile = Hostile(node.service, Random(seed), "the relay", story.append)
    both = Pair(root=root, clock=clock, node=node, web=web, hostile=hostile, anna=anna, ben=ben, story=story)
    async with trio.open_nursery() as nursery:
        await nursery.start(_serve, both, ended)
        for device in both.libraries:
            await both.start(device, nursery)
        yield both
        nursery.cancel_scope.cancel()
    for library in both.libraries.values():
        library.close()


class WorldClock(FakeClock):
    """Goes with trio's virtual time."""

    def now(self) -> int:
        return self.time + int(trio.current_time() * 1000)
