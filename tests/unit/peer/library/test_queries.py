from __future__ import annotations

import pytest

from peer.errors import UsageError
from peer.library import edits
from peer.library import queries as queries_module
from peer.library.albums import add_to_album, create_album, delete_album
from peer.library.assignments import parse_assignments
from peer.library.library import Library
from peer.library.queries import Filter, Queries
from peer.library.trashing import trash_assets
from store.ids import LIBRARY_RECORD, RecordId, RecordKind
from tests.fleet.libraries import add_photo


def put(library: Library, asset: RecordId, *assignments: str) -> None:
    library.change([edits.set_fields(asset, parse_assignments(assignments))])


def named(library: Library, wanted: Filter) -> list[str]:
    return [row.name for row in Queries(library.database).assets(wanted)]


def test_a_row_has_the_fields_that_scripts_rely_on(library: Library) -> None:
    asset = add_photo(library, "sea", name="IMG_1.JPG")
    put(library, asset, "favorite=yes", "rating=4", "caption=at the sea", "keyword+=summer")
    album = create_album(library, "Sweden")
    add_to_album(library, album, [asset])
    (row,) = Queries(library.database).assets()
    assert row.to_json() == {
        "id": asset.body.hex(),
        "name": "IMG_1.JPG",
        "kind": "photo",
        "media": "image/jpeg",
        "taken": "2024-07-21T18:03:11+02:00",
        "width": 4000,
        "height": 3000,
        "favorite": True,
        "rating": 4,
        "hidden": False,
        "caption": "at the sea",
        "keywords": ["summer"],
        "albums": [album.body.hex()],
        "trashed": None,
        "contested": False,
        "original": "elsewhere",
        "conflicts": 0,
        "burst": None,
        "parts": 1,
        "missing": [],
    }
    trash_assets(library, [asset])
    (row,) = Queries(library.database).assets(Filter(trash=True))
    assert row.to_json()["trashed"] == "2023-11-14T22:13:20.000Z"


def test_photos_come_oldest_first_and_undated_ones_before_them(library: Library) -> None:
    for label, taken in (("c", "2024-01-01T00:00:00"), ("a", None), ("b", "2019-12-31T23:59:59+05:00")):
        add_photo(library, label, taken=taken)
    assert named(library, Filter()) == ["a.jpg", "b.jpg", "c.jpg"]


def test_long_listings_come_in_pages_without_gaps(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = [
        add_photo(library, f"{number:02}", taken=None if number % 3 else f"2024-01-{number % 5 + 1:02}T00:00:00") for number in range(17)
    ]
    album = create_album(library, "all")
    add_to_album(library, album, photos)
    whole, in_album = named(library, Filter()), named(library, Filter(album=album))
    monkeypatch.setattr(queries_module, "PAGE", 4)
    assert named(library, Filter()) == whole
    assert sorted(whole) == sorted(in_album)
    assert named(library, Filter(album=album)) == in_album == [f"{number:02}.jpg" for number in range(17)]


def test_filters_are_joined(library: Library) -> None:
    first, second = add_photo(library, "a"), add_photo(library, "b")
    put(library, first, "favorite=yes")
    album = create_album(library, "x")
    add_to_album(library, album, [first, second])
    assert named(library, Filter(favorite=True)) == ["a.jpg"]
    assert named(library, Filter(album=album, favorite=True)) == ["a.jpg"]
    trash_assets(library, [first])
    assert named(library, Filter(album=album)) == ["b.jpg"]
    assert named(library, Filter(album=album, trash=True)) == ["a.jpg"]
    assert named(library, Filter(favorite=True)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *[(text, True) for text in ("SEA", "straSSe", "a\u0308pfel", "ｓｅａ", "100%", "img_1", "older", "%", "_")],
        *[(text, False) for text in ("lake", "1%0", "imgx1", "'", '"', "[")],
    ],
)
def test_text_is_found_whatever_its_case_and_spelling(library: Library, text: str, found: bool) -> None:
    asset = add_photo(library, "x", name="IMG_1.jpg")
    add_photo(library, "x", name="older-name.jpg")
    put(library, asset, "caption=At the sea, Hauptstraße, 100% real", "keyword+=Äpfel")
    assert bool(named(library, Filter(text=text))) is found


def test_text_is_compared_with_the_beginning_of_ids(library: Library) -> None:
    asset = add_photo(library, "x", name="plain.jpg")
    assert named(library, Filter(text=asset.body.hex()[:8].upper())) == ["plain.jpg"]
    assert named(library, Filter(text=asset.body.hex()[1:9])) == []


def test_names_and_keywords_that_are_no_text_are_shown_and_searched_all_the_same(library: Library) -> None:
    asset = add_photo(library, "x", name="bad\udcffname.jpg")
    put(library, asset, "keyword+=caf\udce9")
    (row,) = Queries(library.database).assets(Filter(text="bad"))
    assert row.name == "bad\ufffdname.jpg"
    assert row.keywords == ("caf\ufffd",)


def test_any_unambiguous_beginning_of_an_id_names_its_record(library: Library) -> None:
    queries = Queries(library.database)
    photos = [add_photo(library, str(number)) for number in range(40)]
    album = create_album(library, "Sweden")
    for record in (*photos, album):
        assert queries.find(record.body.hex(), record.kind) == record
        assert queries.find_any(record.body.hex()[:20].upper()) == record
    assert queries.find_any("Sweden") == album
    assert queries.find_any("0" * 32) == LIBRARY_RECORD
    assert queries.find_any(library.device.hex()) == RecordId.make(RecordKind.DEVICE, library.device)
    with pytest.raises(UsageError, match="More than one photo"):
        queries.find(next(digit for digit in "0123456789abcdef" if sum(photo.body.hex()[0] == digit for photo in photos) > 1))
    for text in ("", "xyz", "f" * 33, "0123456789abcdef0", "-1", "%"):
        with pytest.raises(UsageError) as caught:
            queries.find(text)
        assert caught.value.hint


def test_an_album_is_named_by_title_or_id_and_live_ones_come_before_those_in_the_trash(library: Library) -> None:
    queries = Queries(library.database)
    old, new = create_album(library, "Sweden"), create_album(library, "Sweden")
    with pytest.raises(UsageError, match="More than one album"):
        queries.find_album("Sweden")
    delete_album(library, old)
    assert queries.find_album("Sweden") == new
    delete_album(library, new)
    with pytest.raises(UsageError, match="More than one album"):
        queries.find_album("Sweden")
    assert queries.find_album(new.body.hex()[:12]) == new
    with pytest.raises(UsageError, match="No album is called"):
        queries.find_album("Norway")
    with pytest.raises(UsageError, match="No album is called"):
        queries.find_album(new.body.hex()[:12].replace(new.body.hex()[0], "z"))
