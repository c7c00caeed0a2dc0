"""Devices on several hosts find each other by real multicast, and keep each other through what networks do."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.network.announcing import announcing, avahi_on
from tests.network.capture import capturing
from tests.network.hosts import Host, Lab, Network

pytestmark = pytest.mark.network
PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.01
KEY, OTHER_KEY = os.urandom(32), os.urandom(32)


@dataclass(frozen=True, kw_only=True)
class Device:
    """Discovery that runs on a host, and what it said so far."""

    host: Host
    log: Path

    @property
    def said(self) -> list[dict[str, Any]]:
        lines = self.log.read_text("utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    @property
    def events(self) -> list[str]:
        return [each["event"] for each in self.said[1:]]

    @property
    def instance(self) -> str:
        return str(self.said[0]["instance"])

    @property
    def started(self) -> float:
        return float(self.said[0]["time"])

    def sees(self) -> dict[str, dict[str, Any]]:
        """By instance, what it was told last."""
        seen: dict[str, dict[str, Any]] = {}
        for each in self.said[1:]:
            if each["event"] in ("Found", "Changed"):
                seen[each["instance"]] = each
            elif each["event"] == "Lost":
                del seen[each["instance"]]
        return seen

    def addresses_of(self, other: Device) -> set[str]:
        return set(self.sees().get(other.instance, {}).get("addresses", ()))


@asynccontextmanager
async def device(host: Host, folder: Path, *, key: bytes = KEY, port: int = 4000) -> AsyncIterator[Device]:
    log = folder / f"{host.name}-{os.urandom(4).hex()}.log"
    command = (sys.executable, "-m", "tests.network.discovering", key.hex(), str(port))
    async with host.running(*command, log=log, ready=lambda: b"\n" in log.read_bytes()):
        yield Device(host=host, log=log)


async def until(condition: Callable[[], bool]) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - another program's output
            await trio.sleep(LOOK_SECONDS)


def all_see_all(*devices: Device) -> bool:
    return all(set(each.sees()) == {other.instance for other in devices if other is not each} for each in devices)


async def test_three_hosts_find_each_other_within_two_seconds(lab: Lab, network: Network, tmp_path: Path) -> None:
    """Counted from the moment when the last of them began, in its own process; started at once and one after the other."""
    hosts = await lab.hosts(["alpha", "beta", "gamma"], network)
    for pause in (0.0, 0.5, 1.5):
        async with AsyncExitStack() as stack:
            devices = []
            for number, host in enumerate(hosts):
                await trio.sleep(pause if number else 0)
                devices.append(await stack.enter_async_context(device(host, tmp_path)))
            await until(lambda devices=devices: all_see_all(*devices))  # type: ignore[misc]
            last = max(each["time"] for one in devices for each in one.said)
            assert last - max(each.started for each in devices) < 2
            assert not any("Lost" in one.events for one in devices)
            for one in devices:
                for other in devices:
                    assert one is other or {other.host.ipv4, other.host.ipv6} <= one.addresses_of(other)


async def test_strangers_are_not_found_and_find_nobody(lab: Lab, network: Network, tmp_path: Path) -> None:
    hosts = await lab.hosts(["alpha", "beta", "gamma"], network)
    spoofed = {"name": "0123456789abcdef._calotype._tcp.local.", "server": "0123456789abcdef.local.", "addresses": ["192.0.2.7"]}
    async with AsyncExitStack() as stack:
        alpha, beta = [await stack.enter_async_context(device(host, tmp_path)) for host in hosts[:2]]
        other = await stack.enter_async_context(device(hosts[2], tmp_path, key=OTHER_KEY))
        texts = {b"v".hex(): b"1".hex(), b"t".hex(): b"AAAAAAAAAAA".hex()}
        await stack.enter_async_context(announcing(hosts[2], {**spoofed, "port": 1, "properties": texts}, tmp_path / "spoof"))
        await until(lambda: all_see_all(alpha, beta))
        await trio.sleep(1)
        assert all_see_all(alpha, beta)
        assert other.events == []


async def test_one_that_only_looks_is_not_seen(lab: Lab, network: Network, tmp_path: Path) -> None:
    hosts = await lab.hosts(["alpha", "beta"], network)
    async with device(hosts[0], tmp_path) as alpha, device(hosts[1], tmp_path, port=0) as joiner:
        await until(lambda: set(joiner.sees()) == {alpha.instance})
        assert alpha.events == []


async def test_goodbye_is_heard(lab: Lab, network: Network, tmp_path: Path) -> None:
    hosts = await lab.hosts(["alpha", "beta"], network)
    async with device(hosts[0], tmp_path) as alpha:
        async with device(hosts[1], tmp_path) as beta:
            await until(lambda: all_see_all(alpha, beta))
        await until(lambda: alpha.events[-1] == "Lost")
        assert alpha.sees() == {}


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
async def test_one_family_is_enough(lab: Lab, network: Network, tmp_path: Path, family: str) -> None:
    hosts = [await lab.host(name, network, ipv4=family == "ipv4", ipv6=family == "ipv6") for name in ("alpha", "beta")]
    async with device(hosts[0], tmp_path) as alpha, device(hosts[1], tmp_path) as beta:
        await until(lambda: all_see_all(alpha, beta))
        wanted = beta.host.ipv4 or beta.host.ipv6
        assert wanted in alpha.addresses_of(beta)
        assert any("%" in address for address in alpha.addresses_of(beta))


async def test_a_new_address_is_told_and_the_old_one_forgotten(lab: Lab, network: Network, tmp_path: Path) -> None:
    hosts = await lab.hosts(["alpha", "beta"], network)
    async with device(hosts[0], tmp_path) as alpha, device(hosts[1], tmp_path) as beta:
        await until(lambda: all_see_all(alpha, beta))
        former = {beta.host.ipv4, beta.host.ipv6}
        await beta.host.cables[0].renumber()
        await until(lambda: {beta.host.ipv4, beta.host.ipv6} <= alpha.addresses_of(beta) and not former & alpha.addresses_of(beta))
        assert "Lost" not in alpha.events + beta.events
        async with device(hosts[0], tmp_path) as gamma:  # on the new address everybody still hears everybody
            await until(lambda: all_see_all(alpha, beta, gamma))


async def test_a_second_interface_takes_over_and_nobody_is_lost(lab: Lab, network: Network, tmp_path: Path) -> None:
    hosts = await lab.hosts(["alpha", "beta"], network)
    second = await lab.network()
    async with device(hosts[0], tmp_path) as alpha, device(hosts[1], tmp_path) as beta:
        await until(lambda: all_see_all(alpha, beta))
        for host in hosts:
            await host.plug_into(second)
        await until(lambda: beta.host.cables[1].ipv4 in alpha.addresses_of(beta) and alpha.host.cables[1].ipv4 in beta.addresses_of(alpha))
        await hosts[1].cables[0].pull()
        await until(lambda: beta.host.ipv4 not in alpha.addresses_of(beta))
        assert "Lost" not in alpha.events + beta.events


async def test_who_comes_while_the_cable_is_out_is_found_when_it_is_in_again(lab: Lab, network: Network, tmp_path: Path) -> None:
    hosts = await lab.hosts(["alpha", "beta", "gamma"], network)
    async with device(hosts[0], tmp_path) as alpha, device(hosts[1], tmp_path) as beta:
        await until(lambda: all_see_all(alpha, beta))
        await hosts[1].cables[0].pull()
        await until(lambda: "Unavailable" in beta.events)
        async with device(hosts[2], tmp_path) as gamma:
            await until(lambda: gamma.instance in alpha.sees())
            await hosts[1].cables[0].put_back()
            await until(lambda: all_see_all(alpha, beta, gamma))


async def test_a_host_without_a_network_says_so_and_goes_on_when_it_has_one(lab: Lab, network: Network, tmp_path: Path) -> None:
    alpha_host, lonely = await lab.host("alpha", network), await lab.host("lonely")
    async with device(alpha_host, tmp_path) as alpha, device(lonely, tmp_path) as other:
        await until(lambda: other.events == ["Unavailable"])
        await lonely.plug_into(network)
        await until(lambda: all_see_all(alpha, other))
        assert [each for each in other.events if each.endswith("vailable")] == ["Unavailable", "Available"]


async def test_lost_frames_delay_only(lab: Lab, network: Network, tmp_path: Path) -> None:
    await network.lose(20)
    hosts = await lab.hosts(["alpha", "beta"], network)
    async with device(hosts[0], tmp_path) as alpha, device(hosts[1], tmp_path) as beta:
        await until(lambda: all_see_all(alpha, beta))


@pytest.mark.network("dbus-daemon", "avahi-daemon", "avahi-browse")
async def test_other_programs_see_a_service_that_tells_nothing(lab: Lab, network: Network, tmp_path: Path) -> None:
    hosts = await lab.hosts(["alpha", "beta"], network)
    words = {"host": socket.gethostname().encode(), "key": KEY, "name": b"alpha"}
    with capturing(network) as capture:
        async with device(hosts[0], tmp_path) as alpha, avahi_on(hosts[1], tmp_path) as avahi:
            seen = await avahi.browse()
    assert {(each.name, each.host, each.port, each.type) for each in seen} == {
        (alpha.instance, f"{alpha.instance}.local", 4000, "_calotype._tcp")
    }
    assert {each.protocol for each in seen} == {"IPv4", "IPv6"}
    for each in seen:
        assert sorted(text.partition("=")[0] for text in each.texts) == ["t", "v"]
    assert capture.find({"instance": alpha.instance.encode()}) == {"instance"}
    assert capture.find(words) <= {"name"}  # avahi's own host is called beta; alpha says nothing of itself
    assert capture.find({"name": b"alpha"}) == set()
