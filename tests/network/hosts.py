"""Hosts and the networks between them.

    async with open_lab() as lab:
        network = await lab.network()
        alpha, beta = await lab.host("alpha", network), await lab.host("beta", network)
        await alpha.run("ip", "address")
        await beta.cables[0].pull()

A network is a bridge in a namespace of its own, a host another namespace, a cable a pair of virtual interfaces between the two. None
of it touches the machine's own network, and there is no way out. Everything goes away with the lab, also what runs on its hosts.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import trio

from tests.network.namespaces import add_namespace, inside, remove_namespace, tool
from tests.network.needs import PACKAGE_OF, program_path

START_SECONDS = 30.0
STOP_SECONDS = 10.0
LOOK_SECONDS = 0.005
BURST_BYTES = 16 * 1024
QUEUE_MILLISECONDS = 400
_numbers = count(1)


class HostProgramError(Exception):
    """A program on a host ended, or wasn't ready in time: its last words."""


@dataclass(kw_only=True)
class Network:
    """One bridge. ``number`` makes its addresses: ``10.x.number.0/24`` and a unique local IPv6 prefix."""

    namespace: str
    number: int
    _plugs: count[int] = field(default_factory=lambda: count(1))

    def plug(self) -> int:
        """A number for the next cable."""
        return next(self._plugs)

    def ipv4(self, host: int) -> str:
        return f"10.{os.getpid() % 256}.{self.number % 256}.{host}"

    def ipv6(self, host: int) -> str:
        return f"fd00:ca10:{os.getpid() % 65536:x}:{self.number % 65536:x}::{host:x}"

    async def lose(self, percent: int) -> None:
        """So many of all frames between its hosts get lost, at random."""
        await self.drop("numgen", "random", "mod", "100", "<", str(percent))

    async def drop(self, *match: str) -> None:
        """Frames that match an expression of nftables get lost."""
        nft = "ip", "netns", "exec", self.namespace, program_path("nft")
        await tool(*nft, "add", "table", "bridge", "faults")
        await tool(*nft, "add", "chain", "bridge", "faults", "forward", "{ type filter hook forward priority 0; }")
        await tool(*nft, "add", "rule", "bridge", "faults", "forward", *match, "counter", "drop")

    async def heal(self) -> None:
        """Nothing gets lost any more."""
        await tool("ip", "netns", "exec", self.namespace, program_path("nft"), "delete", "table", "bridge", "faults")


@dataclass(kw_only=True)
class Cable:
    """Between an interface of a host and a port of a network. Addresses are without their prefix length; empty where there is none."""

    network: Network
    port: str
    namespace: str
    interface: str
    ipv4: str
    ipv6: str

    async def pull(self) -> None:
        """Out of the network's end: the host's interface has no carrier."""
        await tool("ip", "-n", self.network.namespace, "link", "set", self.port, "down")

    async def put_back(self) -> None:
        await tool("ip", "-n", self.network.namespace, "link", "set", self.port, "up")

    async def renumber(self) -> None:
        """The host gets other addresses here, and loses those that it had."""
        number = 100 + self.network.plug()
        await tool("ip", "-n", self.namespace, "address", "flush", "dev", self.interface, "scope", "global")
        await self.set_addresses(self.network.ipv4(number) if self.ipv4 else "", self.network.ipv6(number) if self.ipv6 else "")

    async def set_addresses(self, ipv4: str, ipv6: str) -> None:
        for address, length in ((ipv4, 24), (ipv6, 64)):
            if address:
                await tool("ip", "-n", self.namespace, "address", "add", f"{address}/{length}", "dev", self.interface)
        self.ipv4, self.ipv6 = ipv4, ipv6

    async def limit(self, bits_per_second: int) -> None:
        """No more than that in either direction."""
        shape = "tbf", "rate", f"{bits_per_second}bit", "burst", str(BURST_BYTES), "latency", f"{QUEUE_MILLISECONDS}ms"
        for namespace, device in ((self.namespace, self.interface), (self.network.namespace, self.port)):
            await tool("tc", "-n", namespace, "qdisc", "replace", "dev", device, "root", *shape)


@dataclass(kw_only=True)
class Host:
    """One machine on these networks. It shares the disk, the clock and the processors with all others."""

    name: str
    namespace: str
    cables: list[Cable] = field(default_factory=list)

    @property
    def ipv4(self) -> str:
        """Its address on its first network."""
        return self.cables[0].ipv4

    @property
    def ipv6(self) -> str:
        return self.cables[0].ipv6

    def command(self, *command: str) -> list[str]:
        """As it is run from outside. ``ip`` becomes the program itself, so that the process id is the program's."""
        path = program_path(command[0]) if command[0] in PACKAGE_OF else command[0]
        return [program_path("ip"), "netns", "exec", self.namespace, path, *command[1:]]

    async def run(self, *command: str, stdin: bytes = b"", seconds: float = START_SECONDS) -> subprocess.CompletedProcess[bytes]:
        """A program that ends by itself; both of its outputs, and its code whatever it is."""
        with trio.fail_after(seconds):
            return await trio.run_process(self.command(*command), stdin=stdin, capture_stdout=True, capture_stderr=True, check=False)

    @asynccontextmanager
    async def running(self, *command: str, log: Path, ready: Callable[[], bool]) -> AsyncIterator[trio.Process]:
        """A program that stays until the block ends. The block begins when the program is ``ready``, which is looked for often."""
        with log.open("wb") as output:
            process = await trio.lowlevel.open_process(
                self.command(*command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            with trio.move_on_after(START_SECONDS):
                while process.poll() is None and not ready():  # noqa: ASYNC110 - another process
                    await trio.sleep(LOOK_SECONDS)
            if process.poll() is not None or not ready():
                raise HostProgramError(f"{Path(command[0]).name} on {self.name}: {_last_words(log)}")
            yield process
        finally:
            await _end(process)

    def listen(self, port: int = 0) -> trio.SocketListener:
        """A listener on all of its addresses, IPv4 and IPv6, served by this process."""
        with inside(self.namespace):
            listening = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
        return trio.SocketListener(trio.socket.from_stdlib_socket(_unblocked(listening)))

    async def connect(self, address: str, port: int) -> trio.SocketStream:
        """A connection from this host, held by this process."""
        with inside(self.namespace):
            made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        stream = trio.socket.from_stdlib_socket(_unblocked(made))
        try:
            await stream.connect((address, port))
        except BaseException:
            stream.close()
            raise
        return trio.SocketStream(stream)

    async def plug_into(self, network: Network, *, ipv4: bool = True, ipv6: bool = True) -> Cable:
        """One more interface, with its cable and its addresses."""
        number = network.plug()
        cable = Cable(network=network, port=f"port{number}", namespace=self.namespace, interface=f"eth{len(self.cables)}", ipv4="", ipv6="")
        ends = ["name", cable.port, "netns", network.namespace, "type", "veth", "peer", "name", cable.interface, "netns", self.namespace]
        await tool("ip", "link", "add", *ends)
        await self.bring_up(cable, number, ipv4=ipv4, ipv6=ipv6)
        return cable

    async def bring_up(self, cable: Cable, number: int, *, ipv4: bool = True, ipv6: bool = True) -> None:
        """Both ends of a cable exist: they are joined to the bridge and get addresses."""
        await tool("ip", "-n", cable.network.namespace, "link", "set", cable.port, "master", "bridge", "up")
        await tool("ip", "-n", self.namespace, "link", "set", cable.interface, "up")
        await cable.set_addresses(cable.network.ipv4(number + 1) if ipv4 else "", cable.network.ipv6(number + 1) if ipv6 else "")
        self.cables.append(cable)


def _last_words(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:].strip() or "it said nothing"


def _unblocked(made: socket.socket) -> socket.socket:
    made.setblocking(False)
    return made


async def _end(process: trio.Process) -> None:
    with trio.CancelScope(shield=True):
        if process.poll() is None:
            process.terminate()
        with trio.move_on_after(STOP_SECONDS) as waiting:
            await process.wait()
        if waiting.cancelled_caught:
            process.kill()
            await process.wait()


@dataclass(kw_only=True)
class Lab:
    """Owns networks and hosts."""

    _namespaces: list[str] = field(default_factory=list)

    async def network(self) -> Network:
        network = Network(namespace=await self._namespace(), number=next(_numbers))
        # Without snooping: it would need a querier, and forgets who listens where none is.
        await tool("ip", "-n", network.namespace, "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
        await tool("ip", "-n", network.namespace, "link", "set", "bridge", "up")
        return network

    async def host(self, name: str, *networks: Network, ipv4: bool = True, ipv6: bool = True) -> Host:
        host = Host(name=name, namespace=await self._namespace())
        for network in networks:
            await host.plug_into(network, ipv4=ipv4, ipv6=ipv6)
        return host

    async def hosts(self, names: Sequence[str], network: Network) -> list[Host]:
        return [await self.host(name, network) for name in names]

    async def _namespace(self) -> str:
        """A new one. Its name begins with this process's id: another run has others."""
        name = f"calotype-{os.getpid()}-{next(_numbers)}"
        self._namespaces.append(name)
        await add_namespace(name)
        return name

    async def remove(self) -> None:
        """All of it, whatever state it is in."""
        for name in reversed(self._namespaces):
            if Path("/run/netns", name).exists():  # noqa: ASYNC240 - the kernel's memory
                await remove_namespace(name)
        self._namespaces.clear()


@asynccontextmanager
async def open_lab() -> AsyncIterator[Lab]:
    lab = Lab()
    try:
        yield lab
    finally:
        with trio.CancelScope(shield=True):
            await lab.remove()
