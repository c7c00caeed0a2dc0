"""Photos from several devices at once: the nearest first, none waiting for a slow one, and onwards to a relay that lacks them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
import trio
from trio.testing import MockClock

from peer.engine.board import PATIENCE
from peer.engine.engine import Engine
from peer.library.library import Library
from peer.library.upload_planning import PASS_ON_MS
from relay.api import LibraryApi
from relay.errors import InternalNodeError
from store.ids import BlobId
from tests.fixtures.pictures import box, jpeg, movie
from tests.fleet.imports import bring
from tests.fleet.lan import Host, LocalNetwork
from tests.fleet.node import FakeClock, LocalNode, make_node
from tests.fleet.peers import found, join, running, sync

PHOTOS = 6


class Behaving:
    """Stands before a node and lets tests make it slow or broken; counts the blobs that it gave."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.broken = False
        self.given: list[BlobId] = []

    def __call__(self, api: LibraryApi) -> LibraryApi:
        return _Behaved(api, self)  # type: ignore[return-value]  # it passes on what it doesn't have


class _Behaved:
    def __init__(self, api: LibraryApi, how: Behaving) -> None:
        self._api = api
        self._how = how

    def __getattr__(self, name: str) -> object:
        return getattr(self._api, name)

    async def get_blob(self, blob: BlobId) -> bytes:
        await trio.sleep(self._how.seconds)
        if self._how.broken:
            raise InternalNodeError("a fault in the node")
        sealed = await self._api.get_blob(blob)
        self._how.given.append(blob)
        return sealed


class World:
    """A relay that everybody reaches, and three devices on one network: two have the same photos, the third has none yet."""

    def __init__(self, clock: FakeClock, relay: LocalNode, libraries: Sequence[Library]) -> None:
        self.clock = clock
        self.relay = relay
        self.network = LocalNetwork()
        self.hosts = [self.network.join(library) for library in libraries]
        self.at_relay, self.at_hosts = Behaving(), [Behaving() for _ in libraries]
        relay.between = self.at_relay
        for host, behaving in zip(self.hosts, self.at_hosts, strict=True):
            host.between = behaving

    @property
    def newcomer(self) -> Host:
        return self.hosts[2]

    def engines(self, *hosts: Host, relay: bool = True) -> list[Engine]:
        for host in hosts:
            host.is_up = True
        return [host.engine(self.relay if relay else None) for host in hosts]


async def make_world(tmp_path: Path, *, photos: int = PHOTOS, long: bool = False) -> World:
    clock = FakeClock()
    relay = make_node(clock)
    one = await found(tmp_path / "one", relay, clock)
    two = await join(tmp_path / "two", one, relay, clock)
    card = tmp_path / "card"
    card.mkdir()
    for seed in range(photos):
        (card / f"{seed}.jpg").write_bytes(jpeg(64, 48, seed=seed))
    if long:
        (card / "long.mp4").write_bytes(movie() + box(b"free", Random(1).randbytes(36 * 1024 * 1024)))
    await bring(one, card)
    for library in (one, two):
        await sync(library, relay)
    three = await join(tmp_path / "three", one, relay, clock, name="three", seed=9)
    return World(clock, relay, [one, two, three])


async def until_all_is_there(world: World, engine: Engine, count: int) -> float:
    start = trio.current_time()
    with trio.fail_after(600):
        while len(list(world.newcomer.library.held.all("original"))) < count:
            await engine.progress.changed.next()
    return trio.current_time() - start


async def test_the_local_network_comes_before_the_relay(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = await make_world(tmp_path)
    engines = world.engines(*world.hosts)
    async with running(*engines):
        world.network.tell()
        await until_all_is_there(world, engines[2], PHOTOS)
    assert world.at_relay.given == []
    assert sum(len(each.given) for each in world.at_hosts) == PHOTOS


async def test_photos_come_from_both_who_have_them_side_by_side(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = await make_world(tmp_path, photos=16)
    for each in world.at_hosts:
        each.seconds = 1
    engines = world.engines(*world.hosts)
    async with running(*engines):
        world.network.tell()
        assert await until_all_is_there(world, engines[2], 16) < 3.5
    assert len(world.at_hosts[0].given) == len(world.at_hosts[1].given) == 8


async def test_segments_of_a_long_film_come_from_both(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = await make_world(tmp_path, photos=0, long=True)
    for each in world.at_hosts:
        each.seconds = 1
    engines = world.engines(*world.hosts)
    async with running(*engines):
        world.network.tell()
        await until_all_is_there(world, engines[2], 1)
    given = world.at_hosts[0].given + world.at_hosts[1].given
    assert len(given) == len(set(given)) == 10
    assert min(len(world.at_hosts[0].given), len(world.at_hosts[1].given)) >= 4


async def test_one_that_hangs_holds_up_nobody(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = await make_world(tmp_path)
    world.at_hosts[0].seconds = 250
    engines = world.engines(*world.hosts)
    async with running(*engines):
        world.network.tell()
        assert await until_all_is_there(world, engines[2], PHOTOS) < PATIENCE + 5


async def test_the_relay_steps_in_for_a_neighbour_that_hangs(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = await make_world(tmp_path)
    world.at_hosts[0].seconds = 250
    engines = world.engines(world.hosts[0], world.newcomer)
    async with running(*engines):
        world.network.tell()
        assert await until_all_is_there(world, engines[1], PHOTOS) < PATIENCE + 5
    assert len(world.at_relay.given) == PHOTOS


async def test_what_fails_at_one_node_comes_from_another_at_once(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = await make_world(tmp_path)
    world.at_hosts[0].broken = True
    engines = world.engines(world.hosts[0], world.newcomer)
    async with running(*engines):
        world.network.tell()
        assert await until_all_is_there(world, engines[1], PHOTOS) < 3
        assert world.newcomer.library.downloads.stuck() == []


async def test_what_fails_everywhere_says_why_and_is_tried_again(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = await make_world(tmp_path, photos=1)
    world.at_hosts[0].broken = world.at_relay.broken = True
    engines = world.engines(world.hosts[0], world.newcomer)
    library = world.newcomer.library
    async with running(*engines):
        world.network.tell()
        with trio.fail_after(60):
            while not library.downloads.stuck():
                await engines[1].progress.changed.next()
        assert {stuck.reason for stuck in library.downloads.stuck()} == {"a fault in the node"}
        world.at_hosts[0].broken = world.at_relay.broken = False
        world.clock.time += 10 * 60_000
        await until_all_is_there(world, engines[1], 1)


async def test_a_neighbour_carries_photos_of_a_device_without_internet_to_the_relay(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = await make_world(tmp_path, photos=1)
    inside, way_out, _ = world.hosts
    card = tmp_path / "new"
    card.mkdir()
    (card / "new.jpg").write_bytes(jpeg(64, 48, seed=99))
    await bring(inside.library, card)
    before = len(list(world.relay.parts.blobs.blobs()))
    engines = [*world.engines(inside, relay=False), *world.engines(way_out)]
    async with running(*engines):
        world.network.tell()
        with trio.fail_after(60):
            while way_out.library.uploads.count()[0] < 2:
                await engines[1].progress.changed.next()
        assert way_out.library.uploads.due(1, world.clock.now(), 10) == []  # the other device may be doing it
        world.clock.time += PASS_ON_MS
        with trio.fail_after(60):
            while way_out.library.uploads.count()[0]:
                await engines[1].progress.changed.next()
    assert len(list(world.relay.parts.blobs.blobs())) == before + 2


@pytest.mark.parametrize("survey", [True, False])
async def test_a_neighbour_that_has_nothing_is_asked_once_about_many(tmp_path: Path, autojump_clock: MockClock, survey: bool) -> None:
    count = 24 if survey else 3
    world = await make_world(tmp_path, photos=count)
    two = world.hosts[1].library
    for held in list(two.held.all("original")):
        two.held.forget(held.file)
    engines = world.engines(world.hosts[1], world.newcomer)
    async with running(*engines):
        world.network.tell()
        await until_all_is_there(world, engines[1], count)
    assert len(world.at_relay.given) == count
    assert world.hosts[1].calls["get_blob"] <= 12
