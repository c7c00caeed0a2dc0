"""What networks do: cables, addresses, interfaces, loss, slowness, distance. Devices go on by themselves."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.network.delay import plugged_far_away
from tests.network.devices import relay_on, together, until_same
from tests.network.hosts import Lab, Network
from tests.process.pair import assert_whole, take_photos

pytestmark = pytest.mark.network
PHOTOS = 8


async def test_the_relays_cable_is_cut(lab: Lab, network: Network, tmp_path: Path) -> None:
    """The devices see each other's changes meanwhile; the relay gets everything when it is back."""
    hosts = await lab.hosts(["alpha", "beta"], network)
    relay_host = await lab.host("relay", network)
    async with relay_on(relay_host, tmp_path) as relay, together(tmp_path, *hosts) as ((alpha, beta), talk):
        for device in (alpha, beta):  # restarted: they trust the relay's certificate from now on
            await device.stop()
            device.authority = relay.authority
        await relay.take_on(alpha)
        for device in (alpha, beta):
            await device.start()
        await alpha.until_connected(relay.url, "beta")
        await talk.tell(alpha, beta)
        await relay_host.cables[0].pull()
        await alpha.ask("import", str(take_photos(tmp_path / "card", PHOTOS)))
        await talk.tell(beta, alpha)
        await until_same(alpha, beta, originals=1 + PHOTOS)
        await relay_host.cables[0].put_back()
        report = await alpha.ask("sync", "--wait", "60")
        assert report["converged"]
        assert relay.url in await alpha.connected()


async def test_a_host_gets_another_address(lab: Lab, network: Network, tmp_path: Path) -> None:
    async with together(tmp_path, *await lab.hosts(["alpha", "beta"], network)) as ((alpha, beta), talk):
        for device in (beta, alpha):
            await device.host.cables[0].renumber()
            await talk.tell(alpha, beta, seconds=60)
            await talk.tell(beta, alpha)


async def test_a_cable_is_pulled_and_put_back(lab: Lab, network: Network, tmp_path: Path) -> None:
    async with together(tmp_path, *await lab.hosts(["alpha", "beta"], network)) as ((alpha, beta), talk):
        await beta.host.cables[0].pull()
        captions = await talk.say(beta), await talk.say(alpha)
        assert not beta.has(captions[1])
        await beta.host.cables[0].put_back()
        await until_same(alpha, beta)
        assert beta.has(captions[1])


async def test_a_second_interface_appears_and_takes_over(lab: Lab, network: Network, tmp_path: Path) -> None:
    async with together(tmp_path, *await lab.hosts(["alpha", "beta"], network)) as ((alpha, beta), talk):
        second = await lab.network()
        for device in (alpha, beta):
            await device.host.plug_into(second)
        await talk.tell(alpha, beta)
        await beta.host.cables[0].pull()
        await talk.tell(alpha, beta, seconds=45)
        await talk.tell(beta, alpha)


async def test_one_frame_in_fifty_gets_lost(lab: Lab, network: Network, tmp_path: Path) -> None:
    await network.lose(2)
    async with together(tmp_path, *await lab.hosts(["alpha", "beta"], network)) as ((alpha, beta), talk):
        await alpha.ask("import", str(take_photos(tmp_path / "card", PHOTOS, large=True)))
        await until_same(alpha, beta, originals=1 + PHOTOS)
        await talk.tell(beta, alpha)
        await assert_whole(beta)


async def test_a_line_with_one_megabit_a_second(lab: Lab, network: Network, tmp_path: Path) -> None:
    """Changes needn't wait until the photos are there."""
    async with together(tmp_path, *await lab.hosts(["alpha", "beta"], network)) as ((alpha, beta), talk):
        await beta.host.cables[0].limit(1_000_000)
        card = take_photos(tmp_path / "card", 3, large=True)
        size = sum(path.stat().st_size for path in card.iterdir())
        start = time.perf_counter()
        await alpha.ask("import", str(card))
        await talk.tell(alpha, beta)
        assert beta.originals() < 4
        await until_same(alpha, beta, originals=4)
        assert time.perf_counter() - start > size * 8 / 1_100_000, "the line was as slow as it should be"


async def test_a_host_that_is_far_away(lab: Lab, network: Network, tmp_path: Path) -> None:
    """A hundred milliseconds each way, from finding and joining to photos."""
    alpha_host, beta_host = await lab.host("alpha", network), await lab.host("beta")
    async with plugged_far_away(beta_host, network, 0.1), together(tmp_path, alpha_host, beta_host) as ((alpha, beta), talk):
        await alpha.ask("import", str(take_photos(tmp_path / "card", PHOTOS)))
        await until_same(alpha, beta, originals=1 + PHOTOS)
        await talk.tell(alpha, beta)
        await talk.tell(beta, alpha)
