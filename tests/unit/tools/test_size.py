"""`size`: sums are those of the files, and what is estimated is near what is counted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.library.trashing import trash_assets
from tests.fleet.libraries import MovedClock, add_original, add_photo, admit, edit, exchange, make_library, report
from tests.unit.tools.folders import fill_relay, raws_of
from tests.unit.tools.running import Inspect
from tools.looking.folder import look_into
from tools.views import size as size_view
from tools.views.size import gather_size

DAY = 86_400_000


@pytest.fixture
def clock() -> MovedClock:
    """Of today: who reported last years ago isn't waited for."""
    return MovedClock(time.time_ns() // 1_000_000)


@pytest.fixture
def anna(tmp_path: Path, clock: MovedClock) -> Any:
    library = make_library(tmp_path / "anna", clock=clock)
    yield library
    library.close()


def sizes(folder: Path, *, now: int = 0, exact: bool = False) -> Any:
    (document,) = look_into(folder, lambda inspected: gather_size(inspected, now=now, exact=exact)).result
    return document


def test_sums_are_those_of_the_files(inspect: Inspect, tmp_path: Path, anna: Library) -> None:
    for label in ("sea", "cliffs"):
        add_original(anna, label)
    document = sizes(tmp_path / "anna")
    folder = LibraryFolder(tmp_path / "anna")
    originals = [path.stat().st_size for path in folder.originals.rglob("*") if path.is_file()]
    assert {each["kind"]: (each["count"], each["bytes"]) for each in document["files"]}["original"] == (len(originals), sum(originals))
    files = [folder.database, folder.database.with_name("library.db-wal")]
    assert document["database"]["bytes"] == sum(path.stat().st_size for path in files if path.exists())
    assert sum(table["bytes"] for table in document["database"]["tables"]) <= document["database"]["bytes"]
    kinds = document["log"]["kinds"]
    assert sum(each["count"] for each in kinds) == document["log"]["entries"] == anna.log.count()
    assert sum(each["bytes"] for each in kinds) == sum(map(len, raws_of(anna)))
    said = inspect("size", "--library", tmp_path / "anna").out
    assert "originals" in said
    assert "in all." in said


def test_records_are_what_is_stored(tmp_path: Path, anna: Library) -> None:
    photo = add_photo(anna, "sea")
    before = sizes(tmp_path / "anna", exact=True)["records"]
    for number in range(5):
        edit(anna, photo, caption=f"caption {number}")
    after = sizes(tmp_path / "anna", exact=True)["records"]
    states = [len(state) for _, state in anna.records.all()]
    assert (after["count"], after["bytes"], after["estimated"]) == (len(states), sum(states), False)
    assert after["live"] == before["live"] + 1
    assert after["deleted"] == before["deleted"] + 4
    assert after["live_bytes"] + after["vector_bytes"] <= after["bytes"]


def test_a_sample_is_said_to_be_one_and_is_near(inspect: Inspect, tmp_path: Path, anna: Library) -> None:
    for number in range(40):
        add_photo(anna, f"photo {number}")
    exact = sizes(tmp_path / "anna", exact=True)["records"]
    with patch.object(size_view, "SAMPLE", 10):
        sampled = sizes(tmp_path / "anna")["records"]
        said = inspect("size", "--library", tmp_path / "anna").out
    assert (sampled["estimated"], sampled["count"], sampled["bytes"]) == (True, exact["count"], exact["bytes"])
    assert sampled["looked_at"] < exact["looked_at"]
    assert sampled["live"] == pytest.approx(exact["live"], rel=0.3)
    assert "about" in said
    assert "looked at" in said
    assert "about" not in inspect("size", "--exact", "--library", tmp_path / "anna").out


def test_what_is_in_the_trash_could_go(tmp_path: Path, anna: Library, clock: MovedClock) -> None:
    photo = add_photo(anna, "sea")
    assert sizes(tmp_path / "anna", now=clock.now())["could_go"] == []
    trash_assets(anna, [photo])
    clock.pass_by(3 * DAY)
    (could,) = sizes(tmp_path / "anna", now=clock.now())["could_go"]
    assert could == {"what": "1 record in the trash", "bytes": None, "when": "after 30 days, unless set otherwise; the oldest in 27 days"}
    clock.pass_by(26 * DAY)
    assert sizes(tmp_path / "anna", now=clock.now())["could_go"][0]["when"].endswith("the oldest in 1 day")


def test_who_holds_it_back(tmp_path: Path, anna: Library, clock: MovedClock) -> None:
    bert = admit(anna, tmp_path / "bert", clock=clock)
    exchange(anna, bert)
    report(anna, bert)
    assert sizes(tmp_path / "anna", now=clock.now())["held_back_by"] == []
    add_photo(anna, "sea")
    assert sizes(tmp_path / "anna", now=clock.now())["held_back_by"] == ["bert"]
    bert.close()


def test_without_keys_sizes_are_told_and_the_rest_is_not_known(tmp_path: Path, anna: Library) -> None:
    trash_assets(anna, [add_photo(anna, "sea")])
    LibraryFolder(tmp_path / "anna").device_key.unlink()
    document = sizes(tmp_path / "anna")
    assert document["records"]["count"] > 0
    assert document["held_back_by"] is None


def test_a_relay_has_blobs_and_no_records(inspect: Inspect, tmp_path: Path, anna: Library) -> None:
    add_photo(anna, "sea")
    fill_relay(tmp_path / "relay", anna.id, raws_of(anna))
    document = inspect("size", "--library", tmp_path / "relay", "--json").document()
    assert (document["records"], document["files"], document["held_back_by"]) == (None, None, None)
    assert document["blobs"]["held"] == {"count": 0, "bytes": 0}
    assert document["log"]["entries"] == anna.log.count()
    assert "blobs in the trash" in inspect("size", "--library", tmp_path / "relay").out


def test_an_empty_library(inspect: Inspect, tmp_path: Path, anna: Library) -> None:
    document = sizes(tmp_path / "anna")
    assert document["could_go"] == []
    assert inspect("size", "--library", tmp_path / "anna").code == 0
