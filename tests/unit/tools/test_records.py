from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crdt.asset import add_to_album
from crdt.client import writer
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.parsing import in_key
from crdt.update import Item, encode_update
from crdt.values import Value
from peer.library import edits
from store.entries import Entry
from store.ids import LIBRARY_RECORD, FileHash, RecordId, RecordKind
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, forge, raws_of
from tests.unit.tools.running import Inspect

ID = PHOTO.body.hex()
ALBUM = RecordId.make(RecordKind.ALBUM, b"\x3f\x3f" + bytes(14))


def field(document: Any, name: str, part: str = "fields") -> Any:
    (found,) = (each for each in document[part] if each["field"] == name)
    return found


def origin(entry: Entry, device: str) -> dict[str, Any]:
    return {"device_name": device, "entry": {"log": entry.log.hex(), "seq": entry.seq, "name": entry.name.hex()}}


@pytest.fixture
def edited(pair: Pair) -> tuple[Entry, Entry]:
    """Both devices set the rating while apart; the phone did so last."""
    entries = change(pair.laptop, lambda draft: draft.set("rating", 4)), change(pair.phone, lambda draft: draft.set("rating", 5))
    pair.exchange()
    return entries


def test_the_winner_and_the_conflict_say_who_wrote_them(inspect: Inspect, root: Path, edited: tuple[Entry, Entry]) -> None:
    document = inspect("show", ID[:6], "--library", root / "laptop", "--json").document()
    assert (document["record"], document["kind"], document["purged"]) == (ID, "asset", False)
    rating = field(document, "rating")
    (other,) = rating["others"]
    assert (rating["winner"]["value"], other["value"], other["relation"]) == (5, 4, "conflict")
    assert origin(edited[1], "phone").items() <= rating["winner"].items()
    assert origin(edited[0], "laptop").items() <= other.items()
    assert rating["winner"]["time"].startswith("2023-11-15T22:")


def test_both_devices_show_the_same(inspect: Inspect, root: Path, edited: tuple[Entry, Entry]) -> None:
    for words in (("show", ID), ("show", ID, "--raw")):
        laptop, phone = (inspect(*words, "--library", root / name, "--json").document() for name in ("laptop", "phone"))
        assert laptop == phone


def test_equal_values_and_older_positions_are_outranked_and_no_conflict(inspect: Inspect, root: Path, pair: Pair) -> None:
    def edit(draft: Draft) -> None:
        draft.set("favorite", True)
        add_to_album(draft, ALBUM, "a0")

    for library in (pair.laptop, pair.phone):
        change(library, edit)
    pair.exchange()
    document = inspect("show", ID, "--library", root / "phone", "--json").document()
    for name in ("favorite", f"position:{in_key(ALBUM)}"):
        assert [other["relation"] for other in field(document, name)["others"]] == ["outranked"]


def test_sets_and_derived_fields(inspect: Inspect, root: Path, pair: Pair) -> None:
    def edit(draft: Draft) -> None:
        draft.add("keyword", "sea/side")
        draft.add("name", "IMG\udcff.jpg")
        draft.derive("kind", "photo")
        draft.derive("thumbhash", b"\x01\x02")

    change(pair.laptop, edit)
    document = inspect("show", ID, "--library", root / "laptop", "--json").document()
    elements = {(each["set"], each["element"], each["spelled"]) for each in document["sets"]}
    assert elements == {("keyword", "sea/side", "sea%2Fside"), ("name", "IMG\\xff.jpg", "IMG%FF.jpg")}
    assert field(document, "kind", "derived")["winner"]["value"] == "photo"
    assert field(document, "thumbhash", "derived")["winner"]["value"] == "0102"
    said = inspect("show", ID, "--library", root / "laptop").out
    assert "keyword:sea/side\tthere\t" in said
    assert "derived kind\t" in said
    assert inspect("why", ID, "derived kind", "--library", root / "laptop", "--json").document()["field"] == "kind"


def test_values_that_this_version_passes_over_are_shown(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 4))

    def update(client: int, stamp: Stamp) -> bytes:
        cells: dict[str, Value] = {"v/rating": "four", "v/future": 1, "d/kind": 5, "d/future": 2, "s/future/x": None}
        return encode_update(client, [Item(f"{stem}/{writer(client)}", stamp, value) for stem, value in cells.items()], ())

    forge(pair.laptop, [(PHOTO, update)])
    document = inspect("show", ID, "--library", root / "laptop", "--json").document()
    rating, kind = field(document, "rating"), field(document, "kind", "derived")
    assert (rating["winner"]["value"], rating["others"][0]["value"], rating["others"][0]["relation"]) == (4, "four", "ignored")
    assert (kind["winner"], kind["others"][0]["relation"]) == (None, "ignored")
    for part in ("fields", "derived"):
        future = field(document, "future", part)
        assert (future["known"], future["winner"], future["others"][0]["relation"]) == (False, None, "unknown")
    assert [(each["set"], each["known"]) for each in document["sets"]] == [("future", False)]


def test_raw_shows_every_key_and_the_state_vector(inspect: Inspect, root: Path, edited: tuple[Entry, Entry]) -> None:
    document = inspect("show", ID, "--raw", "--library", root / "phone", "--json").document()
    keys = {each["key"]: each for each in document["keys"]}
    assert len(keys) == 2
    for key, each in keys.items():
        assert key == f"v/rating/{each['writer']}"
        assert len(bytes.fromhex(each["stamp"])) == 8
    assert [each["clocks"] for each in document["vector"]] == [1, 1]
    assert {each["device_name"] for each in document["vector"]} == {"laptop", "phone"}


def test_raw_shows_the_state_item_by_item(inspect: Inspect, root: Path, pair: Pair) -> None:
    def begin(draft: Draft) -> None:
        draft.set("caption", "Sea")
        draft.add("keyword", "beach")
        draft.derive("thumbhash", b"\x01\x02")

    change(pair.laptop, begin)
    change(pair.laptop, lambda draft: draft.discard("keyword", "beach"))
    document = inspect("show", ID, "--raw", "--library", root / "laptop", "--json").document()
    assert {each["key"].rpartition("/")[0]: each["type"] for each in document["keys"]} == {
        "v/caption": "register",
        "d/thumbhash": "derived",
    }
    (client,) = {each["client"] for each in document["items"]}
    items = [(each["clock"], (each["key"] or "").rpartition("/")[0], each["value"], each["live"]) for each in document["items"]]
    assert items == [(0, "d/thumbhash", "0102", True), (1, "", None, False), (2, "v/caption", "Sea", True)]
    assert all((each["bytes"] or 0) > 20 for each in document["items"] if each["live"])
    assert document["deletes"] == [{"client": client, "clock": 1, "length": 1}]
    text = inspect("show", ID, "--raw", "--library", root / "laptop").out
    assert "2 live and 1 deleted items" in text
    assert "delete set: 1 range" in text


def test_what_it_is_and_what_is_wrong_comes_first(inspect: Inspect, root: Path, pair: Pair) -> None:
    def begin(draft: Draft) -> None:
        draft.set("primary", b"\x3f" * 32)
        draft.add("name", "IMG_0042.jpg")
        draft.set("caption", "a")

    change(pair.laptop, begin)
    pair.exchange()
    pair.laptop.change([edits.trash(PHOTO)])
    change(pair.phone, lambda draft: draft.set("rating", 3))
    change(pair.laptop, lambda draft: draft.set("rating", 2))
    pair.exchange()
    document = inspect("show", ID, "--library", root / "phone", "--json").document()
    assert (document["name"], document["contested"], document["conflicts"]) == ("IMG_0042.jpg", True, ["rating"])
    assert document["trashed"].startswith("2023-11-15T")
    heading, trashed, conflict, _, first, *_ = inspect("show", ID, "--library", root / "phone").out.splitlines()
    assert heading == f"asset {ID}, IMG_0042.jpg"
    assert trashed.startswith("in the trash since 2023-11-15 ")
    assert "contested" in trashed
    assert conflict.startswith("1 open conflict: rating.")
    assert first.startswith("rating\t")


def test_text_has_a_line_for_each_value(inspect: Inspect, root: Path, edited: tuple[Entry, Entry]) -> None:
    heading, conflict, digest, *lines = inspect("show", ID, "--library", root / "phone").out.splitlines()
    assert heading == f"asset {ID}"
    assert conflict.startswith("1 open conflict: rating.")
    assert digest.startswith("digest ")
    assert [line.split("\t")[:4] for line in lines] == [["rating", "5", "", "phone"], ["rating", "4", "in conflict", "laptop"]]
    assert lines[0].split("\t")[5] == f"{edited[1].log.hex()[:10]}:{edited[1].seq}"
    assert "state vector" in inspect("show", ID, "--raw", "--library", root / "phone").out


def test_a_purged_record(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 4))
    pair.laptop.change([], purges=[PHOTO])
    document = inspect("show", ID, "--library", root / "laptop", "--json").document()
    assert document == {"record": ID, "kind": "asset", "name": None, "purged": True, "problems": []}
    heading, notice = inspect("show", ID, "--library", root / "laptop").out.splitlines()
    assert heading == f"asset {ID}"
    assert notice.startswith("purged: ")


def test_other_kinds_of_records_and_ambiguous_ids(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 4))
    change(pair.laptop, lambda draft: draft.set("title", "Sea"), ALBUM)
    change(pair.laptop, lambda draft: draft.set("retention", 60), LIBRARY_RECORD)
    folder = ("--library", root / "laptop", "--json")
    code, sentence = inspect("show", "3f3f", *folder).failure()
    assert code == 2
    assert f"asset:{ID}" in sentence
    assert f"album:{ALBUM.body.hex()}" in sentence
    assert field(inspect("show", "album:3f3f", *folder).document(), "title")["winner"]["value"] == "Sea"
    assert field(inspect("show", "library:0", *folder).document(), "retention")["winner"]["value"] == 60
    device = pair.phone.device.hex()
    assert field(inspect("show", f"device:{device}", *folder).document(), "name")["winner"]["value"] == "phone"
    assert inspect("show", "xyz", *folder).failure() == (2, "'xyz' is no record's id.")
    assert inspect("show", "77", *folder).failure() == (2, "No record has an id that begins with 77.")


def test_two_records_of_one_kind(inspect: Inspect, root: Path, pair: Pair) -> None:
    for number in (0, 1):
        change(pair.laptop, lambda draft: draft.set("rating", 4), RecordId.asset(FileHash(b"\x77" + bytes([number]) * 31)))
    code, sentence = inspect("show", "77", "--library", root / "laptop", "--json").failure()
    assert code == 2
    assert "More than one record" in sentence


def test_a_relay_s_records_are_sealed(inspect: Inspect, root: Path, pair: Pair) -> None:
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    code, sentence = inspect("show", ID, "--library", root / "relay", "--json").failure()
    assert code == 2
    assert "sealed" in sentence
