"""``kill -9`` at random moments of everything that takes a while: ``verify --deep`` finds nothing, and the work goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from peer.library.albums import create_album, rename_album
from peer.library.library import Library
from tests.fleet.programs import Device
from tests.process.pair import assert_whole, digest, files_in, join, killed, stored, whole, world

pytestmark = pytest.mark.process
ROUNDS = 6
PHOTOS = 30


async def kill_rounds(device: Device, *command: str, count: Callable[[], int], most: int, seed: int) -> None:
    """Kills a command again and again, each time when it got on a little, or a moment later; afterwards nothing is wrong."""
    random, at_work = Random(seed), 0
    for _ in range(ROUNDS):
        goal = count() + random.randrange(1, most)
        at_work += await killed(device, *command, when=lambda goal=goal: count() >= goal, after=random.choice([0, 0, 0.005, 0.02]))  # type: ignore[misc]
        await assert_whole(device)
    assert at_work >= ROUNDS // 2, "it was killed at work, and not after it"


async def test_import(tmp_path: Path) -> None:
    async with world(tmp_path, photos=PHOTOS) as made:
        one = made.one
        folders = one.folder.incoming, one.folder.originals
        await kill_rounds(one, "import", str(made.photos), count=lambda: sum(len(files_in(folder)) for folder in folders), most=10, seed=1)
        done = int(stored(one, "SELECT count(*) FROM asset"))
        outcome = await one.ask("import", str(made.photos))
        assert (outcome["imported"], outcome["skipped"]) == (PHOTOS - done, [])
        assert (await whole(one, deep=True))["originals"] == PHOTOS
        assert len(await one.lines("ls")) == PHOTOS
        assert len(files_in(one.folder.originals)) == PHOTOS
        assert files_in(one.folder.incoming) == []


async def test_upload_download_and_pull(tmp_path: Path) -> None:
    async with world(tmp_path, photos=PHOTOS) as made:
        one, two = made.one, made.two
        await one.ask("import", str(made.photos))
        await kill_rounds(one, "sync", count=made.blobs, most=10, seed=2)
        assert (await one.ask("sync"))["converged"]
        new, again = made.puts()
        assert new == made.blobs() == 2 * PHOTOS
        assert again == 0, "a blob that the relay had acknowledged was sent again"

        await join(made)
        folders = two.folder.originals, two.folder.renditions
        await kill_rounds(two, "sync", count=lambda: sum(len(files_in(folder)) for folder in folders), most=10, seed=3)
        assert (await two.ask("sync"))["converged"]
        assert (await whole(two, deep=True))["originals"] == PHOTOS
        assert {row["original"] for row in await two.lines("ls")} == {"here"}
        assert files_in(two.folder.incoming) == []

        write_many_entries(one, 180)
        await one.ask("sync")
        await kill_rounds(two, "sync", count=lambda: int(stored(two, "SELECT max(entries) FROM log_library")), most=40, seed=4)
        await two.ask("sync")
        await whole(two, deep=True)
        assert digest(one) == digest(two)
        assert made.puts() == (new, 0)


def write_many_entries(device: Device, count: int) -> None:
    library = Library.open(device.folder)
    album = create_album(library, "first title")
    for number in range(count):
        rename_album(library, album, f"title {number}")
    library.close()


async def test_a_killed_peer_and_a_killed_relay(tmp_path: Path) -> None:
    async with world(tmp_path, photos=8) as made:
        await join(made)
        await made.one.start()
        await made.two.start()
        await made.one.ask("import", str(made.photos))
        made.relay.serving.kill()
        await made.relay.serving.stop()
        row = (await made.one.lines("ls"))[0]
        await made.one.ask("set", row["id"], "caption=written while the relay was away")
        assert made.two.peer is not None
        made.two.peer.kill()
        await made.two.stop()
        await made.restart_relay()
        await made.two.start()
        await made.one.settle()
        await made.two.settle()
        await assert_whole(made.one)
        await assert_whole(made.two)
        assert digest(made.one) == digest(made.two)
        shown = await made.two.ask("show", row["id"])
        assert shown["caption"] == "written while the relay was away"
        assert {each["original"] for each in await made.two.lines("ls")} == {"here"}
