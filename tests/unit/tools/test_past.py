"""`history` and `at`, as people and scripts see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crdt.asset import add_to_album
from crdt.client import writer
from crdt.clock import Stamp
from crdt.parsing import in_key
from crdt.update import DeleteRange, Item, encode_update
from peer.layout import LibraryFolder
from store.ids import FileHash, RecordId, RecordKind
from tests.fleet.checkpoints import prune_all, settle_one
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, make_library, report
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, forge, raws_of
from tests.unit.tools.running import Inspect

ID = PHOTO.body.hex()
ALBUM = RecordId.make(RecordKind.ALBUM, b"\x90\xc1" + bytes(14))


@pytest.fixture
def edited(pair: Pair) -> Pair:
    """A rating by one, another by both while apart, and a decision; a keyword that came and went."""
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    pair.exchange()
    change(pair.laptop, lambda draft: draft.set("rating", 4))
    change(pair.phone, lambda draft: draft.set("rating", 5))
    pair.exchange()
    change(pair.laptop, lambda draft: draft.set("rating", 3))
    change(pair.laptop, lambda draft: draft.add("keyword", "sea"))
    change(pair.laptop, lambda draft: draft.discard("keyword", "sea"))
    return pair


def side(value: Any, *beside: Any) -> dict[str, Any]:
    return {"value": value, "beside": list(beside)}


def test_history_says_who_changed_what_from_what_to_what(inspect: Inspect, root: Path, edited: Pair) -> None:
    document = inspect("history", ID, "--library", root / "laptop", "--json").document()
    assert (document["exists"], document["purged"], document["total"]) == (True, False, 6)
    assert document["beginning"]["begins_with"] == "first entry"
    assert document["base"] == document["covered"] == []
    told = [
        (
            write["device_name"],
            [(each["field"], each["element"], each["before"], each["after"], each["conflict"]) for each in write["changes"]],
        )
        for write in document["changes"]
    ]
    assert told == [
        ("laptop", [("rating", None, None, side(1), None)]),
        ("laptop", [("rating", None, side(1), side(4), None)]),
        ("phone", [("rating", None, side(4), side(5, 4), "opened")]),
        ("laptop", [("rating", None, side(5, 4), side(3), "settled")]),
        ("laptop", [("keyword", "sea", None, side(True), None)]),
        ("laptop", [("keyword", "sea", side(True), None, None)]),
    ]
    third = document["changes"][2]
    assert third["received"] > third["time"], "it was made before it came"
    assert third["wrote"] == [{"field": "rating", "element": None, "value": 5}]


def test_history_of_a_field_and_the_newest_of_it(inspect: Inspect, root: Path, edited: Pair) -> None:
    folder = ("--library", root / "laptop", "--json")
    for field in ("keyword", "keyword:sea"):
        assert inspect("history", ID, field, *folder).document()["total"] == 2
    document = inspect("history", ID, "rating", "--limit", "1", *folder).document()
    assert (document["field"], document["total"], len(document["changes"])) == ("rating", 4, 1)
    assert document["changes"][0]["changes"][0]["after"] == side(3)
    assert inspect("history", ID, "caption", *folder).failure() == (2, "Nobody ever wrote 'caption' in this record.")
    assert "    keyword:sea: nothing → there\n" in inspect("history", ID, *folder[:2]).out


def test_elements_are_named_by_the_beginning_of_an_id(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: add_to_album(draft, ALBUM, "a0"))
    folder = ("--library", root / "laptop")
    digits = ALBUM.body.hex()
    for field in ("album", f"album:{digits[:4]}", f"album:{digits}", f"position:{digits[:4]}"):
        assert inspect("history", ID, field, *folder, "--json").document()["total"] == 1, field
    for verb in (("history", ID), ("show", ID), ("at", ID, "--time", "0s")):
        said = inspect(*verb, *folder).out
        assert f"album:{digits[:10]}" in said, verb
        assert f"position:{digits[:10]}" in said, verb
        assert in_key(ALBUM) not in said, verb


def test_history_for_people(inspect: Inspect, root: Path, edited: Pair) -> None:
    said = inspect("history", ID, "rating", "--library", root / "laptop", "--limit", "2").out.splitlines()
    assert said[0] == f"asset {ID}: 4 changes of rating from the first entry on"
    assert said[1] == "… 2 earlier changes; --limit 0 shows all"
    assert said[3] == "    rating: 4 → 5 | 4  conflict opened"
    assert said[5] == "    rating: 5 | 4 → 3  conflict settled"


def test_what_has_no_effect_is_shown_without_one(inspect: Inspect, root: Path, edited: Pair) -> None:
    def stray(client: int, stamp: Stamp) -> bytes:
        return encode_update(client, [Item(f"v/rating/{writer(client)}", stamp, 2)], [DeleteRange(7, 0, 1)])

    forge(edited.laptop, [(PHOTO, stray)])
    change(edited.laptop, lambda draft: draft.set("rating", 3))
    document = inspect("history", ID, "rating", "--library", root / "laptop", "--json").document()
    void, same = document["changes"][-2:]
    assert (void["state"], void["changes"], void["wrote"][0]["value"]) == ("void", [], 2)
    assert "causal past" in void["reason"]
    assert (same["state"], same["changes"]) == ("applied", [])
    said = inspect("history", ID, "rating", "--library", root / "laptop").out
    assert "without effect; wrote rating 2" in said
    assert "nothing reads otherwise; wrote rating 3" in said


def test_a_purged_record_has_its_history(inspect: Inspect, root: Path, edited: Pair) -> None:
    edited.laptop.change([], purges=[PHOTO])
    document = inspect("history", ID, "--library", root / "laptop", "--json").document()
    assert (document["exists"], document["purged"], document["total"]) == (False, True, 7)
    assert document["changes"][-1]["purge"]
    assert inspect("at", ID, "--time", "2099-01-01", "--library", root / "laptop", "--json").document()["purged"]
    before = document["changes"][-2]["time"]
    assert inspect("at", ID, "--time", before, "--library", root / "laptop", "--json").document()["exists"]
    assert "purged: the record is gone for good" in inspect("history", ID, "--library", root / "laptop").out


def test_at_a_time_by_either_clock(inspect: Inspect, root: Path, edited: Pair) -> None:
    folder = ("--library", root / "laptop", "--json")
    phones = inspect("history", ID, "rating", *folder).document()["changes"][2]
    made = inspect("at", ID, "--time", phones["time"], *folder).document()
    (rating,) = made["fields"]
    assert (rating["value"], rating["beside"], rating["by"]["device_name"]) == (5, [4], "phone")
    assert [other["by"]["device_name"] for other in rating["others"]] == ["laptop"]
    assert [write["entry"] for write in made["surprises"]] == [phones["entry"]]
    arrived = inspect("at", ID, "--time", phones["time"], "--by", "arrived", *folder).document()
    assert ([field["value"] for field in arrived["fields"]], arrived["fields"][0]["beside"]) == ([4], [])
    assert [write["entry"] for write in arrived["surprises"]] == [phones["entry"]]
    assert (arrived["next"]["entry"], arrived["whole"]) == (phones["entry"], True)
    said = inspect("at", ID, "--time", phones["time"], "--library", root / "laptop").out
    assert "1 field in conflict" in said
    assert "Not known on this device then" in said


def test_before_there_was_anything(inspect: Inspect, root: Path, edited: Pair) -> None:
    document = inspect("at", ID, "--time", "2020-01-01", "--library", root / "laptop", "--json").document()
    assert (document["exists"], document["fields"], document["last"], document["after"]) == (False, [], None, 6)
    assert "wasn't there at 2020-01-01 00:00:00" in inspect("at", ID, "--time", "2020-01-01", "--library", root / "laptop").out


def test_a_pruned_log_says_how_far_it_reaches(inspect: Inspect, tmp_path: Path) -> None:
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert")
    photo = add_photo(anna, "sea")
    clock.pass_by()
    edit(anna, photo, rating=3)
    exchange(anna, bert)
    report(anna, bert)
    clock.pass_by(1_000_000)
    assert settle_one(anna, bert) is not None
    assert prune_all(anna) > 0
    clock.pass_by()
    edit(anna, photo, rating=4)
    folder = ("--library", tmp_path / "anna", "--json")
    document = inspect("history", photo.body.hex(), "rating", *folder).document()
    assert document["beginning"]["begins_with"] == "checkpoint"
    assert document["beginning"]["given_up"] == 2
    assert [(field["field"], field["value"]) for field in document["base"]] == [("rating", 3)]
    assert [each["changes"][0]["before"] for each in document["changes"]] == [side(3)]
    assert "is only in checkpoint" in document["beginning"]["sentence"]
    early = inspect("at", photo.body.hex(), "--time", "2023-11-14T22:13:20", *folder).document()
    assert (early["whole"], "missing" in early["sentence"]) == (False, True)
    assert "rating" not in [field["field"] for field in early["fields"]]
    late = inspect("at", photo.body.hex(), "--time", "2099-01-01", *folder).document()
    assert (late["whole"], late["sentence"]) == (True, "")
    anna.close()
    bert.close()


@pytest.mark.parametrize("words", [("history", ID), ("at", ID, "--time", "2h"), ("diff", "2023-01-01"), ("conflicts",)])
def test_sealed_folders_get_a_sentence(inspect: Inspect, root: Path, pair: Pair, words: tuple[str, ...]) -> None:
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    code, sentence = inspect(*words, "--library", root / "relay", "--json").failure()
    assert (code, "relay" in sentence) == (2, True)
    LibraryFolder(root / "phone").device_key.unlink()
    code, sentence = inspect(*words, "--library", root / "phone", "--json").failure()
    assert (code, "keys" in sentence) == (2, True)


def test_wrong_times(inspect: Inspect, root: Path) -> None:
    assert inspect("at", ID, "--time", "soon", "--library", root / "laptop", "--json").failure() == (2, "'soon' is no time.")


def test_hostile_text_stays_text(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("caption", "\x1b[31m" + "x" * 10_000))
    change(pair.laptop, lambda draft: draft.add("keyword", "\x1b[2J" + "y" * 900))
    other = RecordId.asset(FileHash(b"\x77" * 32))
    change(pair.laptop, lambda draft: draft.set("rating", 1), other)
    for words in (("history", ID), ("at", ID, "--time", "2099-01-01"), ("diff", ID, other.body.hex()), ("diff", "2020-01-01")):
        said = inspect(*words, "--library", root / "laptop")
        assert said.code == 0
        assert "\x1b" not in said.out
        assert max(map(len, said.out.splitlines())) < 300
        json.dumps(inspect(*words, "--library", root / "laptop", "--json").document())
