"""A command to run and folders to run it on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.tools.folders import Pair, make_pair, open_pair
from tests.unit.tools.running import Inspect, Said
from tools.commands.main import run


@pytest.fixture
def inspect(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inspect:
    """The inspector, run as a person does."""

    def run_with(*words: object) -> Said:
        monkeypatch.setattr("sys.argv", ["calotype-inspect", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        return Said(code=int(ended.value.code or 0), out=said.out, err=said.err)

    return run_with


@pytest.fixture(scope="session")
def pair_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``laptop`` and ``phone``, closed; to be copied, not used."""
    root = tmp_path_factory.mktemp("pair")
    make_pair(root).close()
    return root


@pytest.fixture
def root(pair_folder: Path, tmp_path: Path) -> Path:
    """A copy of the two folders, and room for more."""
    shutil.copytree(pair_folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def pair(root: Path) -> Iterator[Pair]:
    """The two libraries in ``root``, open."""
    opened = open_pair(root)
    yield opened
    opened.close()
