"""``undo``, and what it takes back: ``set`` for many, albums, drags; from the words to the JSON."""

from __future__ import annotations

import pytest

from peer.library.library import Library
from tests.fleet.libraries import add_photo
from tests.unit.peer.commands.conftest import Calotype


@pytest.fixture
def photos(library: Library) -> list[str]:
    """The ids of twelve photos."""
    reopened = Library.open(library.folder)
    records = [add_photo(reopened, f"photo {number}") for number in range(12)]
    reopened.close()
    return [record.body.hex() for record in records]


def test_many_photos_are_set_and_taken_back_by_one_command(calotype: Calotype, photos: list[str]) -> None:
    rows = calotype("set", *photos[:5], "favorite=yes", "keyword+=sea", "--json").lines
    assert [row["id"] for row in rows] == photos[:5]
    assert all(row["favorite"] and row["keywords"] == ["sea"] for row in rows)
    assert len(calotype("ls", "--favorite", "--json").lines) == 5
    (listed,) = calotype("undo", "--list", "--json").lines
    assert (listed["label"], listed["photos"], listed["undo_of"]) == ("favorite, keyword", 5, None)
    assert listed["time"].endswith("Z")
    document = calotype("undo", "--json").document
    assert document == {
        "undone": 5,
        "skipped": 0,
        "fields_undone": 10,
        "fields_skipped": 0,
        "settled": 0,
        "id": listed["id"],
        "label": "favorite, keyword",
    }
    assert calotype("ls", "--favorite", "--json").lines == []
    (undone,) = calotype("undo", "--list", "--json").lines
    assert (undone["label"], undone["undo_of"]) == ("undo of favorite, keyword", listed["id"])
    assert calotype("undo", undone["id"][:8], "--json").document["undone"] == 5
    assert len(calotype("ls", "--favorite", "--json").lines) == 5


def test_photos_may_be_chosen_by_album_and_by_what_they_say(calotype: Calotype, photos: list[str]) -> None:
    calotype("album", "create", "Sweden")
    calotype("album", "add", "Sweden", *photos[:3])
    calotype("set", photos[1], photos[7], "caption=Blåbär")
    assert {row["id"] for row in calotype("set", "--album", "Sweden", "rating=3", "--json").lines} == set(photos[:3])
    assert {row["id"] for row in calotype("set", "--query", "BLÅBÄR", "rating=4", "--json").lines} == {photos[1], photos[7]}
    rows = calotype("set", photos[11], "--query", "blåbär", "--album", "Sweden", "rating=5", "--json").lines
    assert {row["id"] for row in rows} == {photos[1], photos[11]}
    assert calotype("set", "--query", "nothing at all", "rating=5", "--json").lines == []


@pytest.mark.parametrize("words", [("rating=3",), ("ID",), ("ID", "zz", "rating=3"), ("--album", "Nowhere", "rating=3"), ("ID", "zone+=1")])
def test_wrong_words_set_nothing(calotype: Calotype, photos: list[str], words: tuple[str, ...]) -> None:
    before = calotype("digest", "--json").document
    chosen = [photos[0] if word == "ID" else word for word in words]
    assert calotype("set", *chosen, "--json").code == 2
    assert calotype("digest", "--json").document == before


def test_a_wrong_clock_is_put_right_for_many(calotype: Calotype, photos: list[str]) -> None:
    rows = calotype("set", photos[0], photos[1], "taken+=1h30m", "zone=-05:00", "--json").lines
    assert {row["taken"] for row in rows} == {"2024-07-21T19:33:11-05:00"}
    assert calotype("set", photos[0], "taken-=1d", "--json").document["taken"] == "2024-07-20T19:33:11-05:00"
    calotype("undo")
    calotype("undo")
    assert calotype("ls", "--json").lines[0]["taken"] == "2024-07-21T18:03:11+02:00"


def test_the_files_own_values_come_back(calotype: Calotype, photos: list[str]) -> None:
    calotype("set", photos[0], "caption=x", "rating=3", "taken=2001-01-01T00:00:00")
    document = calotype("set", photos[0], "caption=none", "rating=none", "taken=none", "--json").document
    assert (document["caption"], document["rating"], document["taken"]) == ("", 0, "2024-07-21T18:03:11+02:00")


def test_what_was_changed_since_is_skipped_and_said(calotype: Calotype, photos: list[str]) -> None:
    calotype("set", photos[0], photos[1], "rating=3")
    calotype("set", photos[0], "rating=4")
    older = calotype("undo", "--list", "--json").lines[1]
    answer = calotype("undo", older["id"], "--json")
    assert answer.code == 1
    assert '"undone": 1, "skipped": 1' in answer.out
    person = calotype("undo")
    assert "Undone: rating (1 changed back, 0 skipped)." in person.out


def test_nothing_to_undo(calotype: Calotype, photos: list[str]) -> None:
    for words in (("undo",), ("undo", "ab"), ("undo", "--again"), ("undo", "ab", "--list"), ("undo", "--again", "--list")):
        assert calotype(*words, "--json").code == 2
    assert calotype("undo", "--list", "--json").lines == []


def test_an_undo_that_fills_the_trash_asks_first(calotype: Calotype, photos: list[str]) -> None:
    calotype("trash", *photos[:6], "--yes")
    calotype("undo")
    answer = calotype("undo", "--again", "--json")
    assert (answer.code, answer.error["error"]) == (2, "usage")
    assert len(calotype("ls", "--json").lines) == 12
    assert calotype("undo", "--again", "--yes", "--json").document["undone"] == 6
    assert len(calotype("ls", "--trash", "--json").lines) == 6


def test_many_photos_are_dragged_at_once(calotype: Calotype, photos: list[str]) -> None:
    calotype("album", "create", "Sweden")
    calotype("album", "add", "Sweden", *photos)
    calotype("album", "move", "Sweden", photos[9], photos[3], "--to", "0")
    members = calotype("album", "ls", "Sweden", "--json").document["members"]
    assert members[:3] == [photos[9], photos[3], photos[0]]
    calotype("undo")
    assert calotype("album", "ls", "Sweden", "--json").document["members"] == photos


def test_an_album_has_a_cover(calotype: Calotype, photos: list[str]) -> None:
    calotype("album", "create", "Sweden")
    assert calotype("album", "cover", "Sweden", photos[2][:10], "--json").document["cover"] == photos[2]
    assert calotype("album", "ls", "Sweden", "--json").document["cover"] == photos[2]
    assert calotype("album", "cover", "Sweden", "--none", "--json").document["cover"] is None
    calotype("undo")
    assert calotype("album", "ls", "--json").lines[0]["cover"] == photos[2]
    for words in ((), (photos[0], "--none"), ("zz",)):
        assert calotype("album", "cover", "Sweden", *words, "--json").code == 2
