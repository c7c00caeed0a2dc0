"""``calotype purge``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from peer.library.library import Library
from peer.library.retention import DAY_MS
from peer.seams import SystemClock
from tests.fleet.libraries import add_original, edit
from tests.unit.peer.commands.conftest import Calotype


@pytest.fixture
def photos(library: Library) -> list[str]:
    """The ids of three photos with their files."""
    reopened = Library.open(library.folder)
    records = [add_original(reopened, label)[0] for label in ("sea", "lake", "wood")]
    reopened.close()
    return [record.body.hex() for record in records]


@pytest.fixture
def let_pass(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Moves the clocks of commands on by days."""
    now = SystemClock.now

    def move(days: int) -> None:
        monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + days * DAY_MS)

    return move


def test_what_is_due_goes_and_the_rest_says_why_it_stays(
    calotype: Calotype, photos: list[str], folder: Path, let_pass: Callable[[int], None]
) -> None:
    assert calotype("trash", photos[0], "--json").code == 0
    let_pass(20)
    assert calotype("trash", photos[1], "--json").code == 0
    document = calotype("purge", "--json").document
    assert document["purged"] == 0
    assert {each["id"]: each["days_left"] for each in document["kept"]} == {
        photos[0]: pytest.approx(10, abs=0.1),
        photos[1]: pytest.approx(30, abs=0.1),
    }
    let_pass(30)
    document = calotype("purge", "--json").document
    assert (document["purged"], document["files_deleted"]) == (1, 1)
    assert [each["id"] for each in document["kept"]] == [photos[1]]
    assert "another" in document["kept"][0]["reason"]
    assert sorted(path.name for path in (folder / "originals").iterdir()) == ["lake.jpg", "wood.jpg"]
    assert calotype("verify", "--deep", "--json").document["problems"] == []


def test_now_asks_first(calotype: Calotype, photos: list[str]) -> None:
    calotype("trash", photos[0], "--json")
    refused = calotype("purge", "--now", photos[0], "--json")
    assert refused.code == 2
    assert "--yes" in refused.error["hint"]
    assert calotype("purge", "--now", photos[0], "--yes", "--json").document["purged"] == 1
    assert calotype("show", photos[0], "--json").code == 2


def test_what_is_not_in_the_trash_stays(calotype: Calotype, photos: list[str]) -> None:
    calotype("trash", photos[0], "--json")
    answer = calotype("purge", "--now", photos[0], photos[1], "--yes", "--json")
    assert answer.code == 2
    assert len(calotype("ls", "--trash", "--json").lines) == 1
    for words in (("purge", photos[0]), ("purge", "--now")):
        assert calotype(*words, "--json").code == 2


def test_what_is_contested_stays_also_now(calotype: Calotype, photos: list[str], library: Library) -> None:
    calotype("trash", photos[0], "--json")
    reopened = Library.open(library.folder)
    record = next(row for row, _ in reopened.records.all() if row.body.hex() == photos[0])
    edit(reopened, record, caption="not this one")
    reopened.close()
    answer = calotype("purge", "--now", photos[0], "--yes")
    assert answer.code == 1
    assert "somebody changed it" in answer.out
