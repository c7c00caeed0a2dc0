"""Listings are made from records, and show nothing that no record says."""

from __future__ import annotations

from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.library.library import Library
from peer.library.projection import RecordProjection
from peer.library.queries import Filter, Queries
from peer.library.queues import DownloadQueue
from peer.library.texts import readable, searchable
from tests.fleet.libraries import add_original, add_photo, edit
from tests.unit.peer.library.pair import Pair


def projection(library: Library) -> RecordProjection:
    return RecordProjection(library.database, DownloadQueue(library.database))


def test_a_row_is_what_the_view_says(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea", name="b.jpg")
    add_photo(pair.bert, "sea", name="a.jpg")
    edit(pair.anna, asset, rating=3, hidden=True, taken={"t": "2001-02-03T04:05:06"})
    pair.meet()
    view = view_asset(pair.anna.records.content(asset) or EMPTY)
    for library in pair.both:
        row = Queries(library.database).asset(asset)
        assert row is not None
        assert (row.name, row.rating, row.hidden, row.taken) == (view.names[0], view.rating, view.hidden, view.taken)
        assert (row.width, row.height, row.kind, row.media) == (view.exif.width, view.exif.height, view.kind, view.media)


def test_a_record_without_its_primary_file_is_not_shown_and_wants_nothing(library: Library) -> None:
    asset = add_photo(library, "sea")
    assert library.downloads.count()[0] == 1
    projection(library).update({asset: EMPTY}, set())
    assert Queries(library.database).asset(asset) is None
    assert library.downloads.count() == (0, 0)


def test_what_is_here_is_not_wanted(library: Library) -> None:
    add_original(library, "sea")
    assert library.downloads.count() == (0, 0)
    (row,) = Queries(library.database).assets()
    assert row.original == "here"


def test_an_original_that_nothing_leads_to_is_nowhere(library: Library) -> None:
    asset = add_photo(library, "sea")
    with library.database.write() as connection:
        connection.execute("UPDATE asset_file SET size = NULL")
    row = Queries(library.database).asset(asset)
    assert row is not None
    assert row.original == "nowhere"


def test_a_purge_takes_the_rows_away(library: Library) -> None:
    asset = add_photo(library, "sea")
    library.change([], purges=[asset])
    assert list(Queries(library.database).assets(Filter())) == []
    assert library.downloads.count() == (0, 0)


def test_names_are_shown_and_searched_as_text() -> None:
    assert readable("caf\udce9.jpg") == "caf\ufffd.jpg"
    assert searchable("STRASSE") == searchable("straße")
    assert searchable("a\u0308") == searchable("Ä")
    assert searchable("\ufb01") == "fi"
