"""A relay, two devices and some photographs, all of them real."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import trio

from tests.fixtures.pictures import jpeg
from tests.fleet.programs import Device, RelayProgram, start_relay


@dataclass(kw_only=True)
class World:
    """Where everything lies."""

    folder: Path
    relay: RelayProgram
    one: Device
    two: Device
    photos: Path

    async def restart_relay(self) -> None:
        """On the same port, with what it had stored."""
        port = self.relay.url.rpartition(":")[2]
        self.relay = await start_relay(self.folder, listen=f"127.0.0.1:{port}")

    def puts(self) -> tuple[int, int]:
        """How many blobs the relay took as new, and how many it was sent although it had them, by its access log."""
        statuses = [
            line["status"] for line in access_log(self.folder) if line.get("method") == "PUT" and "/blobs/" in str(line.get("route", ""))
        ]
        return statuses.count(201), statuses.count(200)


def access_log(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "relay.log").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


@asynccontextmanager
async def world(folder: Path, *, photos: int = 24) -> AsyncIterator[World]:
    """The first device has a library at the relay, nothing is imported, the second hasn't joined. Everything is stopped at the end."""
    relay = await start_relay(folder)
    card = folder / "card"
    card.mkdir()
    for number in range(photos):
        (card / f"IMG_{number:04}.jpg").write_bytes(jpeg(1200, 900, seed=number))
    made = World(
        folder=folder,
        relay=relay,
        one=Device(name="one", library=folder / "one"),
        two=Device(name="two", library=folder / "two"),
        photos=card,
    )
    try:
        await made.one.ask("init", "--name", "one")
        await made.one.ask("relay", "add", relay.url, "--token", await relay.token())
        yield made
    finally:
        with trio.CancelScope(shield=True):
            await made.one.stop()
            await made.two.stop()
            await made.relay.serving.stop()


async def join(made: World) -> None:
    """The second device joins by ticket."""
    answers: list[Any] = []
    ticket = trio.Event()
    process = await trio.lowlevel.open_process(made.one.command("invite", "--yes"), stdout=subprocess.PIPE)
    assert process.stdout is not None
    buffer = b""
    with trio.fail_after(60):
        async for chunk in process.stdout:
            buffer += chunk
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                answers.append(json.loads(line))
                if not ticket.is_set():
                    ticket.set()
                    await made.two.ask("join", answers[0]["ticket"], "--name", "two", "--yes")
        assert await process.wait() == 0
    assert "joined" in answers[-1]


async def killed(device: Device, random: Random, *arguments: str, earliest: float = 0.25, latest: float = 1.6) -> bool:
    """Start a command and kill it at a random moment, as a power cut would; whether it was still at work then."""
    process = await trio.lowlevel.open_process(
        device.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with trio.move_on_after(random.uniform(earliest, latest)):
        await process.wait()
        return False
    process.kill()
    await process.wait()
    return True


async def whole(device: Device, *, deep: bool = False) -> dict[str, Any]:
    """``verify`` finds nothing."""
    findings: dict[str, Any] = await device.ask("verify", *(["--deep"] if deep else []), may_end_with=(0, 3))
    assert findings["problems"] == [], findings["problems"]
    return findings
