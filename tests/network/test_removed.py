"""A device that was removed: cut off at once, and nothing it has or does gets it back in. No relay is there to help."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from tests.fleet.programs import answers_of
from tests.network.devices import HostDevice, let_in, stopping, together, until_same
from tests.network.hosts import Lab, Network
from tests.process.pair import take_photos, until

pytestmark = pytest.mark.network
REFUSED_SECONDS = 3.0
"""Longer than finding and dialling each other takes."""


async def test_it_is_cut_off_and_reads_nothing_new(lab: Lab, network: Network, tmp_path: Path) -> None:
    async with together(tmp_path, *await lab.hosts(["alpha", "beta", "gamma"], network)) as ((alpha, beta, gamma), talk):
        await alpha.ask("devices", "remove", "gamma", "--yes")
        await until_apart(gamma, alpha, beta)
        await alpha.ask("import", str(take_photos(tmp_path / "card", 3)))
        await talk.tell(beta, alpha)
        await until_same(alpha, beta, originals=4)
        # Refused if it heard of its removal before it was cut off; else it writes for itself alone.
        await answers_of(gamma.command("set", talk.asset, "caption=after the removal"), may_end_with=(0, 5))
        await gamma.stop()
        await gamma.start("--peer", f"{alpha.host.ipv4}:{alpha.port()}", "--peer", f"{beta.host.ipv4}:{beta.port()}")
        await trio.sleep(REFUSED_SECONDS)
        assert await is_apart(gamma, alpha, beta)
        assert gamma.originals() == 1
        await until_same(alpha, beta)


async def test_who_was_away_follows(lab: Lab, network: Network, tmp_path: Path) -> None:
    """Beta is off while gamma is removed; when it returns, also before it knows, gamma learns nothing from it that is new."""
    async with together(tmp_path, *await lab.hosts(["alpha", "beta", "gamma"], network)) as ((alpha, beta, gamma), talk):
        await beta.stop()
        await alpha.ask("devices", "remove", "gamma", "--yes")
        await until_apart(gamma, alpha)
        caption = await talk.say(alpha)
        await beta.start()
        await until(lambda: beta.has(caption), look=0.02)
        await until_apart(gamma, alpha, beta)
        await until_same(alpha, beta)
        assert not gamma.has(caption)


async def test_the_machine_can_be_invited_again_as_a_new_device(lab: Lab, network: Network, tmp_path: Path) -> None:
    async with together(tmp_path, *await lab.hosts(["alpha", "beta"], network)) as ((alpha, beta), _):
        await alpha.ask("devices", "remove", "beta", "--yes")
        await until_apart(beta, alpha)
        await beta.stop()
        again = HostDevice(name="beta again", library=tmp_path / "again", host=beta.host)
        async with stopping([again]):
            await let_in(alpha, again)
            await again.start()
            await until_same(alpha, again, originals=1)


async def until_apart(removed: HostDevice, *others: HostDevice) -> None:
    """No connection is left, on either side."""
    with trio.fail_after(20):
        while not await is_apart(removed, *others):  # noqa: ASYNC110 - other processes
            await trio.sleep(0.05)


async def is_apart(removed: HostDevice, *others: HostDevice) -> bool:
    return not await removed.connected() and not any([removed.name in await other.connected() for other in others])
