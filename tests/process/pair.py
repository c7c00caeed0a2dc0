"""A relay, two devices and some photographs, all of them real."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from peer.library.library import Library
from peer.library.verifying import verify
from tests.fixtures.pictures import jpeg
from tests.fleet.programs import Device, RelayProgram, start_relay

LOOK_SECONDS = 0.002
PATIENCE_SECONDS = 60.0


@dataclass(kw_only=True)
class World:
    """Where everything lies."""

    folder: Path
    relay: RelayProgram
    one: Device
    two: Device
    photos: Path
    token: str
    """What the library was registered with."""
    eager: bool = False
    """Whether checkpoints come at once (``tests.process.eager``)."""

    async def end_relay(self, number: signal.Signals) -> None:
        """As its operator (SIGTERM) or a power cut (SIGKILL) ends it."""
        if number is signal.SIGKILL:
            self.relay.serving.kill()
        await self.relay.serving.stop()

    async def restart_relay(self) -> None:
        """On the same port, with what it had stored."""
        port = self.relay.url.rpartition(":")[2]
        self.relay = await start_relay(self.folder, listen=f"127.0.0.1:{port}", run_as=run_as("calotype-relay", eager=self.eager))

    def blobs(self) -> int:
        """How many the relay holds."""
        return len(files_in(self.relay.data / "blobs"))

    def puts(self) -> tuple[int, int]:
        """How many blobs the relay took as new, and how many it was sent although it had them, by its access log."""
        statuses = [
            line["status"] for line in access_log(self.folder) if line.get("method") == "PUT" and "/blobs/" in str(line.get("route", ""))
        ]
        return statuses.count(201), statuses.count(200)


def run_as(name: str, *, eager: bool) -> list[str]:
    """How a program is started, if not as it is installed."""
    return [sys.executable, "-m", "tests.process.eager", name] if eager else []


def access_log(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "relay.log").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def take_photos(folder: Path, count: int, *, large: bool = False, seed: int = 0) -> Path:
    """A card with ``count`` photographs on it, of some 30 KB, or some 300 KB."""
    folder.mkdir()
    for number in range(count):
        (folder / f"IMG_{number:04}.jpg").write_bytes(jpeg(*((1200, 900) if large else (320, 240)), seed=seed + number))
    return folder


@asynccontextmanager
async def world(
    folder: Path, *, photos: int = 24, large: bool = False, relay: Path | None = None, initialised: bool = True, eager: bool = False
) -> AsyncIterator[World]:
    """The first device has a library at the relay (in ``relay/relay``), unless it isn't to be ``initialised``; nothing is imported, the
    second hasn't joined. Everything is stopped at the end."""
    serving = await start_relay(relay or folder, run_as=run_as("calotype-relay", eager=eager))
    made = World(
        folder=relay or folder,
        relay=serving,
        one=Device(name="one", library=folder / "one", run_as=run_as("calotype", eager=eager)),
        two=Device(name="two", library=folder / "two", run_as=run_as("calotype", eager=eager)),
        photos=take_photos(folder / "card", photos, large=large),
        token=await serving.token(),
        eager=eager,
    )
    try:
        if initialised:
            await made.one.ask("init", "--name", "one")
            await made.one.ask("relay", "add", serving.url, "--token", made.token)
        yield made
    finally:
        with trio.CancelScope(shield=True):
            await made.one.stop()
            await made.two.stop()
            await made.relay.serving.stop()


async def join(made: World, device: Device | None = None) -> str:
    """The second device, or another one, joins by ticket; the ticket."""
    newcomer = device or made.two
    answers: list[Any] = []
    process = await trio.lowlevel.open_process(made.one.command("invite", "--yes"), stdout=subprocess.PIPE)
    assert process.stdout is not None
    buffer = b""
    with trio.fail_after(PATIENCE_SECONDS):
        async for chunk in process.stdout:
            buffer += chunk
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                answers.append(json.loads(line))
                if len(answers) == 1:
                    await newcomer.ask("join", answers[0]["ticket"], "--name", newcomer.name, "--yes")
        assert await process.wait() == 0
    assert "joined" in answers[-1]
    return str(answers[0]["ticket"])


async def killed(device: Device, *arguments: str, when: Callable[[], bool], after: float = 0.0) -> bool:
    """Start a command and kill it with -9 when it got somewhere, or ``after`` some seconds more; whether it was still at work then."""
    process = await trio.lowlevel.open_process(
        device.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await until(lambda: process.poll() is not None or when())
        await trio.sleep(after)
        return process.poll() is None
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


async def until(holds: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS, look: float = LOOK_SECONDS) -> None:
    """What other processes do is only seen by looking."""
    with trio.fail_after(seconds):
        while not holds():  # noqa: ASYNC110
            await trio.sleep(look)


async def whole(device: Device, *, deep: bool = False) -> dict[str, Any]:
    """``verify`` finds nothing."""
    findings: dict[str, Any] = await device.ask("verify", *(["--deep"] if deep else []), may_end_with=(0, 3))
    assert findings["problems"] == [], findings["problems"]
    return findings


async def assert_whole(device: Device) -> None:
    """What ``verify --deep`` does finds nothing: in this process, which saves the time that a command takes to start."""

    def look() -> list[str]:
        with closing(Library.open(device.folder)) as library:
            return verify(library, deep=True).problems

    problems = await trio.to_thread.run_sync(look)
    assert problems == [], problems


def files_in(folder: Path) -> list[Path]:
    """All files, but for the locks of those who are at work there: what they take away meanwhile isn't counted, and isn't an error."""
    found = (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    return [path for path in found if path.suffix != ".lock" and path.is_file()]


def stored(device: Device, query: str) -> Any:
    """What the library's database answers, beside whoever writes into it."""
    with closing(sqlite3.connect(f"{device.folder.database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        row = connection.execute(query).fetchone()
    return None if row is None else row[0]


def digest(device: Device) -> bytes:
    """The library digest as it is stored now."""
    return bytes(stored(device, "SELECT value FROM meta WHERE key = 'digest'"))


def relay_problems(data: Path) -> list[str]:
    """What is wrong with a relay's folder while nobody serves it: blobs that aren't what they are named, or are said to be held and aren't there."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files_in(data / "blobs")}
    with closing(sqlite3.connect(data / "relay.db")) as connection:
        held = {blob.hex() for (blob,) in connection.execute("SELECT blob FROM relay_holding")}
        damage = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    damaged = [f"blob {name} is {digest}" for name, digest in found.items() if name != digest]
    return [*damage, *damaged, *(f"blob {name} is held and not there" for name in sorted(held - found.keys()))]
