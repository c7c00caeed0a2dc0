"""What is shown as one photo: listings, writes and proofs over assets that are folded into each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.library.albums import add_to_album, create_album
from peer.library.authoring import Edit
from peer.library.conflicts import all_conflicts
from peer.library.details import asset_details
from peer.library.library import Library
from peer.library.queries import Filter, Queries
from peer.library.record_checks import PAGE
from peer.library.reprojecting import PROJECTED, bring_up_to_date
from peer.library.trashing import restore_assets, trash_assets
from peer.library.verifying import verify
from store.ids import RecordId
from tests.fleet.libraries import add_photo, edit, file_of
from tests.unit.peer.library.pair import Pair, make_pair


@pytest.fixture(params=[False, True], ids=["anna receives first", "bert receives first"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    made = make_pair(tmp_path, bert_first=request.param)
    yield made
    made.prove()
    made.close()


def name_part(library: Library, asset: RecordId, role: str, label: str) -> None:
    library.change([Edit(asset, lambda draft, stamp: draft.set(f"role:{role}", bytes(file_of(label))))])


def shown(library: Library, *, trash: bool = False) -> list[RecordId]:
    return [row.record for row in Queries(library.database).assets(Filter(trash=trash))]


def test_a_raw_that_came_alone_is_part_of_the_pair_that_came_elsewhere(pair: Pair) -> None:
    raw = add_photo(pair.anna, "raw")
    photo = add_photo(pair.bert, "jpeg")
    name_part(pair.bert, photo, "raw", "raw")
    pair.meet()
    for library in pair.both:
        assert shown(library) == [photo]
        assert Queries(library.database).count() == (1, 0)
        assert Queries(library.database).find(raw.body.hex()) == photo
        assert asset_details(library, photo)["folded"] == [raw.body.hex()]


def test_what_is_unfolded_is_listed_again(library: Library) -> None:
    raw, photo = add_photo(library, "raw"), add_photo(library, "jpeg")
    name_part(library, photo, "raw", "raw")
    assert shown(library) == [photo]
    name_part(library, photo, "raw", "nothing that is here")
    assert sorted(shown(library)) == sorted([raw, photo])
    assert verify(library).problems == []


def test_albums_keywords_and_rating_of_the_part_show_where_the_photo_has_none(library: Library) -> None:
    raw, photo = add_photo(library, "raw"), add_photo(library, "jpeg")
    album = create_album(library, "Sweden")
    add_to_album(library, album, [raw])
    library.change([Edit(raw, lambda draft, stamp: draft.add("keyword", "sea"))])
    edit(library, raw, rating=4)
    name_part(library, photo, "raw", "raw")
    queries = Queries(library.database)
    row = queries.asset(photo)
    assert row is not None
    assert (row.keywords, row.rating, row.albums, row.parts) == (("sea",), 4, (album.body.hex(),), 2)
    assert [asset for asset, _ in queries.album_members(album)] == [photo]
    assert [each.record for each in queries.assets(Filter(text="sea"))] == [photo]
    edit(library, photo, rating=2)
    again = queries.asset(photo)
    assert again is not None
    assert again.rating == 2


def test_the_trash_takes_and_gives_back_all_parts(pair: Pair) -> None:
    raw = add_photo(pair.anna, "raw")
    photo = add_photo(pair.anna, "jpeg")
    name_part(pair.anna, photo, "raw", "raw")
    assert trash_assets(pair.anna, [photo]).changed == 1
    pair.meet()
    for library in pair.both:
        assert shown(library) == []
        assert shown(library, trash=True) == [photo]
        assert all(view_asset(library.records.content(part) or EMPTY).trashed for part in (raw, photo))
    assert restore_assets(pair.bert, [photo]).changed == 1
    pair.meet()
    for library in pair.both:
        assert shown(library) == [photo]
        assert not any(view_asset(library.records.content(part) or EMPTY).trashed for part in (raw, photo))


def test_a_part_that_came_meanwhile_contests_the_trash(pair: Pair) -> None:
    photo = add_photo(pair.anna, "jpeg")
    name_part(pair.anna, photo, "raw", "raw")
    pair.meet()
    trash_assets(pair.anna, [photo])
    add_photo(pair.bert, "raw")
    pair.meet()
    for library in pair.both:
        row = Queries(library.database).asset(photo)
        assert row is not None
        assert row.trashed is not None
        assert row.contested


def test_a_part_that_nobody_brought_is_shown_as_missing(library: Library) -> None:
    photo = add_photo(library, "jpeg")
    name_part(library, photo, "raw", "raw")
    row = Queries(library.database).asset(photo)
    assert row is not None
    assert row.missing == ("raw",)
    add_photo(library, "raw")
    whole = Queries(library.database).asset(photo)
    assert whole is not None
    assert whole.missing == ()


def test_the_photos_of_a_burst_know_each_other(library: Library) -> None:
    photos = [add_photo(library, label) for label in ("first", "second", "trashed", "other")]
    for number, photo in enumerate(photos[:3]):
        library.change(
            [Edit(photo, lambda draft, stamp, n=number: draft.derive("exif", {"burst": "B1", "taken": f"2024-07-21T18:03:1{n}"}))]  # type: ignore[misc]
        )
    trash_assets(library, [photos[2]])
    assert asset_details(library, photos[1])["burst_photos"] == [photo.body.hex() for photo in photos[:2]]
    assert asset_details(library, photos[3])["burst_photos"] == []


def test_the_same_new_version_on_two_devices_is_one_photo(pair: Pair) -> None:
    """Here it became a version of the photo that it was made of, there a photo of its own."""
    first = add_photo(pair.anna, "first")
    pair.meet()
    pair.anna.change([Edit(first, lambda draft, stamp: draft.set("primary", bytes(file_of("second"))))])
    second = add_photo(pair.bert, "second")
    pair.meet()
    for library in pair.both:
        assert shown(library) == [min(first, second)]


def test_a_proof_over_pages_knows_parts_on_other_pages(library: Library) -> None:
    labels = [f"photo {number}" for number in range(PAGE + 20)]
    photos = sorted(add_photo(library, label) for label in labels[:1])
    library.change([])
    for label in labels[1:]:
        photos.append(add_photo(library, label))
    name_part(library, photos[0], "raw", labels[-1])
    name_part(library, photos[1], "motion", labels[0])
    assert verify(library).problems == []


def test_listings_of_an_older_version_are_made_anew(library: Library) -> None:
    photo = add_photo(library, "jpeg")
    add_photo(library, "raw")
    name_part(library, photo, "raw", "raw")
    album = create_album(library, "Sweden")
    add_to_album(library, album, [photo])
    with library.database.write() as connection:
        connection.execute("DELETE FROM asset_album")
        connection.execute("UPDATE asset SET folded = NULL")
        connection.execute("DELETE FROM needed_blob")
        library.meta.put_int(PROJECTED, 0)
    bring_up_to_date(library)
    assert verify(library).problems == []
    assert shown(library) == [photo]
    assert list(all_conflicts(library)) == []
