"""Who asks for longer runs waits longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines.bounds import SECONDS, TIMES

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(SECONDS * TIMES))
