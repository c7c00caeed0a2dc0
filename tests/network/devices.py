"""Calotype's devices and relays on hosts: the commands are run there, as their people would, and everything else is as on one machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from peer.control import ask
from peer.engine_address import read_address
from tests.fixtures.pictures import jpeg
from tests.fleet.programs import SERVES, Device, ProgramError, Staying, answers_of, program
from tests.network.hosts import Host
from tests.network.namespaces import inside
from tests.network.tls_front import serving_tls
from tests.process.pair import digest, files_in, stored, until

AWAY = ("connecting", "away")


@dataclass(kw_only=True)
class HostDevice(Device):
    """A device whose commands run on ``host``. ``authority``: whose certificates it trusts besides, for relays that tests make."""

    host: Host
    lan: bool = True
    authority: Path | None = None
    serves_at: list[str] = field(default_factory=list)
    """Where other devices reach the running peer, as its ready file says: ``HOST:PORT``."""

    def command(self, *arguments: str) -> list[str]:
        return self.host.command(*self._environment(), *super().command(*arguments))

    async def start(self, *options: str) -> None:
        """The peer, which serves when this returns, with ``options`` of ``calotype run``."""
        assert self.peer is None
        ready = self.library.with_suffix(".ready")
        ready.unlink(missing_ok=True)
        command = [program("calotype"), "run", "--library", str(self.library), "--ready-file", str(ready), *options]
        log = self.library.with_suffix(".log")
        self.peer, _ = await Staying.start(self.host.command(*self._environment(), *command), log, until=SERVES)
        lan = json.loads(ready.read_text("utf-8"))["lan"]
        self.serves_at = [lan] if isinstance(lan, str) else list(lan or ())

    def _environment(self) -> list[str]:
        return [] if self.authority is None else ["env", f"SSL_CERT_FILE={self.authority}"]

    async def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        """To the control socket, which is on the host's loopback: from a thread that is there meanwhile."""
        address = read_address(self.folder.engine_address)
        if address is None:
            raise ProgramError(f"the peer of {self.name} doesn't run")

        def there() -> dict[str, Any]:
            with inside(self.host.namespace):
                return trio.run(ask, address, request)

        return await trio.to_thread.run_sync(there, abandon_on_cancel=True)

    async def connected(self) -> dict[str, dict[str, Any]]:
        """The nodes that it is in touch with, as in ``status``, by name."""
        return {node["name"]: node for node in await self.nodes() if node["state"] not in AWAY}

    async def until_connected(self, *names: str, seconds: float = 20.0) -> None:
        with trio.fail_after(seconds):
            while not set(names) <= set(await self.connected()):  # noqa: ASYNC110 - another process
                await trio.sleep(0.01)

    def port(self) -> int:
        """Of the running peer's server on the network."""
        return int(self.serves_at[0].rpartition(":")[2])

    def has(self, caption: str) -> bool:
        """Whether an asset has that caption here."""
        return bool(stored(self, f"SELECT count(*) FROM asset WHERE caption = '{caption}'"))

    def originals(self) -> int:
        return len(files_in(self.folder.originals))


def same(*devices: Device) -> bool:
    """They show the same library at this moment."""
    return len({digest(device) for device in devices}) == 1


async def until_same(*devices: HostDevice, originals: int = 0, seconds: float = 60.0) -> None:
    """Also that each holds so many originals at least."""
    await until(lambda: same(*devices) and all(device.originals() >= originals for device in devices), seconds=seconds, look=0.02)


async def let_in(inviter: HostDevice, joiner: HostDevice) -> str:
    """By ticket, over whatever network there is, nobody looking at the codes; the ticket."""
    process = await trio.lowlevel.open_process(inviter.command("invite", "--yes"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    buffer = b""
    try:
        with trio.fail_after(60):
            while b"\n" not in buffer:
                chunk = await process.stdout.receive_some(65536)
                if not chunk:
                    raise ProgramError(f"{inviter.name} printed no ticket")
                buffer += chunk
            ticket = str(json.loads(buffer.split(b"\n")[0])["ticket"])
            command = joiner.command("join", "-", "--name", joiner.name, "--yes")
            await answers_of(command, stdin=ticket.encode())
            if await process.wait():
                raise ProgramError(f"`invite` on {inviter.name} failed")
    finally:
        with trio.CancelScope(shield=True):
            if process.poll() is None:
                process.kill()
            await process.wait()
            await process.stdout.aclose()
    return ticket


@dataclass(frozen=True, kw_only=True)
class HostRelay:
    """A relay on a host, with a TLS proxy before it, as it would be run. ``url`` holds on all hosts that trust ``authority``."""

    host: Host
    url: str
    data: Path
    authority: Path

    async def token(self) -> str:
        (created,) = await answers_of([program("calotype-relay"), "token", "create", "--data", str(self.data), "--json"])
        return str(created["token"])

    async def take_on(self, device: HostDevice) -> None:
        """Registers the device's library."""
        device.authority = self.authority
        await device.ask("relay", "add", self.url, "--token", await self.token())


@asynccontextmanager
async def relay_on(host: Host, folder: Path) -> AsyncIterator[HostRelay]:
    data, ready = folder / "relay", folder / "relay.ready"
    command = (program("calotype-relay"), "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--ready-file", str(ready))
    async with host.running(*command, log=folder / "relay.log", ready=ready.exists):
        port = int(json.loads(ready.read_text("utf-8"))["address"].rpartition(":")[2])
        async with serving_tls(host, port, folder / "authority.pem") as front:
            yield HostRelay(host=host, url=f"https://{host.ipv4}:{front}", data=data, authority=folder / "authority.pem")


@asynccontextmanager
async def members(folder: Path, *hosts: Host) -> AsyncIterator[list[HostDevice]]:
    """A device on each host, named after it: the first has made the library, the others have joined it over the network. No peer runs yet; those that
    are started are stopped in the end."""
    devices = [HostDevice(name=host.name, library=folder / host.name, host=host) for host in hosts]
    async with stopping(devices):
        await devices[0].ask("init", "--name", devices[0].name)
        for other in devices[1:]:
            await let_in(devices[0], other)
        yield devices


@asynccontextmanager
async def together(folder: Path, *hosts: Host) -> AsyncIterator[tuple[list[HostDevice], Talk]]:
    """Members whose peers run and have found each other, with one photo that is on all of them."""
    photo = folder / "first.jpg"
    photo.write_bytes(jpeg())
    async with members(folder, *hosts) as devices:
        (asset,) = (await devices[0].ask("import", str(photo)))["assets"]
        for device in devices:
            await device.start()
        for device in devices:
            await device.until_connected(*(other.name for other in devices if other is not device))
        await until_same(*devices, originals=1)
        yield devices, Talk(asset=asset)


@dataclass(kw_only=True)
class Talk:
    """Changes that are made on one device and waited for on others."""

    asset: str
    _count: int = 0

    async def say(self, speaker: HostDevice) -> str:
        """A new caption; which."""
        self._count += 1
        caption = f"caption {self._count} by {speaker.name}"
        await speaker.ask("set", self.asset, f"caption={caption}")
        return caption

    async def tell(self, speaker: HostDevice, *listeners: HostDevice, seconds: float = 20.0) -> None:
        """A new caption, until all show it."""
        caption = await self.say(speaker)
        await until(lambda: all(listener.has(caption) for listener in listeners), seconds=seconds, look=0.01)


@asynccontextmanager
async def stopping(devices: Sequence[Device]) -> AsyncIterator[None]:
    """All at once, in the end."""
    try:
        yield
    finally:
        with trio.CancelScope(shield=True):
            async with trio.open_nursery() as nursery:
                for device in devices:
                    nursery.start_soon(device.stop)
