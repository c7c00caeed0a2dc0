"""The hosts, networks and faults of these tests are what they say: else nothing that is shown on them means anything."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from tests.network.announcing import announcing, avahi_on, browse
from tests.network.capture import capturing
from tests.network.delay import plugged_far_away
from tests.network.hosts import Host, Lab, Network, open_lab
from tests.network.impostor import waiting_at
from tests.network.namespaces import NetworkError, inside, namespaces
from tests.network.syncthing import syncthing_pair

pytestmark = pytest.mark.network
PORT = 4711
BATCH = 50
PATIENCE_SECONDS = 20.0
SERVICE = {
    "name": "a test._calotype._tcp.local.",
    "server": "somewhere.local.",
    "addresses": ["10.9.8.7"],
    "port": 4242,
    "properties": {b"v".hex(): b"1".hex(), b"t".hex(): bytes([0, 255, 59, 34]).hex()},
}


async def swallow(stream: trio.SocketStream) -> None:
    """Takes everything, then answers how much it was."""
    total = 0
    async for chunk in stream:
        total += len(chunk)
    await stream.send_all(str(total).encode())
    await stream.aclose()


async def send(source: Host, address: str, contents: bytes) -> float:
    """Over TCP, to the end; in seconds."""
    start = time.perf_counter()
    with trio.fail_after(PATIENCE_SECONDS):
        async with await source.connect(address, PORT) as stream:
            await stream.send_all(contents)
            await stream.send_eof()
            assert await stream.receive_some(100) == str(len(contents)).encode()
    return time.perf_counter() - start


async def transfer(source: Host, sink: Host, contents: bytes, *, address: str = "") -> float:
    """As ``send``, with somebody there who takes it."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, swallow, [sink.listen(PORT)])
        seconds = await send(source, address or sink.ipv4, contents)
        nursery.cancel_scope.cancel()
    return seconds


async def reaches(source: Host, address: str) -> bool:
    """Whether anybody answers at that address, be it with a refusal."""
    with trio.move_on_after(1):
        try:
            await (await source.connect(address, 9)).aclose()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


async def test_hosts_reach_each_other_and_nothing_else(lab: Lab, network: Network) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    apart = await lab.host("apart", await lab.network())
    assert await transfer(alpha, beta, b"hello") < 1
    assert await transfer(alpha, beta, b"hello", address=beta.ipv6) < 1
    for outside in (apart.ipv4, apart.ipv6, "192.0.2.1"):
        with pytest.raises(OSError, match="unreachable"):
            await alpha.connect(outside, PORT)


async def test_programs_run_on_their_host(lab: Lab, network: Network, tmp_path: Path) -> None:
    host = await lab.host("alpha", network)
    answer = await host.run("ip", "-o", "address", "show", "dev", "eth0")
    assert host.ipv4 in answer.stdout.decode()
    assert host.ipv6 in answer.stdout.decode()
    ready = tmp_path / "ready"
    command = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
    async with host.running(sys.executable, "-c", command, str(ready), log=tmp_path / "log", ready=ready.exists) as process:
        assert Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(sys.executable.encode())  # noqa: ASYNC240
    assert process.returncode is not None


async def test_multicast_passes_between_hosts(lab: Lab, network: Network, tmp_path: Path) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    async with announcing(alpha, SERVICE, tmp_path / "log"):
        assert SERVICE in await browse(beta, 1)


async def test_multicast_can_be_kept_away(lab: Lab, network: Network, tmp_path: Path) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    await network.drop("udp", "dport", "5353")
    async with announcing(alpha, SERVICE, tmp_path / "log"):
        assert await browse(beta, 1) == []
    assert await reaches(alpha, beta.ipv4)


@pytest.mark.network("dbus-daemon", "avahi-daemon", "avahi-browse")
async def test_avahi_sees_what_is_announced(lab: Lab, network: Network, tmp_path: Path) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    async with announcing(alpha, {**SERVICE, "addresses": [alpha.ipv4]}, tmp_path / "log"), avahi_on(beta, tmp_path) as avahi:
        seen = await avahi.browse()
    assert {(each.type, each.address, each.port) for each in seen} == {("_calotype._tcp", alpha.ipv4, 4242)}
    assert all("v=1" in each.texts for each in seen)


async def test_a_cable_is_pulled_and_put_back(lab: Lab, network: Network) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    await beta.cables[0].pull()
    assert "NO-CARRIER" in (await beta.run("ip", "link", "show", "eth0")).stdout.decode()
    assert not await reaches(alpha, beta.ipv4)
    await beta.cables[0].put_back()
    assert await transfer(alpha, beta, b"hello") < 5


async def test_a_host_gets_another_address(lab: Lab, network: Network) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    former = beta.ipv4, beta.ipv6
    await beta.cables[0].renumber()
    assert not {beta.ipv4, beta.ipv6} & set(former)
    for address in (beta.ipv4, beta.ipv6):
        assert await transfer(alpha, beta, b"hello", address=address) < 1
    assert not await reaches(alpha, former[0])


async def test_a_second_interface_appears(lab: Lab, network: Network) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    other = await lab.network()
    for host in (alpha, beta):
        await host.plug_into(other)
    await alpha.cables[0].pull()
    assert not await reaches(alpha, beta.ipv4)
    assert await transfer(alpha, beta, b"hello", address=beta.cables[1].ipv4) < 1


async def test_frames_get_lost(lab: Lab, network: Network) -> None:
    """Datagrams, since nobody sends them again."""
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    assert await arrived(alpha, beta, 2000) == 2000
    await network.lose(2)
    assert 1900 < await arrived(alpha, beta, 2000) < 1995
    await network.heal()
    assert await arrived(alpha, beta, 2000) == 2000


async def arrived(source: Host, sink: Host, count: int) -> int:
    """How many of so many datagrams, sent in batches that the receiver has room for."""
    with inside(sink.namespace):
        receiving = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
    with inside(source.namespace):
        sending = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
    with receiving, sending:
        await receiving.bind((sink.ipv4, PORT))
        came = 0
        for start in range(0, count, BATCH):
            for _ in range(BATCH):
                await sending.sendto(b"counts", (sink.ipv4, PORT))
            last = b"last of %d" % start
            await sending.sendto(last, (sink.ipv4, PORT))
            while (received := await next_of(receiving)) != last:
                came += received == b"counts"
                if not received:  # the last one may get lost as well
                    await sending.sendto(last, (sink.ipv4, PORT))
        return came


async def next_of(receiving: trio.socket.SocketType) -> bytes:
    """The next datagram; nothing when none comes for a while."""
    with trio.move_on_after(0.1):
        return await receiving.recv(100)
    return b""


async def test_a_line_is_slow(lab: Lab, network: Network) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    contents = bytes(200_000)
    assert await transfer(alpha, beta, contents) < 0.5
    await beta.cables[0].limit(1_000_000)
    for source, sink in ((alpha, beta), (beta, alpha)):
        assert 1.2 < await transfer(source, sink, contents) < 4


async def test_a_host_is_far_away(lab: Lab, network: Network, tmp_path: Path) -> None:
    """A TCP connection takes a round trip, its first answer another; multicast passes too."""
    alpha, beta = await lab.host("alpha", network), await lab.host("beta")
    async with plugged_far_away(beta, network, 0.1):
        for address in (beta.ipv4, beta.ipv6):
            assert 0.4 <= await transfer(alpha, beta, b"hello", address=address) < 1.5
        assert await transfer(alpha, beta, os.urandom(1_000_000)) < 10
        async with announcing(alpha, SERVICE, tmp_path / "log"):
            assert SERVICE in await browse(beta, 1.5)


async def test_a_capture_shows_what_passes_in_any_spelling(lab: Lab, network: Network) -> None:
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    words = {"utf-8": b"plain words", "utf-16": b"wide words", "hex": b"hex words", "base64": b"base64 words", "not sent": b"other words"}
    long = os.urandom(1 << 20)
    text = b"".join(
        [b"plain words", "wide words".encode("utf-16-le"), b"hex words".hex().encode(), b"_" + b"YmFzZTY0IHdvcmRz", long, b"the end"]
    )
    with capturing(network) as capture:
        for address in (beta.ipv4, beta.ipv6):
            await transfer(alpha, beta, text, address=address)
    assert capture.lost == 0
    assert capture.find(words) == set(words) - {"not sent"}
    assert capture.find({"across frames": long[1000:-1000], "to the end": b"the end"}) == {"across frames", "to the end"}
    assert sum(text in place for place in capture.places()) == 2


async def test_everything_is_removed_also_when_something_goes_wrong() -> None:
    """A cancellation, with a program that nobody stopped; then an exception."""
    left = []

    async def use(what_then: Callable[[], Awaitable[None]]) -> None:
        async with open_lab() as lab:
            host = await lab.host("alpha", await lab.network())
            left.append(await trio.lowlevel.open_process(host.command(sys.executable, "-c", "import time; time.sleep(600)")))
            assert len(ours()) == 2
            await what_then()

    async def go_wrong() -> None:
        raise NetworkError("a bad thing")

    with trio.move_on_after(0.5) as scope:
        await use(trio.sleep_forever)
    assert scope.cancelled_caught
    with pytest.raises(NetworkError, match="bad"):
        await use(go_wrong)
    assert ours() == set()
    for process in left:
        assert await process.wait() < 0


def ours() -> set[str]:
    """The namespaces that this process made: others may run these tests too."""
    return {name for name in namespaces() if name.startswith(f"calotype-{os.getpid()}-")}


@pytest.mark.network("openssl")
async def test_an_impostor_knows_who_trusts_it(lab: Lab, network: Network, tmp_path: Path) -> None:
    """One visitor takes any certificate and says something; another knows whom it wants to meet, and says nothing."""
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    async with waiting_at(beta, tmp_path) as impostor:
        where = ("openssl", "s_client", "-quiet", "-connect", f"{beta.ipv4}:{impostor.port}")
        await alpha.run(*where, stdin=b"a secret")
        await alpha.run(*where, "-verify_return_error", stdin=b"a secret")
    assert [(visit.trusted, visit.read) for visit in impostor.visits] == [(True, b"a secret"), (False, b"")]


@pytest.mark.network("syncthing")
async def test_syncthing_carries_what_is_moved_into_its_folder(lab: Lab, network: Network, tmp_path: Path) -> None:
    """The yardstick of `make bench lan`."""
    alpha, beta = await lab.hosts(["alpha", "beta"], network)
    contents = os.urandom(3_000_000)
    (tmp_path / "photo").write_bytes(contents)
    async with syncthing_pair(alpha, beta, tmp_path) as pair:
        (tmp_path / "photo").rename(pair.one / "photo")
        with trio.fail_after(PATIENCE_SECONDS):
            await pair.until_equal()
        assert (pair.two / "photo").read_bytes() == contents
