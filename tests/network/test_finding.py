"""Devices on a network without a relay and without configuration: they find each other, and everything arrives everywhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trio

from tests.network.devices import members, together, until_same
from tests.network.hosts import Lab, Network
from tests.process.pair import assert_whole, take_photos

pytestmark = pytest.mark.network
PHOTOS = 12
FOUND_SECONDS = 2.0


async def test_three_hosts_find_each_other_within_two_seconds_and_sync(lab: Lab, network: Network, tmp_path: Path) -> None:
    """From the moment when a peer says that it serves until ``status`` shows the others as connected, on both sides."""
    async with members(tmp_path, *await lab.hosts(["alpha", "beta", "gamma"], network)) as devices:
        await devices[0].start()
        for number, device in enumerate(devices[1:], 1):
            await device.start()
            start = time.perf_counter()
            for other in devices[:number]:
                await device.until_connected(other.name)
                await other.until_connected(device.name)
            assert time.perf_counter() - start < FOUND_SECONDS
        await devices[0].ask("import", str(take_photos(tmp_path / "card", PHOTOS)))
        await until_same(*devices, originals=PHOTOS)
        for device in devices:
            await assert_whole(device)


async def test_changes_pass_from_each_to_each(lab: Lab, network: Network, tmp_path: Path) -> None:
    async with together(tmp_path, *await lab.hosts(["alpha", "beta", "gamma"], network)) as (devices, talk):
        for speaker in devices:
            await talk.tell(speaker, *devices)
        await until_same(*devices)


async def test_one_goes_and_comes_back(lab: Lab, network: Network, tmp_path: Path) -> None:
    """Under a new name and perhaps another port; meanwhile both wrote."""
    async with together(tmp_path, *await lab.hosts(["alpha", "beta"], network)) as ((alpha, beta), talk):
        await beta.stop()
        await talk.say(alpha)
        caption = await talk.say(beta)
        await beta.start()
        await until_same(alpha, beta)
        assert alpha.has(caption)


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
async def test_one_family_of_addresses_is_enough(lab: Lab, network: Network, tmp_path: Path, family: str) -> None:
    hosts = [await lab.host(name, network, ipv4=family == "ipv4", ipv6=family == "ipv6") for name in ("alpha", "beta")]
    async with together(tmp_path, *hosts) as ((alpha, beta), talk):
        await talk.tell(alpha, beta)
        await talk.tell(beta, alpha)


async def test_a_peer_that_is_named_is_reached_without_multicast(lab: Lab, network: Network, tmp_path: Path) -> None:
    async with members(tmp_path, *await lab.hosts(["alpha", "beta"], network)) as (alpha, beta):
        await network.drop("udp", "dport", "5353")
        await alpha.start()
        await beta.start()
        await trio.sleep(FOUND_SECONDS)
        assert await beta.connected() == {}
        await beta.stop()
        await beta.start("--peer", f"{alpha.host.ipv4}:{alpha.port()}")
        await beta.until_connected("alpha")
        await alpha.ask("import", str(take_photos(tmp_path / "card", 2)))
        await until_same(alpha, beta, originals=2)
        await beta.ask("import", str(take_photos(tmp_path / "card of who dials", 2, seed=50)))
        await until_same(alpha, beta, originals=4)
        album = await beta.ask("album", "create", "made by who dials")
        await until_same(alpha, beta)
        assert album["id"] in {row["id"] for row in await alpha.lines("album", "ls")}
