"""Two people at two terminals, and no relay anywhere: the new device joins over the network that both are on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fleet.introducing import introduce
from tests.fleet.programs import Device, answers_of
from tests.process.pair import digest

pytestmark = pytest.mark.process


@pytest.fixture
def devices(tmp_path: Path) -> list[Device]:
    return [Device(name=name, library=tmp_path / name, lan=True) for name in ("alpha", "beta", "gamma")]


async def test_a_device_joins_where_no_peer_runs(devices: Sequence[Device]) -> None:
    alpha, beta, _ = devices
    await alpha.ask("init", "--name", "alpha")
    await introduce(alpha, beta)
    assert {device["name"] for device in await beta.lines("devices")} == {"alpha", "beta"}
    assert digest(alpha) == digest(beta)


async def test_a_running_peer_lets_devices_in(devices: Sequence[Device]) -> None:
    alpha, beta, gamma = devices
    await alpha.ask("init", "--name", "alpha")
    await alpha.start()
    try:
        await introduce(alpha, beta)
        (invited,) = await alpha.lines("invite", "--yes", "--no-wait")
        await answers_of(gamma.command("join", "-", "--name", "gamma", "--yes"), stdin=invited["ticket"].encode())
    finally:
        await alpha.stop()
    assert {device["name"] for device in await alpha.lines("devices")} == {"alpha", "beta", "gamma"}
    assert digest(alpha) == digest(gamma)
