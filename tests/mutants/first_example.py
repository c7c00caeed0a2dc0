"""A pytest plugin: of a property that doesn't hold, the first example will do. Nobody reads it, so it isn't made shorter, which takes minutes."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """After the project's own profile was loaded, and before any test is read."""
    settings.register_profile("first example", settings(), phases=(Phase.explicit, Phase.generate))
    settings.load_profile("first example")
