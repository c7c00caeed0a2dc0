from __future__ import annotations

import pytest

from crdt.album import view_album
from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.errors import UsageError
from peer.library.albums import add_to_album, create_album, delete_album, rename_album
from peer.library.conflicts import Choice, OfDevice, TheValue, TheWinner, all_conflicts, conflicts_of, resolve
from peer.library.queries import Queries
from peer.library.trashing import trash_assets
from store.ids import RecordId, RecordKind
from tests.fleet.libraries import START, add_photo, edit
from tests.unit.peer.library.pair import Pair


def conflicting(pair: Pair, **fields: tuple[object, object]) -> RecordId:
    """A photo whose fields anna and bert set apart; bert a second later."""
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    edit(pair.anna, asset, **{field: annas for field, (annas, _) in fields.items()})
    pair.clock.pass_by()
    edit(pair.bert, asset, **{field: berts for field, (_, berts) in fields.items()})
    pair.meet()
    return asset


def test_a_conflict_says_who_wrote_what_and_when(pair: Pair) -> None:
    asset = conflicting(pair, taken=({"t": "2024-07-21T10:00:00"}, None))
    (conflict,) = pair.conflicts()
    assert conflict.to_json() == {
        "id": asset.body.hex(),
        "record": "asset",
        "field": "taken",
        "winner": {"value": None, "device": "bert", "device_id": pair.bert.device.hex(), "time": "2023-11-14T22:13:21.000Z", "seen": []},
        "others": [
            {
                "value": "2024-07-21T10:00:00",
                "device": "anna",
                "device_id": pair.anna.device.hex(),
                "time": "2023-11-14T22:13:20.000Z",
                "seen": [],
            }
        ],
        "kind": "values",
        "merged": None,
        "merged_cleanly": None,
    }
    assert START == 1_700_000_000_000


@pytest.mark.parametrize(
    ("choice", "rating"),
    [(TheWinner(), 5), (OfDevice("anna"), 2), (OfDevice("bert"), 5), (TheValue("3"), 3), (TheValue("2"), 2)],
)
def test_is_settled_by_any_choice_on_both(pair: Pair, choice: Choice, rating: int) -> None:
    asset = conflicting(pair, rating=(2, 5), caption=("lake", "sea"))
    assert len(pair.conflicts()) == 2
    resolve(pair.anna, asset, "rating", choice)
    pair.meet()
    assert view_asset(pair.bert.records.content(asset) or EMPTY).rating == rating
    assert [conflict.field for conflict in pair.conflicts()] == ["caption"]


def test_a_device_may_be_named_by_the_beginning_of_its_id(pair: Pair) -> None:
    asset = conflicting(pair, rating=(2, 5))
    resolve(pair.anna, asset, "rating", OfDevice(pair.anna.device.hex()[:12].upper()))
    assert view_asset(pair.anna.records.content(asset) or EMPTY).rating == 2


@pytest.mark.parametrize(
    ("field", "choice"),
    [
        ("rating", OfDevice("carla")),
        ("rating", OfDevice("")),
        ("rating", TheValue("9")),
        ("rating", TheValue("")),
        ("caption", TheWinner()),
        ("nonsense", TheWinner()),
        ("trashed", TheWinner()),
    ],
)
def test_what_isnt_possible_is_refused_and_writes_nothing(pair: Pair, field: str, choice: Choice) -> None:
    asset = conflicting(pair, rating=(2, 5))
    before = pair.anna.log.count()
    with pytest.raises(UsageError, match=r"Nothing was changed\.") as caught:
        resolve(pair.anna, asset, field, choice)
    assert caught.value.hint
    assert pair.anna.log.count() == before


def test_places_and_edits_are_settled_as_they_were_written(pair: Pair) -> None:
    asset = conflicting(pair, location=([1.5, 2], None), edit_crop=([0, 0, 0.5, 1], [0, 0, 1, 0.5]))
    resolve(pair.bert, asset, "location", OfDevice("anna"))
    resolve(pair.bert, asset, "edit:crop", TheValue("none"))
    pair.meet()
    asset_view = view_asset(pair.anna.records.content(asset) or EMPTY)
    assert asset_view.location is not None
    assert asset_view.location.value() == [1.5, 2]
    assert asset_view.edits == {}


def test_titles_of_albums_can_be_in_conflict(pair: Pair) -> None:
    album = create_album(pair.anna, "Sweden")
    pair.meet()
    rename_album(pair.anna, album, "Norway")
    pair.clock.pass_by()
    rename_album(pair.bert, album, "Finland")
    pair.meet()
    (conflict,) = pair.conflicts()
    assert (conflict.record, conflict.field, conflict.winner.value) == (album, "title", "Finland")
    resolve(pair.anna, album, "title", OfDevice("anna"))
    pair.meet()
    assert view_album(pair.bert.records.content(album) or EMPTY).title == "Norway"


def test_names_of_devices_can_be_in_conflict(pair: Pair) -> None:
    device = RecordId.make(RecordKind.DEVICE, pair.bert.device)
    edit(pair.anna, device, name="phone")
    edit(pair.bert, device, name="tablet")
    pair.meet()
    (conflict,) = pair.conflicts()
    assert conflict.field == "name"
    resolve(pair.anna, device, "name", TheValue("bert's"))
    pair.meet()
    assert Queries(pair.bert.database).device_names()[pair.bert.device][0] == "bert's"


@pytest.mark.parametrize(
    ("choice", "trashed"), [(TheWinner(), True), (OfDevice("bert"), False), (TheValue("trashed"), True), (TheValue("restored"), False)]
)
def test_a_contested_trash_is_kept_or_undone(pair: Pair, choice: Choice, trashed: bool) -> None:
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    trash_assets(pair.anna, [asset])
    edit(pair.bert, asset, rating=3)
    pair.meet()
    resolve(pair.anna, asset, "trashed", choice)
    pair.meet()
    assert pair.conflicts() == []
    row = Queries(pair.bert.database).asset(asset)
    assert row is not None
    assert (row.trashed is not None, row.contested, row.rating) == (trashed, False, 3)


def test_a_contested_trash_is_neither_this_nor_that(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    trash_assets(pair.anna, [asset])
    edit(pair.bert, asset, rating=3)
    pair.meet()
    with pytest.raises(UsageError, match="neither"):
        resolve(pair.anna, asset, "trashed", TheValue("perhaps"))


@pytest.mark.parametrize(("choice", "trashed"), [(TheWinner(), True), (OfDevice("bert"), False)])
def test_an_album_that_got_a_photo_while_it_was_deleted_is_kept_in_the_trash_or_brought_back(
    pair: Pair, choice: Choice, trashed: bool
) -> None:
    asset, album = add_photo(pair.anna, "sea"), create_album(pair.anna, "Sweden")
    pair.meet()
    delete_album(pair.anna, album)
    pair.clock.pass_by()
    add_to_album(pair.bert, album, [asset])
    pair.meet()
    resolve(pair.bert, album, "trashed", choice)
    pair.meet()
    assert pair.conflicts() == []
    assert [row.record for row in Queries(pair.anna.database).albums(trash=trashed)] == [album]


def test_one_device_that_did_many_things_is_one_side(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    trash_assets(pair.anna, [asset])
    for rating in (1, 2):
        pair.clock.pass_by()
        edit(pair.bert, asset, rating=rating, caption="!")
    pair.meet()
    (conflict,) = pair.conflicts()
    assert [other.changed for other in conflict.others] == [("caption", "rating")]


def test_what_nobody_wrote_at_the_same_time_has_no_conflicts(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    edit(pair.anna, asset, rating=1)
    pair.meet()
    edit(pair.bert, asset, rating=2)
    pair.meet()
    assert conflicts_of(pair.anna, asset) == []
    assert conflicts_of(pair.anna, RecordId.make(RecordKind.ALBUM, bytes(16))) == []
    assert list(all_conflicts(pair.anna)) == []
