"""`size`: sums are those of the files, and what is estimated is near what is counted."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.library.trashing import trash_assets
from relay.data_folder import DataFolder
from tests.fleet.authors import filler_blob
from tests.fleet.authors import make_library as make_authors
from tests.fleet.checkpoints import prune_all, settle_one
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


def test_everything_in_the_folder_is_counted_once(inspect: Inspect, tmp_path: Path, anna: Library) -> None:
    for label in ("sea", "cliffs", "dunes"):
        add_original(anna, label)
    held = next(anna.held.all())
    anna.held.put(replace(held, incoming="sea.part"))
    folder = anna.folder
    (folder.root / held.path).rename(folder.incoming / "sea.part")  # as a crash may leave it, before the file has its place
    for place, size in (
        ("incoming/else", 7),
        ("carried/ab/blob", 11),
        ("leaving/gone", 13),
        ("edited/ab/picture", 17),
        ("dropped/one", 19),
    ):
        path = folder.private / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    (folder.recovered / "2024-07-21").mkdir(parents=True)
    (folder.recovered / "2024-07-21" / "lost.jpg").write_bytes(bytes(23))
    document = sizes(tmp_path / "anna")
    kinds = {each["kind"]: (each["count"], each["bytes"]) for each in document["files"]}
    assert kinds.pop("original")[0] == 3
    assert kinds == {
        "incoming": (1, 7),
        "carried": (1, 11),
        "leaving": (1, 13),
        "edited": (1, 17),
        "dropped": (1, 19),
        "recovered": (1, 23),
    }
    files = [path for path in folder.root.rglob("*") if path.is_file() and path != folder.device_key and not path.name.endswith("-shm")]
    counted = document["database"]["bytes"] + sum(each["bytes"] for each in document["files"])
    assert counted == sum(path.stat().st_size for path in files)
    assert document["could_go"] == [{"what": "1 recovered file", "bytes": 23, "when": "when you have looked through `recovered/`"}]
    said = inspect("size", "--library", tmp_path / "anna").out
    assert "on their way in\t1\t7 B" in said
    assert "Could go: 1 recovered file (23 B), when you have looked through `recovered/`." in said


def test_what_goes_away_meanwhile_is_not_there(tmp_path: Path, anna: Library) -> None:
    anna.folder.dropped.mkdir()
    (anna.folder.dropped / "stays").write_bytes(bytes(7))
    found = [*anna.folder.dropped.iterdir(), anna.folder.dropped / "gone"]
    with patch.object(Path, "rglob", lambda self, _: found if self == anna.folder.dropped else []):
        files = sizes(tmp_path / "anna")["files"]
    assert files == [{"kind": "dropped", "count": 1, "bytes": 7}]


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


def test_what_a_settled_checkpoint_covers_could_go_and_goes(tmp_path: Path, anna: Library, clock: MovedClock) -> None:
    bert = admit(anna, tmp_path / "bert", clock=clock)
    photo = add_photo(anna, "sea")
    for rating in range(4):
        edit(anna, photo, rating=rating)
    exchange(anna, bert)
    assert settle_one(anna, bert) is not None
    document = sizes(tmp_path / "anna", now=clock.now())
    gone = prune_all(anna)
    after = sizes(tmp_path / "anna", now=clock.now())
    (could,) = document["could_go"]
    assert could == {
        "what": f"{gone} entries below the newest settled checkpoint",
        "bytes": after["log"]["pruned_bytes"],
        "when": "at the next pass of the running peer",
    }
    assert (after["could_go"], after["log"]["stubs"]) == ([], gone)
    log, later = (sum(each["bytes"] for each in each["log"]["kinds"]) for each in (document, after))
    assert log - later == could["bytes"]
    bert.close()


def test_whose_word_is_missing_for_a_settled_checkpoint(tmp_path: Path, anna: Library, clock: MovedClock) -> None:
    bert = admit(anna, tmp_path / "bert", clock=clock)
    add_photo(anna, "sea")
    exchange(anna, bert)
    assert settle_one(anna, bert) is not None
    carl = admit(anna, tmp_path / "carl", name="carl", seed=3, clock=clock)
    exchange(anna, bert, carl)
    report(anna, bert, carl)
    (could,) = sizes(tmp_path / "anna", now=clock.now())["could_go"]
    assert could["when"] == "once carl acknowledged it"
    bert.close()
    carl.close()


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


def test_a_blob_that_was_released_twice_goes_once(inspect: Inspect, tmp_path: Path, anna: Library) -> None:
    fill_relay(tmp_path / "relay", anna.id, raws_of(anna))
    blobs = [filler_blob(label) for label in ("held", "long gone")]
    with DataFolder(tmp_path / "relay").opened() as database, database.write() as connection:
        connection.execute("INSERT INTO relay_token VALUES (x'00', 1000, 1, 0)")
        connection.execute("INSERT INTO relay_library (id, name, token, quota, registered_at) VALUES (1, ?, x'00', 1000, 0)", (anna.id,))
        connection.execute("INSERT INTO relay_holding (library, blob, size, stored_at) VALUES (1, ?, 500, 0)", (blobs[0],))
        for release in (b"first", b"second"):
            connection.execute("INSERT INTO relay_release (library, name, log, blobs) VALUES (1, ?, x'', 2)", (release,))
            connection.executemany(
                "INSERT INTO relay_released (library, release, blob, is_judged) VALUES (1, ?, ?, 0)", [(release, blob) for blob in blobs]
            )
    document = inspect("size", "--library", tmp_path / "relay", "--json").document()
    assert document["blobs"]["held"] == {"count": 1, "bytes": 500}
    assert document["blobs"]["quota"] == 1000
    assert [(each["what"], each["bytes"]) for each in document["could_go"]] == [("1 blob that devices released", 500)]


def test_detached_entries_are_counted_apart(inspect: Inspect, tmp_path: Path) -> None:
    library = make_authors()
    anna = library.join("anna")
    anna.change()
    bert = library.join("bert")
    (early,) = (entry for entry in library.entries if entry.log == bert.log)
    fill_relay(tmp_path / "relay", library.id, [entry.raw for entry in library.entries if entry.log != anna.log])
    log = sizes(tmp_path / "relay")["log"]
    assert (log["detached"], log["detached_bytes"]) == (1, len(early.raw))
    assert sum(each["count"] for each in log["kinds"]) == log["entries"] - 1
    assert "log: detached\t1\t" in inspect("size", "--library", tmp_path / "relay").out


def test_several_libraries_share_a_database(inspect: Inspect, tmp_path: Path) -> None:
    for seed in range(2):
        library = make_authors(seed)
        fill_relay(tmp_path / "relay", library.id, library.raws())
    assert inspect("size", "--library", tmp_path / "relay").out.count("in all, with what it shares with the other libraries here.") == 2


def test_an_empty_library(inspect: Inspect, tmp_path: Path, anna: Library) -> None:
    document = sizes(tmp_path / "anna")
    assert document["could_go"] == []
    assert inspect("size", "--library", tmp_path / "anna").code == 0
