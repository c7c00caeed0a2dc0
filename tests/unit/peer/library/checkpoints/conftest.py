from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.libraries import IN_MEMORY
from tests.unit.peer.library.three import Three, make_three


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where that is possible."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    with make_three(tmp_path) as made:
        yield made
