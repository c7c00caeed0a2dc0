"""Two Syncthings that share one folder: the yardstick for bulk transfer. They know each other's addresses and talk to nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import trio

from tests.network.hosts import Host, HostProgramError

PORT = 22000
WATCHER_SECONDS = 1
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.02

_CONFIGURATION = """<configuration version="35">
<folder id="photos" label="photos" path="{folder}" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="{delay}">
<device id="{one}"></device><device id="{two}"></device></folder>
<device id="{one}" name="one" compression="metadata"><address>tcp://{one_address}:{port}</address></device>
<device id="{two}" name="two" compression="metadata"><address>tcp://{two_address}:{port}</address></device>
<gui enabled="false"></gui>
<options><listenAddress>tcp://0.0.0.0:{port}</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>
<localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
<stunKeepaliveStartS>0</stunKeepaliveStartS><urAccepted>-1</urAccepted><crashReportingEnabled>false</crashReportingEnabled>
<autoUpgradeIntervalH>0</autoUpgradeIntervalH><startBrowser>false</startBrowser><reconnectionIntervalS>1</reconnectionIntervalS></options>
</configuration>
"""


@dataclass(frozen=True, kw_only=True)
class SyncthingPair:
    """Their folders. What is moved into one appears in the other; temporary files there have names that begin with a dot."""

    one: Path
    two: Path

    async def until_equal(self) -> None:
        """All files of the first folder are in the second, in their full size."""
        expected = sizes(self.one)
        while sizes(self.two) != expected:  # noqa: ASYNC110 - another program's files
            await trio.sleep(LOOK_SECONDS)


def sizes(folder: Path) -> dict[str, int]:
    """Of the files in a folder, by name."""
    return {path.name: path.stat().st_size for path in folder.iterdir() if not path.name.startswith(".")}


@asynccontextmanager
async def syncthing_pair(one: Host, two: Host, folder: Path) -> AsyncIterator[SyncthingPair]:
    """Connected, and a first file has passed, so that both are known to watch."""
    homes = {host.name: folder / f"syncthing-{host.name}" for host in (one, two)}
    ids = {host.name: await _generate(host, homes[host.name]) for host in (one, two)}
    pair = SyncthingPair(one=homes[one.name] / "shared", two=homes[two.name] / "shared")
    async with AsyncExitStack() as stack:
        for host, shared in ((one, pair.one), (two, pair.two)):
            home = homes[host.name]
            shared.mkdir()
            values = {"one": ids[one.name], "two": ids[two.name], "one_address": one.ipv4, "two_address": two.ipv4}
            text = _CONFIGURATION.format(folder=escape(str(shared)), delay=WATCHER_SECONDS, port=PORT, **values)
            (home / "config.xml").write_text(text, "utf-8")
            await stack.enter_async_context(_serving(host, home))
        with trio.fail_after(PATIENCE_SECONDS):
            (pair.one / "first").write_bytes(b"first")
            await pair.until_equal()
        yield pair


async def _generate(host: Host, home: Path) -> str:
    """A key in ``home``; the id that follows from it."""
    for arguments in (["generate", "--no-default-folder", "--skip-port-probing"], ["serve", "--device-id"]):
        done = await host.run("env", f"HOME={home}", "syncthing", *arguments, "--home", str(home))
        if done.returncode:
            raise HostProgramError(done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("ascii").strip()


@asynccontextmanager
async def _serving(host: Host, home: Path) -> AsyncIterator[None]:
    log = home / "log"

    def scanned() -> bool:
        return "Completed initial scan" in log.read_text("utf-8", "replace")

    command = ("env", f"HOME={home}", "STNORESTART=1", "STNOUPGRADE=1", "syncthing", "serve", "--home", str(home), "--no-browser")
    async with host.running(*command, log=log, ready=scanned):
        yield
