"""The service in process passes the suite of the sync API."""

from __future__ import annotations

import pytest

from relay.api import SyncApi
from tests.conformance.sync_api import LibrariesApartConformance, SyncApiConformance
from tests.unit.relay.nodes import Node


class _InProcess:
    @pytest.fixture
    async def api(self, node: Node) -> SyncApi:
        return node.service


class TestService(_InProcess, SyncApiConformance):
    pass


class TestLibrariesApart(_InProcess, LibrariesApartConformance):
    pass
