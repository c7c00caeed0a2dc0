from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peer.library.library import Library
from tests.fleet.libraries import MovedClock, make_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = make_library(tmp_path / "library", clock=MovedClock())
    yield made
    made.close()


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """The folder that is imported."""
    folder = tmp_path / "card"
    folder.mkdir()
    return folder
