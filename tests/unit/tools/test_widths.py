"""Views of logs, rosters, clocks and sizes on narrow terminals: no line is longer than these are, and no id or time is cut in two."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.fleet.authors import make_library
from tests.unit.peer.library.household import make_household
from tests.unit.tools.folders import fill_relay
from tests.unit.tools.running import Inspect

VIEWS = ("log", "log {log}", "log {log} --verify", "roster", "clock", "size")
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Path, str]]]:
    """A device whose friend was removed, and a relay where a log has branches; each with the beginning of a log's id."""
    root = tmp_path_factory.mktemp("widths")
    with make_household(root / "house") as house:
        house.remove("anna", "carl")
        own = house["anna"].own_log()
        assert own is not None
        library = make_library()
        anna = library.join("anna")
        clone = anna.fork()
        for author in (anna, clone, clone):
            author.change()
        library.join("bert")
        fill_relay(root / "relay", library.id, library.raws())
        yield {"anna": (root / "house" / "anna", own.short()), "relay": (root / "relay", anna.log.short())}


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("folder", ["anna", "relay"])
def test_no_line_is_too_long(
    inspect: Inspect,
    folders: dict[str, tuple[Path, str]],
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
    view: str,
    columns: int,
) -> None:
    root, log = folders[folder]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    said = inspect(*view.format(log=log).split(), "--library", root)
    assert said.code == 0, said
    text = _STYLE.sub("", said.out)
    assert [line for line in text.splitlines() if cell_len(line) > columns] == []
    assert text.count("2023-11-") == text.count("2023-11-14")
    if view not in ("size", "clock"):
        assert re.search(rf"\b{log}\b", text)
        assert not re.search(rf"{log[:9]}\b", text)
