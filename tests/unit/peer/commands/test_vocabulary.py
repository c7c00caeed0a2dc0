"""The commands that change a library, from the words that a person types to the JSON that scripts read."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer.library.library import Library
from store.ids import RecordId
from tests.fleet.libraries import add_photo
from tests.unit.peer.commands.conftest import Calotype


@pytest.fixture
def photos(library: Library) -> list[str]:
    """The ids of three photos."""
    reopened = Library.open(library.folder)
    records = [add_photo(reopened, label) for label in ("sea", "lake", "wood")]
    reopened.close()
    return [record.body.hex() for record in records]


def test_init_says_the_phrase_once_and_refuses_a_folder_that_holds_a_library(calotype: Calotype, folder: Path) -> None:
    document = calotype("init", "--name", "laptop", "--json").document
    assert document.keys() == {"library", "device", "recovery_phrase"}
    assert len(document["recovery_phrase"].split()) == 24
    again = calotype("init", "--name", "laptop", "--json")
    assert (again.code, again.error["error"]) == (2, "usage")
    assert str(folder) in again.error["message"]


def test_set_answers_with_the_photo(calotype: Calotype, photos: list[str]) -> None:
    document = calotype(
        "set", photos[0][:12], "rating=4", "favorite=yes", "keyword+=sea", "keyword+=åland", "caption=Two\nlines", "--json"
    ).document
    assert (document["id"], document["rating"], document["favorite"], document["keywords"]) == (photos[0], 4, True, ["sea", "åland"])
    assert document["caption"] == "Two\nlines"
    document = calotype("set", photos[0], "keyword-=sea", "location=-33.9,18.4", "taken=2001-02-03T04:05:06", "--json").document
    assert (document["keywords"], document["taken"]) == (["åland"], "2001-02-03T04:05:06")
    assert calotype("show", photos[0], "--json").document["location"] == [-33.9, 18.4]


def test_one_wrong_assignment_changes_nothing(calotype: Calotype, photos: list[str]) -> None:
    before = calotype("digest", "--json").document
    answer = calotype("set", photos[0], "rating=4", "rating=9", "--json")
    assert (answer.code, answer.error["error"]) == (2, "usage")
    assert "rating=9" in answer.error["message"]
    assert "rating=4" in answer.error["hint"]
    assert calotype("digest", "--json").document == before


@pytest.mark.parametrize(
    "words",
    [
        ("set", "zz", "rating=1"),
        ("set", "ffffffffffffffffffffffffffffffff", "rating=1"),
        ("set", "3f"),
        ("show", ""),
        ("trash", "nothing"),
        ("album", "rename", "Nowhere", "x"),
        ("album", "create", " "),
        ("resolve", "zz", "caption", "--winner"),
        ("ls", "--album", "Nowhere"),
        ("ls", "--unknown"),
        ("nonsense",),
        ("album", "nonsense"),
        ("why",),
    ],
)
def test_wrong_words_end_with_2_and_a_sentence(calotype: Calotype, photos: list[str], words: tuple[str, ...]) -> None:
    machine = calotype(*words, "--json")
    assert (machine.code, machine.error["error"]) == (2, "usage")
    person = calotype(*words)
    assert (person.code, person.out) == (2, "")
    assert person.err.startswith("calotype: ")
    assert "Traceback" not in person.err


def test_photos_go_into_the_trash_and_come_back(calotype: Calotype, photos: list[str]) -> None:
    assert calotype("trash", photos[0], "--json").document == {"trashed": 1, "unchanged": 0}
    (row,) = calotype("ls", "--trash", "--json").lines
    assert row["id"] == photos[0]
    assert row["trashed"].endswith("Z")
    assert {row["id"] for row in calotype("ls", "--json").lines} == set(photos[1:])
    assert calotype("restore-photo", *photos, "--json").document == {"restored": 1, "unchanged": 2}
    assert calotype("ls", "--trash", "--json").lines == []


def test_more_than_a_tenth_of_the_library_needs_a_yes(calotype: Calotype, photos: list[str]) -> None:
    answer = calotype("trash", *photos, "--json")
    assert (answer.code, answer.error["error"]) == (2, "usage")
    assert "--yes" in answer.error["hint"]
    assert len(calotype("ls", "--json").lines) == 3
    assert calotype("trash", *photos, "--yes", "--json").document == {"trashed": 3, "unchanged": 0}


def test_one_wrong_id_among_many_moves_nothing(calotype: Calotype, photos: list[str]) -> None:
    assert calotype("trash", photos[0], "ffff", "--yes", "--json").code == 2
    assert calotype("ls", "--trash", "--json").lines == []


def test_albums_are_made_filled_sorted_and_taken_away(calotype: Calotype, photos: list[str]) -> None:
    created = calotype("album", "create", "Sweden 2024", "--json").document
    assert created == {"id": created["id"], "title": "Sweden 2024", "cover": None, "assets": 0, "trashed": None, "conflicts": 0}
    assert calotype("album", "add", "Sweden 2024", *photos, "--json").document["assets"] == 3
    assert calotype("album", "rename", created["id"][:10], "Sweden", "--json").document["title"] == "Sweden"
    calotype("album", "move", "Sweden", photos[2], "--to", "0", "--json")
    calotype("album", "move", "Sweden", photos[0], "--after", photos[1], "--json")
    assert calotype("album", "ls", "Sweden", "--json").document["members"] == [photos[2], photos[1], photos[0]]
    assert [row["id"] for row in calotype("ls", "--album", "Sweden", "--json").lines] == [photos[2], photos[1], photos[0]]
    assert calotype("show", photos[0], "--json").document["albums"] == [created["id"]]
    assert calotype("album", "remove", "Sweden", photos[1], "--json").document["assets"] == 2
    assert calotype("album", "delete", "Sweden", "--json").document["trashed"].endswith("Z")
    assert calotype("album", "ls", "--json").lines == []
    assert [row["id"] for row in calotype("album", "ls", "--trash", "--json").lines] == [created["id"]]
    assert calotype("album", "restore", "Sweden", "--json").document["trashed"] is None
    assert len(calotype("album", "ls", "--json").lines) == 1


@pytest.mark.parametrize("options", [(), ("--to", "0", "--before", "ID"), ("--to", "-1"), ("--before", "zz"), ("--to", "first")])
def test_a_move_says_where_to(calotype: Calotype, photos: list[str], options: tuple[str, ...]) -> None:
    calotype("album", "create", "Sweden")
    calotype("album", "add", "Sweden", *photos)
    words = [photos[1] if option == "ID" else option for option in options]
    assert calotype("album", "move", "Sweden", photos[0], *words, "--json").code == 2


def test_listings_are_filtered(calotype: Calotype, photos: list[str]) -> None:
    calotype("set", photos[1], "favorite=yes", "caption=Blåbär")
    assert [row["id"] for row in calotype("ls", "--favorite", "--json").lines] == [photos[1]]
    assert [row["id"] for row in calotype("ls", "--query", "BLÅBÄR", "--json").lines] == [photos[1]]
    assert calotype("ls", "--query", "Hjortron", "--json").lines == []


def test_resolve_settles_a_conflict_on_the_command_line(calotype: Calotype, photos: list[str], library: Library) -> None:
    reopened = Library.open(library.folder)
    calotype("trash", photos[0])
    calotype("set", photos[0], "caption=meanwhile")
    reopened.close()
    (conflict,) = calotype("conflicts", "--json").lines
    assert (conflict["id"], conflict["kind"], conflict["field"], conflict["winner"]["value"]) == (photos[0], "trash", "trashed", "trashed")
    assert conflict["winner"]["device"] == "laptop"
    assert conflict["others"][0]["value"] == "restored"
    for options in ((), ("--winner", "--device", "laptop"), ("--value", "perhaps"), ("--device", "phone")):
        assert calotype("resolve", photos[0], "trashed", *options, "--json").code == 2
    document = calotype("resolve", photos[0][:8], "trashed", "--value", "restored", "--json").document
    assert document == {"id": photos[0], "field": "trashed", "resolved": True, "conflicts": []}
    assert calotype("conflicts", "--json").lines == []
    assert calotype("resolve", photos[0], "trashed", "--winner", "--json").code == 2


def test_ids_are_those_of_records(photos: list[str]) -> None:
    assert all(RecordId(bytes([1]) + bytes.fromhex(photo)) for photo in photos)
