"""Services that are announced and browsed on hosts, by programs that aren't ours: python-zeroconf's and avahi's."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.network.hosts import Host, HostProgramError
from tests.network.mdns import ANNOUNCED

SERVICE_TYPE = "_calotype._tcp"
PYTHON_SPEAKER = (sys.executable, "-m", "tests.network.mdns")

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
"""
_AVAHI = """[server]
host-name={host}
use-ipv4=yes
use-ipv6=yes
enable-dbus=yes
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
[reflector]
[rlimits]
"""


async def browse(host: Host, seconds: float) -> list[dict[str, Any]]:
    """What python-zeroconf on that host sees, one document for each service or change, in the order in which they were seen."""
    done = await host.run(*PYTHON_SPEAKER, "browse", str(seconds))
    if done.returncode:
        raise HostProgramError(done.stderr.decode("utf-8", "replace"))
    return [json.loads(line) for line in done.stdout.splitlines()]


@asynccontextmanager
async def announcing(host: Host, service: dict[str, Any], log: Path) -> AsyncIterator[None]:
    """A service as ``browse`` gives it is announced from that host, whoever's it is."""

    def announced() -> bool:
        return ANNOUNCED in log.read_text("utf-8", "replace")

    async with host.running(*PYTHON_SPEAKER, "announce", json.dumps(service), log=log, ready=announced):
        yield


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One service as ``avahi-browse --parsable --resolve`` tells it. ``protocol``: ``IPv4`` or ``IPv6``; ``texts``: its TXT strings."""

    interface: str
    protocol: str
    name: str
    type: str
    domain: str
    host: str
    address: str
    port: int
    texts: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Avahi:
    """The daemon that most Linux desktops have, on one host with a message bus of its own."""

    host: Host
    bus: str

    async def browse(self, *, type: str = SERVICE_TYPE) -> list[Seen]:  # noqa: A002 - the standard's word
        """All that the daemon knows after its first look around."""
        done = await self.host.run("env", f"DBUS_SYSTEM_BUS_ADDRESS={self.bus}", "avahi-browse", "-rtp", type)
        if done.returncode:
            raise HostProgramError(done.stderr.decode("utf-8", "replace"))
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        return [_parse(line) for line in lines if line.startswith("=")]


def _parse(line: str) -> Seen:
    _, interface, protocol, name, kind, domain, host, address, port, *text = line.split(";", 9)
    return Seen(
        interface=interface,
        protocol=protocol,
        name=name,
        type=kind,
        domain=domain,
        host=host,
        address=address,
        port=int(port),
        texts=[each.strip('"') for each in text[0].split('" "')] if text and text[0] else [],
    )


@asynccontextmanager
async def avahi_on(host: Host, folder: Path) -> AsyncIterator[Avahi]:
    """``folder`` must have a short name: a socket lies in it."""
    bus, bus_file, avahi_file = folder / "bus", folder / "bus.xml", folder / "avahi.conf"
    bus_file.write_text(_BUS.format(socket=bus), "utf-8")
    avahi_file.write_text(_AVAHI.format(host=host.name), "utf-8")
    address, log = f"unix:path={bus}", folder / "avahi.log"

    def started() -> bool:
        return "Server startup complete" in log.read_text("utf-8", "replace")

    daemon = ("avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "--file", str(avahi_file))
    private = (sys.executable, "-m", "tests.network.private_run", address)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            host.running("dbus-daemon", "--nofork", "--config-file", str(bus_file), log=folder / "bus.log", ready=bus.exists)
        )
        await stack.enter_async_context(host.running(*private, *daemon, log=log, ready=started))
        yield Avahi(host=host, bus=address)
