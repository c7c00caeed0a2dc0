"""The relay is stopped in the middle of everything, and comes back; peers that run notice by themselves, and what others write at once."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest
import trio

from peer.commands.invocation import Invocation
from peer.commands.opening import changing
from peer.engine.uploads import AT_ONCE
from peer.library.albums import create_album
from tests.fleet.programs import Device, answers_of
from tests.process.pair import World, access_log, assert_whole, digest, files_in, join, stored, take_photos, until, world

pytestmark = pytest.mark.process
PHOTOS = 24
WRITES = 20
FALLBACK_SECONDS = 2.0
"""After so long a peer that nobody told looks for itself."""


def is_settled(made: World) -> bool:
    """Both have the same, and nothing is left to be sent or fetched."""
    left = [stored(device, f"SELECT count(*) FROM {table}") for device in (made.one, made.two) for table in ("upload", "download")]
    return digest(made.one) == digest(made.two) and left == [0, 0, 0, 0]


async def test_a_relay_that_is_stopped_in_the_middle_of_everything(tmp_path: Path) -> None:
    """By its operator and by a power cut, once with all its sessions gone: nobody has to be told when it is back."""
    async with world(tmp_path, photos=0) as made:
        await join(made)
        for device in (made.one, made.two):
            await device.start()
        for number, ending in enumerate([signal.SIGTERM, signal.SIGKILL]):
            card = take_photos(tmp_path / f"card {number}", PHOTOS, seed=100 * number)
            before = made.blobs()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(answers_of, made.one.command("import", str(card)))
                await until(lambda before=before: made.blobs() > before + 3)  # type: ignore[misc]
                await made.end_relay(ending)
            if ending is signal.SIGKILL:
                end_all_sessions(made)
            await made.restart_relay()
            await until(lambda: is_settled(made), look=0.05)
        for device in (made.one, made.two):
            await assert_whole(device)
            assert len(files_in(device.folder.originals)) == 2 * PHOTOS
        new, again = made.puts()
        assert again == 0, "a blob that the relay had acknowledged was sent again"
        assert 0 <= made.blobs() - new <= AT_ONCE, "a relay that is killed may have stored what it hadn't logged yet"
        errors = [line for line in access_log(tmp_path) if line["level"] == "error"]
        assert errors == []


def end_all_sessions(made: World) -> None:
    with closing(sqlite3.connect(made.relay.data / "relay.db")) as connection:
        connection.execute("DELETE FROM relay_session")
        connection.commit()


async def test_a_running_peer_notices_at_once_what_another_command_wrote(tmp_path: Path) -> None:
    """From the commit in one process to the answer of the relay to the other: all clocks are this machine's."""
    async with world(tmp_path, photos=0) as made:
        await made.one.start()
        await made.one.settle()
        delays = []
        for number in range(WRITES):
            pushes = len(answers_to_pushes(tmp_path))
            committed = await trio.to_thread.run_sync(write_as_a_command_does, made.one, f"title {number}")
            await until(lambda pushes=pushes: len(answers_to_pushes(tmp_path)) > pushes)  # type: ignore[misc]
            delays.append(answers_to_pushes(tmp_path)[-1] - committed)
        assert median(delays) < 0.25, delays
        assert sorted(delays)[-3] < FALLBACK_SECONDS / 2, delays


def write_as_a_command_does(device: Device, title: str) -> float:
    """Commits in this process, and tells the peer as commands do; the moment of the commit."""
    with changing(Invocation(library=device.library, json=True, debug=False)) as library:
        create_album(library, title)
        return time.time()


def answers_to_pushes(folder: Path) -> list[float]:
    """When the relay had answered each push."""
    return [datetime.fromisoformat(line["time"]).timestamp() for line in access_log(folder) if str(line.get("route", "")).endswith("/push")]
