"""`diff`: two copies, two times, two records."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crdt.digest import record_digest
from peer.layout import LibraryFolder
from store.ids import FileHash, RecordId
from tests.fleet.checkpoints import prune_all, settle_one
from tests.fleet.libraries import add_photo, admit, edit, exchange, make_library, report
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, raws_of
from tests.unit.tools.running import Inspect

ID = PHOTO.body.hex()
OTHER = RecordId.asset(FileHash(b"\x77" * 32))


@pytest.fixture
def edited(pair: Pair) -> Pair:
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    change(pair.laptop, lambda draft: draft.set("rating", 1), OTHER)
    change(pair.laptop, lambda draft: draft.set("caption", "sea"), OTHER)
    pair.exchange()
    return pair


def test_copies_that_agree(inspect: Inspect, root: Path, edited: Pair) -> None:
    document = inspect("diff", root / "laptop", root / "phone", "--json").document()
    assert (document["what"], document["state"], document["heads_equal"], document["records"]) == ("libraries", "same", True, [])
    assert document["a"]["entries"] == document["b"]["entries"]
    assert inspect("diff", root / "laptop", root / "phone").out.startswith("All records agree")


def test_one_that_is_behind(inspect: Inspect, root: Path, edited: Pair) -> None:
    entry = change(edited.phone, lambda draft: draft.set("rating", 2))
    edited.phone.change([], purges=[OTHER])
    third = RecordId.asset(FileHash(b"\x55" * 32))
    change(edited.phone, lambda draft: draft.set("rating", 5), third)
    document = inspect("diff", root / "laptop", "--library", root / "phone", "--json").document()
    assert (document["state"], document["heads_equal"]) == ("behind", False)
    assert document["counts"] == {"differs": 1, "only in A": 0, "only in B": 1, "purged in A": 0, "purged in B": 1}
    assert {each["record"]: each["difference"] for each in document["records"]} == {
        ID: "differs",
        third.body.hex(): "only in B",
        OTHER.body.hex(): "purged in B",
    }
    (fields,) = (each["fields"] for each in document["records"] if each["record"] == ID)
    assert [(each["field"], each["a"]["value"], each["b"]["value"]) for each in fields] == [("rating", 1, 2)]
    assert document["a_lacks"]["entries"] == 3
    assert document["a_lacks"]["logs"][0]["from"] == entry.seq
    assert document["b_lacks"]["entries"] == 0
    few = inspect("diff", root / "laptop", root / "phone", "--limit", "1")
    assert "… and 2 more records; --limit 0 shows all" in few.out


def test_copies_with_the_same_entries_that_differ(inspect: Inspect, root: Path, edited: Pair) -> None:
    """As it must never be: a convergence problem."""
    twin = edited.phone.records.state(OTHER)
    content = edited.phone.records.content(OTHER)
    assert content is not None
    edited.close()
    with closing(sqlite3.connect(LibraryFolder(root / "phone").database)) as connection:
        connection.execute("UPDATE record SET state = ?, digest = ? WHERE record = ?", (twin, record_digest(PHOTO, content), PHOTO))
        connection.commit()
    said = inspect("diff", root / "laptop", root / "phone", "--json")
    assert said.code == 3
    assert '"state": "differ"' in said.out
    people = inspect("diff", root / "laptop", root / "phone")
    assert people.code == 3
    assert "although both have applied the same entries: a convergence problem" in people.out
    assert 'caption: nothing → "sea"' in people.out


def test_what_can_not_be_compared(inspect: Inspect, root: Path, pair: Pair, tmp_path: Path) -> None:
    make_library(tmp_path / "foreign").close()
    code, sentence = inspect("diff", root / "laptop", tmp_path / "foreign", "--json").failure()
    assert (code, "nothing in common" in sentence) == (2, True)
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    code, sentence = inspect("diff", root / "laptop", root / "relay", "--json").failure()
    assert (code, sentence.startswith("B is a relay's folder")) == (2, True)
    for words in (
        ("diff",),
        ("diff", ID),
        ("diff", ID, "2h"),
        ("diff", "1h", "2h"),
        ("diff", "2h", "--from", "3h"),
        ("diff", "--to", "2h"),
    ):
        assert inspect(*words, "--library", root / "laptop", "--json").failure()[0] == 2


def test_copies_without_their_keys(inspect: Inspect, root: Path, edited: Pair) -> None:
    change(edited.phone, lambda draft: draft.set("rating", 2))
    edited.close()
    for name in ("laptop", "phone"):
        LibraryFolder(root / name).device_key.unlink()
    document = inspect("diff", root / "laptop", root / "phone", "--json").document()
    assert document["counts"]["differs"] == 1


def test_two_records(inspect: Inspect, root: Path, edited: Pair) -> None:
    document = inspect("diff", ID, OTHER.body.hex(), "--library", root / "phone", "--json").document()
    assert (document["what"], document["differing"], document["equal"]) == ("records", 1, 1)
    (caption,) = document["fields"]
    assert (caption["field"], caption["a"], caption["b"]["value"], caption["b"]["by"]["device_name"]) == ("caption", None, "sea", "laptop")
    same = inspect("diff", ID, ID, "--library", root / "phone").out
    assert "read the same: 1 field" in same


def test_two_times_of_the_library(inspect: Inspect, root: Path, edited: Pair) -> None:
    folder = ("--library", root / "laptop", "--json")
    middle = inspect("history", OTHER.body.hex(), *folder).document()["changes"][0]["time"]
    document = inspect("diff", middle, "now", *folder).document()
    assert (document["what"], document["touched"], document["entries"], document["given_up"]) == ("library at two times", 1, 1, 0)
    (record,) = document["records"]
    assert (record["record"], record["became"], len(record["changes"])) == (OTHER.body.hex(), "changed", 1)
    assert [(each["field"], each["before"], each["after"]["value"]) for each in record["fields"]] == [("caption", None, "sea")]
    everything = inspect("diff", "2020-01-01", "--limit", "1", *folder).document()
    assert (len(everything["records"]), everything["touched"]) == (1, 4)
    assert everything["records"][0]["became"] == "made"
    assert inspect("diff", "2020-01-01", "2021-01-01", *folder).document()["records"] == []
    edited.laptop.change([], purges=[OTHER])
    gone = inspect("diff", middle, *folder).document()["records"]
    assert [(each["record"], each["became"]) for each in gone] == [(OTHER.body.hex(), "purged")]


def test_two_times_of_a_record(inspect: Inspect, root: Path, edited: Pair) -> None:
    folder = ("--library", root / "laptop", "--json")
    middle = inspect("history", OTHER.body.hex(), *folder).document()["changes"][0]["time"]
    words = ("--record", OTHER.body.hex(), *folder)
    documents = [
        inspect("diff", "--from", middle, "--to", "now", *words).document(),
        inspect("diff", middle, *words).document(),
        inspect("diff", middle, "--by", "made", *words).document(),
    ]
    for document in documents:
        assert (document["what"], document["became"], [each["field"] for each in document["fields"]]) == (
            "record at two times",
            "changed",
            ["caption"],
        )
    assert "changed between" in inspect("diff", middle, *words[:-1]).out


def test_two_times_of_a_pruned_library(inspect: Inspect, tmp_path: Path) -> None:
    anna = make_library(tmp_path / "anna")
    bert = admit(anna, tmp_path / "bert")
    photo = add_photo(anna, "sea")
    exchange(anna, bert)
    report(anna, bert)
    assert settle_one(anna, bert) is not None
    assert prune_all(anna) > 0
    edit(anna, photo, rating=4)
    document = inspect("diff", "2020-01-01", "--library", tmp_path / "anna", "--json").document()
    assert (document["touched"], "have no bytes" in document["sentence"]) == (1, True)
    (record,) = document["records"]
    assert (record["whole"], record["name"]) == (False, "sea.jpg")
    shutil.copytree(tmp_path / "anna", tmp_path / "copy")
    assert inspect("diff", tmp_path / "anna", tmp_path / "copy", "--json").document()["state"] == "same"
    anna.close()
    bert.close()
