"""``kill -9`` of running peers and of their relay, while photos travel and while checkpoints come and entries go: what is left is whole, and all agree."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random

import pytest
import trio

from peer.library.albums import create_album, rename_album
from peer.library.library import Library
from tests.fixtures.pictures import jpeg
from tests.fleet.programs import Device
from tests.process.eager import ENTRIES
from tests.process.pair import World, digest, files_in, join, killed, relay_problems, stored, until, whole, world
from tests.process.siege import besiege, kill_peer, kill_relay, rounds

pytestmark = pytest.mark.process
PHOTOS, LONG_PHOTOS = 12, 2
LONG_BYTES = 9 * 1024 * 1024
ALBUMS = 100
STUBS = "SELECT coalesce(max(stubs), 0) FROM log_library"


# While photos travel


class Importing:
    """``calotype import`` beside a running peer, begun again whenever it was killed."""

    def __init__(self, device: Device, card: Path) -> None:
        self._device = device
        self._card = card
        self._process: trio.Process | None = None

    async def begin(self) -> None:
        command = self._device.command("import", str(self._card))
        self._process = await trio.lowlevel.open_process(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    async def kill(self) -> None:
        """Its library is whole by what is asserted when the peer is killed: that one writes on."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()
        await self.begin()

    async def end(self) -> None:
        assert self._process is not None
        assert await self._process.wait() == 0


def long_photos(card: Path) -> None:
    """Some of several segments, so that a file can be killed in its middle."""
    random = Random(7)
    for number in range(LONG_PHOTOS):
        (card / f"LONG_{number}.jpg").write_bytes(jpeg(320, 240, seed=100 + number) + random.randbytes(LONG_BYTES))


def on_their_way(made: World) -> int:
    """Everything that is in more places than before: files imported, blobs uploaded, segments and files fetched."""
    counted = sum(len(files_in(each)) for each in (made.one.folder.originals, made.two.folder.originals, made.two.folder.renditions))
    return counted + made.blobs() + int(stored(made.two, "SELECT count(*) FROM download_part"))


async def test_peers_relay_and_import_while_photos_travel(tmp_path: Path) -> None:
    async with world(tmp_path, photos=PHOTOS) as made:
        long_photos(made.photos)
        await join(made)
        await made.one.start()
        await made.two.start()
        importing = Importing(made.one, made.photos)
        await importing.begin()
        victims: dict[str, Callable[[], Awaitable[None]]] = {
            "import": importing.kill,
            "one": partial(kill_peer, made.one),
            "two": partial(kill_peer, made.two),
            "relay": partial(kill_relay, made),
        }
        times = rounds(6)
        risen = await besiege(victims, times=times, count=lambda: on_their_way(made), most=9, seed=11)
        assert risen >= min(times, 6) // 2, "they were killed at work, and not after it"
        await importing.end()
        for device in (made.one, made.two):
            await until_all_is_here(device)
        await made.one.stop()
        await made.two.stop()
        for device in (made.one, made.two):
            assert (await whole(device, deep=True))["originals"] == PHOTOS + LONG_PHOTOS
            assert files_in(device.folder.incoming) == []
        assert digest(made.one) == digest(made.two)
        await made.relay.serving.stop()
        assert relay_problems(made.relay.data) == []


async def until_all_is_here(device: Device) -> None:
    """The device has everything and waits for nothing, whatever wait a kill had put on the next try."""
    with trio.fail_after(60):
        while not (await device.settle(5))["converged"] or stored(device, "SELECT count(*) FROM download") or missing(device):  # noqa: ASYNC110
            await trio.sleep(0.05)


def missing(device: Device) -> int:
    return PHOTOS + LONG_PHOTOS - len(files_in(device.folder.originals))


# While checkpoints come and entries go


def write_entries(device: Device, count: int) -> None:
    with closing(Library.open(device.folder)) as library:
        album = create_album(library, "first title")
        for number in range(count):
            rename_album(library, album, f"title {number}")


def make_albums(device: Device) -> None:
    with closing(Library.open(device.folder)) as library:
        for number in range(ALBUMS):
            create_album(library, f"album {number}")


def relay_stored(made: World, query: str) -> int:
    with closing(sqlite3.connect(f"{(made.relay.data / 'relay.db').as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        return int(connection.execute(query).fetchone()[0])


MOST_SECONDS = 5.0

LIVES = (
    "SELECT (SELECT count(*) FROM log_entry WHERE kind IN (6, 7)) + (SELECT count(*) FROM log_settled WHERE verified = 1)"
    " + (SELECT coalesce(sum(stubs), 0) / 5 FROM log_library)"
)
ACKNOWLEDGED = "SELECT count(*) FROM meta WHERE key = 'checkpoint'"


def lives_of_checkpoints(made: World) -> int:
    """Blobs written and fetched, entries about checkpoints, acknowledgements, settlements, and handfuls of entries given up: everywhere."""
    on_devices = sum(
        int(stored(each, LIVES)) + int(stored(each, ACKNOWLEDGED)) + len(files_in(each.folder.checkpoints)) for each in (made.one, made.two)
    )
    return on_devices + relay_stored(made, LIVES) + made.blobs()


async def test_checkpoints_and_what_is_given_up_for_them(tmp_path: Path) -> None:
    """Written, compared, settled and used for pruning by running peers and the relay, and at last loaded by a device that joined and was then away."""
    async with world(tmp_path, photos=0, eager=True) as made:
        await join(made)
        away = Device(name="away", library=tmp_path / "away", run_as=made.one.run_as)
        await join(made, away)
        make_albums(made.one)
        await made.one.start()
        await made.two.start()
        times = rounds(6)
        risen = 0
        for number in range(times):
            write_entries(made.one if number % 2 else made.two, ENTRIES)
            victims = {"one": partial(kill_peer, made.one), "two": partial(kill_peer, made.two), "relay": partial(kill_relay, made)}
            risen += await besiege(victims, times=1, count=lambda: lives_of_checkpoints(made), most=14, seed=20 + number)
        assert risen >= times // 2, "they were killed at work, and not after it"
        await until_pruned(made)
        await made.one.settle()
        await made.two.settle()
        await load_by_pieces(away)
        await made.one.settle()
        await made.one.stop()
        await made.two.stop()
        for device in (made.one, made.two, away):
            await whole(device, deep=True)
            assert int(stored(device, STUBS)) > ALBUMS
        assert digest(made.one) == digest(made.two) == digest(away)
        await made.relay.serving.stop()
        assert relay_problems(made.relay.data) == []


async def until_pruned(made: World) -> None:
    """Another checkpoint comes, whatever was on its way when the last one was killed, and everybody gives up what it stands for."""
    write_entries(made.one, ENTRIES)
    await until(
        lambda: all(int(stored(each, STUBS)) > ALBUMS for each in (made.one, made.two)) and relay_stored(made, STUBS) > ALBUMS, look=0.05
    )


def is_time(count: Callable[[], int], goal: int, latest: float) -> bool:
    return count() >= goal or trio.current_time() > latest


async def load_by_pieces(device: Device) -> None:
    """Killed while it takes the checkpoint in; then it ends that, and the rest comes as entries."""

    def taken_in() -> int:
        return int(
            stored(device, "SELECT (SELECT count(*) FROM past) + (SELECT count(*) FROM record) + (SELECT max(entries) FROM log_library)")
        )

    random = Random(5)
    for _ in range(max(rounds(6) // 3, 2)):
        goal, latest = taken_in() + random.choice([1, 30, 90]), trio.current_time() + MOST_SECONDS  # the one before may have taken in all
        await killed(device, "run", when=partial(is_time, taken_in, goal, latest), after=random.choice([0, 0.01, 0.03]))
    with trio.fail_after(60):
        while not (await device.ask("sync", may_end_with=(0, 1)))["converged"]:  # noqa: ASYNC110
            await trio.sleep(0.05)
