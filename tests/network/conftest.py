"""Networks for tests that are marked ``network``; the marker names the programs that they need besides."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.network.hosts import Lab, Network, open_lab
from tests.network.needs import reason_to_skip


@pytest.fixture(autouse=True)
def skipped_without_hosts(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("network")
    if marker is not None and (reason := reason_to_skip(*marker.args)):
        pytest.skip(reason)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with open_lab() as made:
        yield made


@pytest.fixture
async def network(lab: Lab) -> Network:
    return await lab.network()
