from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from peer.library.library import Library
from tests.fleet.libraries import IN_MEMORY, make_library
from tests.unit.peer.library.pair import Pair, make_pair
from tests.unit.peer.library.three import Three, make_three


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where that is possible: these tests make hundreds of libraries."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = make_pair(tmp_path)
    yield made
    made.prove()
    made.close()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = make_library(tmp_path / "anna")
    yield made
    made.close()


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    with make_three(tmp_path) as made:
        yield made
