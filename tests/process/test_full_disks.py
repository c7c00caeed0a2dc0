"""A disk without room, on a device and at the relay: a sentence and exit code 1, nothing lost, and it goes on when there is room."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.fleet.programs import Device
from tests.process.pair import assert_whole, digest, files_in, join, whole, world

pytestmark = pytest.mark.process
PHOTOS = 16


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a few photographs."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system can't be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def make_room(disk: Path) -> None:
    await trio.run_process(["mount", "-o", "remount,size=100m", str(disk)])


async def refused(device: Device, *arguments: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A command that ends with code 1: its answer, and its error."""
    done = await trio.run_process(device.command(*arguments), capture_stdout=True, capture_stderr=True, check=False)
    assert done.returncode == 1, done.stderr
    assert b"Traceback" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1]), json.loads(done.stderr.splitlines()[-1]) if done.stderr else {}


async def test_an_import(tmp_path: Path, small_disk: Path) -> None:
    async with world(tmp_path, photos=PHOTOS, large=True) as made:
        device = Device(name="three", library=small_disk / "library")
        await device.ask("init", "--name", "three")
        outcome, error = await refused(device, "import", str(made.photos))
        assert error["error"] == "no-space"
        assert "The disk is full" in error["message"]
        assert "Nothing was lost" in error["message"]
        assert "Make room" in error["hint"]
        taken = len(await device.lines("ls"))
        assert taken == outcome["imported"] < PHOTOS
        await make_room(small_disk)
        await assert_whole(device)
        again = await device.ask("import", str(made.photos))
        assert again["imported"] == PHOTOS - taken
        assert (await whole(device, deep=True))["originals"] == PHOTOS
        assert files_in(device.folder.incoming) == []


async def test_a_download(tmp_path: Path, small_disk: Path) -> None:
    async with world(tmp_path, photos=PHOTOS, large=True) as made:
        await made.one.ask("import", str(made.photos))
        await made.one.ask("sync")
        made.two = Device(name="two", library=small_disk / "library")
        await join(made)
        report, error = await refused(made.two, "sync")
        assert not report["converged"]
        assert error["error"] == "no-space"
        assert "no room left on this device's disk" in error["message"]
        await make_room(small_disk)
        await assert_whole(made.two)
        await made.two.ask("sync")
        assert (await whole(made.two, deep=True))["originals"] == PHOTOS
        await made.one.ask("sync")
        assert digest(made.one) == digest(made.two)
        assert files_in(made.two.folder.incoming) == []


async def test_an_upload(tmp_path: Path, small_disk: Path) -> None:
    """The relay's disk: entries and what has room there arrive, the rest stays queued."""
    async with world(tmp_path, photos=PHOTOS, relay=small_disk, large=True) as made:
        await made.one.ask("import", str(made.photos))
        report, error = await refused(made.one, "sync")
        assert not report["converged"]
        assert "the node's disk is full" in report["nodes"][0]["reason"] + error.get("message", "")
        status = await made.one.ask("status", may_end_with=(0, 1))
        assert status["stuck"] or error
        await make_room(small_disk)
        assert (await made.one.ask("sync"))["converged"]
        new, again = made.puts()
        assert (new, again) == (made.blobs(), 0)
        assert new == 2 * PHOTOS
        await join(made)
        await made.two.ask("sync")
        assert (await whole(made.two, deep=True))["originals"] == PHOTOS
        await made.one.ask("sync")
        assert digest(made.one) == digest(made.two)
