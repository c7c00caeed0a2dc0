"""A full disk on a device, and what a relay and the network get to see."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.fleet.programs import Device
from tests.process.pair import join, whole, world
from tests.process.recording_proxy import recording

pytestmark = pytest.mark.process
WINDOW = 16


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a few photographs."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(place)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system can't be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_a_full_disk_here_is_a_sentence_and_the_import_goes_on(tmp_path: Path, small_disk: Path) -> None:
    async with world(tmp_path, photos=16) as made:
        device = Device(name="three", library=small_disk / "library")
        await device.ask("init", "--name", "three")
        command = device.command("import", str(made.photos))
        full = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
        assert full.returncode == 1
        assert b"full" in full.stderr or b"no room" in full.stderr
        assert b"othing" in full.stderr
        assert b"Traceback" not in full.stderr
        before = len(await device.lines("ls"))
        assert before < 16
        await trio.run_process(["mount", "-o", "remount,size=100m", str(small_disk)])
        await whole(device, deep=True)
        assert len(await device.lines("ls")) == before
        await device.ask("import", str(made.photos))
        assert len(await device.lines("ls")) == 16
        assert (await whole(device, deep=True))["originals"] == 16


async def test_a_full_disk_here_while_syncing_is_a_reason_and_goes_on(tmp_path: Path, small_disk: Path) -> None:
    async with world(tmp_path, photos=16) as made:
        await made.one.ask("import", str(made.photos))
        await made.one.ask("sync")
        made.two = Device(name="two", library=small_disk / "library")
        await join(made)
        report = await made.two.ask("sync", "--wait", "5", may_end_with=(1, 4))
        assert not report["converged"]
        status = await made.two.ask("status", may_end_with=(0, 1))
        reasons = str(status["stuck"]) + str(report["nodes"])
        assert "room" in reasons or "full" in reasons
        await trio.run_process(["mount", "-o", "remount,size=100m", str(small_disk)])
        await made.two.ask("sync")
        await whole(made.two, deep=True)
        assert {each["original"] for each in await made.two.lines("ls")} == {"here"}


async def test_neither_the_relay_nor_the_network_sees_anything(tmp_path: Path) -> None:
    words = ["IMG_0000", "a very private caption", "secretkeyword", "A hidden album", "my-laptop-name"]
    async with world(tmp_path, photos=4) as made, recording(int(made.relay.url.rpartition(":")[2])) as proxy:
        device = Device(name="private", library=tmp_path / "private")
        phrase = (await device.ask("init", "--name", "my-laptop-name"))["recovery_phrase"]
        token = await made.relay.token()
        await device.ask("relay", "add", f"http://127.0.0.1:{proxy.port}", "--token", token)
        await device.ask("import", str(made.photos))
        row = (await device.lines("ls"))[0]
        await device.ask("set", row["id"], "caption=a very private caption", "keyword+=secretkeyword")
        album = await device.ask("album", "create", "A hidden album")
        await device.ask("album", "add", album["id"], row["id"])
        await device.ask("sync")
        stored = b"\0".join(path.read_bytes() for path in (tmp_path / "relay").rglob("*") if path.is_file())
        seen = bytes(proxy.seen)
        assert len(seen) > sum(path.stat().st_size for path in made.photos.iterdir())
        for place in (stored, seen, (tmp_path / "relay.log").read_bytes()):
            for word in [*words, *(word for word in (phrase,))]:
                assert word.encode() not in place
            windows = {place[start : start + WINDOW] for start in range(0, len(place), 1)}
            for path in made.photos.iterdir():
                original = path.read_bytes()
                for start in range(0, len(original) - WINDOW, WINDOW):
                    run = original[start : start + WINDOW]
                    assert len(set(run)) < 4 or run not in windows
        assert token.encode() not in (tmp_path / "relay.log").read_bytes()


async def test_secrets_lie_in_files_that_nobody_else_can_read(tmp_path: Path) -> None:
    async with world(tmp_path, photos=1) as made:
        await made.one.start()
        private = made.one.library / ".calotype"
        for path in (private / "device.key", private / "library.db", private / "engine.json", tmp_path / "relay" / "node.key"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        assert stat.S_IMODE(private.stat().st_mode) & 0o077 == 0
        assert made.one.peer is not None
        arguments = await trio.Path(f"/proc/{made.one.peer.pid}/cmdline").read_bytes()
        assert b"token" not in arguments
        assert b"phrase" not in arguments
