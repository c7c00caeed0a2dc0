"""``set`` on photos that consist of several assets: what is taken away is away, and what is added joins what is shown."""

from __future__ import annotations

import pytest

from peer.library.albums import After, ToIndex, add_to_album, create_album, move_in_album, remove_from_album
from peer.library.assignments import parse_assignments
from peer.library.library import Library
from peer.library.queries import AssetRow, Filter, Queries
from peer.library.setting import set_fields
from peer.library.undoing import newest, undo
from store.ids import RecordId
from tests.fleet.libraries import add_photo, edit, file_of


@pytest.fixture
def composite(library: Library) -> RecordId:
    """A photo whose RAW was imported first, rated, given keywords and put into an album."""
    raw = add_photo(library, "raw")
    set_fields(library, [raw], parse_assignments(["rating=4", "keyword+=sea", "keyword+=boat"]))
    album = create_album(library, "Sweden")
    add_to_album(library, album, [raw, *(add_photo(library, label) for label in "ab")])
    still = add_photo(library, "still")
    edit(library, still, role_raw=bytes(file_of("raw")))
    return still


def row(library: Library, asset: RecordId) -> AssetRow:
    found = Queries(library.database).asset(asset)
    assert found is not None
    return found


def put(library: Library, asset: RecordId, *texts: str) -> None:
    set_fields(library, [asset], parse_assignments(texts))


@pytest.mark.parametrize(
    ("texts", "rating", "keywords"),
    [
        (["rating=none"], 0, ("boat", "sea")),
        (["rating=0", "favorite=yes"], 0, ("boat", "sea")),
        (["rating=2"], 2, ("boat", "sea")),
        (["keyword-=sea"], 4, ("boat",)),
        (["keyword+=may"], 4, ("boat", "may", "sea")),
        (["keyword-=sea", "keyword-=boat", "rating=none"], 0, ()),
    ],
)
def test_shows_what_was_set_and_what_was_there_again_after_an_undo(
    library: Library, composite: RecordId, texts: list[str], rating: int, keywords: tuple[str, ...]
) -> None:
    before = row(library, composite)
    put(library, composite, *texts)
    after = row(library, composite)
    assert (after.rating, after.keywords) == (rating, keywords)
    undo(library, newest(library))
    assert row(library, composite) == before


def order(library: Library) -> str:
    (album,) = Queries(library.database).albums()
    return "".join(each.name[0] for each in Queries(library.database).assets(Filter(album=album.record)))


def test_is_in_albums_as_one_photo(library: Library, composite: RecordId) -> None:
    (album,) = (each.record for each in Queries(library.database).albums())
    members = [each.record for each in Queries(library.database).assets(Filter(album=album))]
    assert order(library) == "sab"
    move_in_album(library, album, [composite], After(members[1]))
    assert order(library) == "asb"
    move_in_album(library, album, [members[2], composite], ToIndex(0))
    assert order(library) == "bsa"
    other = create_album(library, "Boats")
    add_to_album(library, other, [composite])
    assert len(row(library, composite).albums) == 2
    assert add_to_album(library, album, [composite]) == 0
    assert remove_from_album(library, album, [composite]) == 1
    assert row(library, composite).albums == (other.body.hex(),)
