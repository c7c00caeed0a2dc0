"""The client passes the suite of the sync API over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from relay.api import SyncApi
from relay.client import HttpNode
from tests.conformance.sync_api import LibrariesApartConformance, SyncApiConformance
from tests.unit.relay.nodes import Node, serving


class _OverHttp:
    @pytest.fixture
    async def api(self, node: Node) -> AsyncGenerator[SyncApi]:
        async with serving(node.service) as url, HttpNode(url) as client:
            yield client


class TestClient(_OverHttp, SyncApiConformance):
    pass


class TestLibrariesApart(_OverHttp, LibrariesApartConformance):
    pass
