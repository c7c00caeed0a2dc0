from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from peer.commands.main import run
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.library import Library
from tests.fleet.libraries import IN_MEMORY
from tests.unit.peer.commands.answer import Answer

Calotype: TypeAlias = Callable[..., Answer]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where that is possible: these tests make hundreds of libraries."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the library is, or will be."""
    return tmp_path / "library"


@pytest.fixture
def calotype(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Calotype:
    """Runs a command in this process, as the installed program would; the library is that of ``folder``."""
    monkeypatch.setenv("CALOTYPE_LIBRARY", str(folder))

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["calotype", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsys.readouterr()
        return Answer(code=int(ended.value.code or 0), out=out, err=err)

    return call


@pytest.fixture
def library(folder: Path) -> Library:
    """A new library, closed: commands open it themselves."""
    library, _ = create_library(LibraryFolder(folder), "laptop")
    library.close()
    return library
