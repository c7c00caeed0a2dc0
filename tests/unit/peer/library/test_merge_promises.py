"""The merge table of PROTOCOL.md section 8 with whole libraries: signed, sealed, exchanged in both orders, projected, and looked at as people do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crdt.asset import AssetView, view_asset
from crdt.clock import AHEAD_LIMIT_MS
from crdt.record import EMPTY
from peer.library import edits
from peer.library.albums import Before, add_to_album, create_album, delete_album, move_in_album, remove_from_album
from peer.library.assignments import parse_assignments
from peer.library.conflicts import OfDevice, conflicts_of, resolve
from peer.library.devices import device_rows
from peer.library.editing import edit_photo, revert_photo
from peer.library.library import Library
from peer.library.queries import AssetRow, Filter, Queries
from peer.library.trashing import restore_assets, trash_assets
from store.ids import RecordId
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, file_of, make_library
from tests.unit.peer.library.pair import Pair, make_pair

HOUR = 3_600_000


@pytest.fixture(params=[False, True], ids=["anna receives first", "bert receives first"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    made = make_pair(tmp_path, bert_first=request.param)
    yield made
    made.prove()
    made.close()


def put(library: Library, asset: RecordId, *assignments: str) -> None:
    library.change([edits.set_fields(asset, parse_assignments(assignments))])


def view(library: Library, asset: RecordId) -> AssetView:
    return view_asset(library.records.content(asset) or EMPTY)


def row(pair: Pair, asset: RecordId) -> AssetRow:
    """How both list it."""
    first, second = (Queries(library.database).asset(asset) for library in pair.both)
    assert first is not None
    assert second is not None
    # where the file is differs from device to device
    assert first.to_json() | {"original": ""} == second.to_json() | {"original": ""}
    return first


def shared_photo(pair: Pair, label: str = "sea") -> RecordId:
    asset = add_photo(pair.anna, label)
    pair.meet()
    pair.clock.pass_by()
    return asset


def members(pair: Pair, album: RecordId) -> list[RecordId]:
    first, second = ([each.record for each in Queries(library.database).assets(Filter(album=album))] for library in pair.both)
    assert first == second
    return first


def test_a_crop_and_an_exposure_both_apply(pair: Pair) -> None:
    asset = shared_photo(pair)
    edit(pair.anna, asset, edit_crop=[0, 0, 0.5, 0.5])
    edit(pair.bert, asset, edit_exposure=12)
    pair.meet()
    assert view(pair.anna, asset).edits == {"crop": [0, 0, 0.5, 0.5], "exposure": 12}
    assert pair.conflicts() == []


def test_a_revert_leaves_what_the_other_changes_at_the_same_time(pair: Pair) -> None:
    asset = shared_photo(pair)
    edit(pair.anna, asset, edit_crop=[0, 0, 0.5, 0.5], edit_exposure=12)
    pair.meet()
    pair.anna.change([revert_photo(asset)])
    pair.clock.pass_by()
    pair.bert.change([edit_photo(asset, {"exposure": 30, "tint": 5})])
    pair.meet()
    assert view(pair.anna, asset).edits == {"exposure": 30, "tint": 5}
    (conflict,) = pair.conflicts()
    assert (conflict.field, conflict.winner.value, [other.value for other in conflict.others]) == ("edit:exposure", 30, [None])
    pair.bert.change([revert_photo(asset)])
    pair.meet()
    assert view(pair.anna, asset).edits == {}
    assert pair.conflicts() == []


@pytest.mark.parametrize(
    ("field", "annas", "berts", "first", "second"),
    [("rating", "rating=2", "rating=5", 2, 5), ("caption", "caption=lake", "caption=sea", "lake", "sea")],
)
def test_the_later_value_wins_and_one_command_brings_the_other_back(
    pair: Pair, field: str, annas: str, berts: str, first: object, second: object
) -> None:
    asset = shared_photo(pair)
    put(pair.bert, asset, berts)
    pair.clock.pass_by()
    put(pair.anna, asset, annas)
    pair.meet()
    assert row(pair, asset).to_json()[field] == first
    assert row(pair, asset).conflicts == 1
    (conflict,) = pair.conflicts()
    assert (conflict.kind, conflict.field, conflict.winner.value) == ("values", field, first)
    assert [(other.value, other.device and other.device.name) for other in conflict.others] == [(second, "bert")]
    resolve(pair.bert, asset, field, OfDevice("bert"))
    pair.meet()
    assert row(pair, asset).to_json()[field] == second
    assert pair.conflicts() == []
    assert row(pair, asset).conflicts == 0


def test_equal_values_are_no_conflict(pair: Pair) -> None:
    asset = shared_photo(pair)
    put(pair.anna, asset, "rating=4")
    put(pair.bert, asset, "rating=4")
    pair.meet()
    assert pair.conflicts() == []


def test_a_keyword_that_one_adds_and_the_other_removes_stays(pair: Pair) -> None:
    asset = shared_photo(pair)
    put(pair.anna, asset, "keyword+=sea")
    pair.meet()
    put(pair.anna, asset, "keyword+=sea")
    put(pair.bert, asset, "keyword-=sea")
    pair.meet()
    assert row(pair, asset).keywords == ("sea",)
    put(pair.bert, asset, "keyword-=sea")
    pair.meet()
    assert row(pair, asset).keywords == ()


def test_what_was_edited_while_it_was_trashed_is_in_the_trash_with_the_edit_and_contested(pair: Pair) -> None:
    asset = shared_photo(pair)
    trash_assets(pair.anna, [asset])
    pair.clock.pass_by()
    put(pair.bert, asset, "rating=5")
    pair.meet()
    listed = row(pair, asset)
    assert (listed.trashed is not None, listed.rating, listed.contested, listed.conflicts) == (True, 5, True, 1)
    (conflict,) = pair.conflicts()
    assert (conflict.kind, conflict.field, conflict.winner.value) == ("trash", "trashed", "trashed")
    assert [(other.value, other.device and other.device.name, other.changed) for other in conflict.others] == [
        ("restored", "bert", ("rating",))
    ]
    trash_assets(pair.bert, [asset])
    pair.meet()
    assert (row(pair, asset).trashed is not None, row(pair, asset).contested) == (True, False)
    assert pair.conflicts() == []


def test_what_was_trashed_and_restored_at_the_same_time_is_contested_or_restored_and_can_be_settled(pair: Pair) -> None:
    asset = shared_photo(pair)
    trash_assets(pair.anna, [asset])
    pair.meet()
    put(pair.bert, asset, "rating=1")
    pair.meet()
    trash_assets(pair.anna, [asset])
    pair.clock.pass_by()
    restore_assets(pair.bert, [asset])
    pair.meet()
    (conflict,) = pair.conflicts()
    assert (conflict.kind, conflict.winner.value, [other.value for other in conflict.others]) == ("trash", "restored", ["trashed"])
    resolve(pair.anna, asset, "trashed", OfDevice("anna"))
    pair.meet()
    assert row(pair, asset).trashed is not None
    assert pair.conflicts() == []


def test_an_edit_of_what_was_purged_changes_nothing(pair: Pair) -> None:
    asset = shared_photo(pair)
    other = shared_photo(pair, "lake")
    pair.bert.change([], purges=[asset])
    pair.anna.change([edits.set_fields(record, parse_assignments(["rating=5"])) for record in (asset, other)])
    pair.meet()
    assert [Queries(library.database).asset(asset) for library in pair.both] == [None, None]
    assert row(pair, other).rating == 5
    assert all(library.records.is_purged(asset) for library in pair.both)


def test_a_photo_that_one_removes_from_an_album_while_the_other_moves_it_is_removed(pair: Pair) -> None:
    first, second = shared_photo(pair), shared_photo(pair, "lake")
    album = create_album(pair.anna, "Sweden")
    add_to_album(pair.anna, album, [first, second])
    pair.meet()
    remove_from_album(pair.anna, album, [second])
    move_in_album(pair.bert, album, [second], Before(first))
    pair.meet()
    assert members(pair, album) == [first]
    assert pair.conflicts() == []


def test_an_album_that_one_deletes_while_the_other_adds_to_it_is_in_the_trash_with_the_photo(pair: Pair) -> None:
    asset = shared_photo(pair)
    album = create_album(pair.anna, "Sweden")
    pair.meet()
    delete_album(pair.anna, album)
    add_to_album(pair.bert, album, [asset])
    pair.meet()
    for library in pair.both:
        queries = Queries(library.database)
        assert queries.albums() == []
        assert [each.record for each in queries.albums(trash=True)] == [album]
    assert members(pair, album) == [asset]
    assert row(pair, asset).trashed is None
    (conflict,) = pair.conflicts()
    assert (conflict.record, conflict.kind, conflict.others[0].changed) == (album, "trash", ("photos",))


def test_the_same_bytes_imported_on_both_are_one_photo_with_both_names_and_no_conflict(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea", name="IMG_0001.JPG")
    assert add_photo(pair.bert, "sea", name="urlaub.jpg") == asset
    pair.meet()
    assert [each.record for each in Queries(pair.anna.database).assets()] == [asset]
    assert view(pair.bert, asset).names == ("IMG_0001.JPG", "urlaub.jpg")
    assert len(set(view(pair.bert, asset).sources[file_of("sea")])) == 1
    assert pair.conflicts() == []


def test_what_one_imports_while_the_other_trashes_it_stays_in_the_trash_and_is_contested(pair: Pair) -> None:
    asset = shared_photo(pair)
    trash_assets(pair.bert, [asset])
    add_photo(pair.anna, "sea", name="again.jpg")
    pair.meet()
    assert row(pair, asset).trashed is not None
    assert [conflict.kind for conflict in pair.conflicts()] == ["trash"]


def test_causality_decides_before_clocks_do_and_a_wrong_clock_is_flagged(tmp_path: Path) -> None:
    right, wrong = MovedClock(), MovedClock()
    wrong.pass_by(5 * 365 * 24 * HOUR)
    anna = make_library(tmp_path / "anna", clock=right)
    bert = admit(anna, tmp_path / "bert", clock=wrong)
    asset = add_photo(anna, "sea")
    exchange(anna, bert)
    put(bert, asset, "rating=1")
    exchange(anna, bert)
    put(anna, asset, "rating=2")  # having seen the other, whatever the clocks say
    exchange(anna, bert)
    for library in (anna, bert):
        listed = Queries(library.database).asset(asset)
        assert listed is not None
        assert listed.rating == 2
        assert conflicts_of(library, asset) == []
    skew = {each["name"]: each["clock_skew"] for each in device_rows(anna)}
    assert skew["anna"] == 0
    assert skew["bert"] > AHEAD_LIMIT_MS
    assert anna.hlc.next().millis < right.now() + AHEAD_LIMIT_MS
    right.time = wrong.time  # years later, or once it was set right
    put(bert, asset, "rating=3")
    exchange(anna, bert)
    assert [each["clock_skew"] for each in device_rows(anna)] == [0, 0]
    anna.close()
    bert.close()
