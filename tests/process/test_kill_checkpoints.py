"""``kill -9`` of whoever writes a checkpoint, loads one, or gives entries up for one: what is left is whole, and doing it again ends it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import trio

from peer.layout import LibraryFolder
from peer.library.albums import create_album, rename_album
from peer.library.checkpoints.loading import checkpoint_to_load
from peer.library.checkpoints.settling import settle
from peer.library.checkpoints.table import acknowledge, acknowledged
from peer.library.library import Library
from peer.library.verifying import verify
from store.ids import EntryHash
from store.settlement import ACTIVE_MS
from tests.bench.many_assets import fill
from tests.fleet.checkpoints import EAGER, acknowledge_all, fetch, give_control
from tests.fleet.libraries import MovedClock, admit, digest, exchange, make_library, report
from tests.process.pair import until

pytestmark = pytest.mark.process
ROUNDS = 4
ASSETS, ENTRIES = 800, 200


class Devices:
    """Two that are here and one that was away, closed while a process works with one of them."""

    def __init__(self, root: Path) -> None:
        self.clock = MovedClock()
        self.root = root
        one = make_library(root / "one", name="one", clock=self.clock)
        two = admit(one, root / "two", name="two")
        away = admit(one, root / "away", name="away", seed=3)
        report(one, two, away)
        create_album(away, "only here")
        self.clock.pass_by(ACTIVE_MS + 1)
        fill(one, ASSETS)
        album = create_album(one, "title")
        for number in range(ENTRIES):
            rename_album(one, album, f"title {number}")
        exchange(one, two)
        for library in (one, two, away):
            library.close()

    def open(self, name: str) -> Library:
        return Library.open(LibraryFolder(self.root / name), clock=self.clock)

    async def kill_rounds(self, step: str, name: str, progress: Callable[[Library], int], *, seed: int) -> None:
        """Kills the step when it got on, or at any moment; then it is done to its end."""
        random, at_work = Random(seed), 0
        for _ in range(ROUNDS):
            goal = self.look(name, progress) + random.choice([0, 1, 10, 40])
            at_work += await self._killed(step, name, lambda goal=goal: self.look(name, progress) >= goal, random.choice([0, 0, 0.03]))  # type: ignore[misc]
            self.assert_whole(name)
        assert at_work >= ROUNDS // 2, "it was killed at work, and not after it"

    async def finish(self, step: str, name: str) -> None:
        await trio.run_process([sys.executable, "-m", "tests.process.checkpoint_steps", step, str(self.root / name)])
        self.assert_whole(name)

    def look(self, name: str, progress: Callable[[Library], int]) -> int:
        with closing(self.open(name)) as library:
            return progress(library)

    def assert_whole(self, name: str) -> None:
        with closing(self.open(name)) as library:
            assert verify(library, deep=True).problems == []

    async def _killed(self, step: str, name: str, when: Callable[[], bool], after: float) -> bool:
        command = [sys.executable, "-m", "tests.process.checkpoint_steps", step, str(self.root / name)]
        process = await trio.lowlevel.open_process(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await until(lambda: process.poll() is not None or when(), look=0.005)
        await trio.sleep(after)
        was_at_work = process.poll() is None
        process.kill()
        await process.wait()
        return was_at_work


def blobs_here(library: Library) -> int:
    return sum(1 for _ in library.checkpoint_blobs.blobs()) + (library.folder.checkpoints / "incoming").is_dir()


def loaded(library: Library) -> int:
    with library.database.read() as connection:
        return int(connection.execute("SELECT (SELECT count(*) FROM past) + (SELECT count(*) FROM record)").fetchone()[0])


def given_up(library: Library) -> int:
    return library.log.figures().stubs


async def test_writing_loading_and_pruning(tmp_path: Path) -> None:
    devices = Devices(tmp_path)
    await devices.kill_rounds("write", "one", blobs_here, seed=1)
    await devices.finish("write", "one")
    with closing(devices.open("one")) as one, closing(devices.open("two")) as two, closing(devices.open("away")) as away:
        exchange(one, two)
        acknowledge_all(one, two)
        name = acknowledged(two)
        assert name is not None
        acknowledge(one, EntryHash(name))
        report(one, two)
        assert settle(one, EAGER) is not None
        exchange(one, two)
        give_control(one, away)
        checkpoint = checkpoint_to_load(away)
        assert checkpoint is not None
        fetch(one, away, checkpoint.blobs)
    await devices.kill_rounds("prune", "one", given_up, seed=2)
    await devices.finish("prune", "one")
    await devices.kill_rounds("load", "away", loaded, seed=3)
    if devices.look("away", lambda library: library.is_loading or checkpoint_to_load(library) is not None):
        await devices.finish("load", "away")
    with closing(devices.open("one")) as one, closing(devices.open("two")) as two, closing(devices.open("away")) as away:
        assert one.log.figures().stubs > ENTRIES
        exchange(one, away, two)
        assert digest(one) == digest(two) == digest(away)
        assert verify(away, deep=True).problems == []
