from __future__ import annotations

from random import Random

import pytest

from peer.errors import UsageError
from peer.library.albums import (
    After,
    Before,
    Target,
    ToIndex,
    add_to_album,
    create_album,
    delete_album,
    move_in_album,
    remove_from_album,
    rename_album,
    restore_album,
    set_cover,
    writers_of_memberships,
)
from peer.library.library import Library
from peer.library.queries import Filter, Queries
from peer.library.trashing import trash_assets
from store.ids import RecordId, RecordKind
from tests.fleet.libraries import add_photo
from tests.unit.peer.library.pair import Pair


def filled(library: Library, labels: str = "abcd") -> tuple[RecordId, dict[str, RecordId]]:
    photos = {label: add_photo(library, label) for label in labels}
    album = create_album(library, "Sweden")
    add_to_album(library, album, list(photos.values()))
    return album, photos


def shown(library: Library, album: RecordId) -> str:
    return "".join(row.name.removesuffix(".jpg") for row in Queries(library.database).assets(Filter(album=album)))


def test_photos_are_shown_in_the_order_in_which_they_were_added(library: Library) -> None:
    album, photos = filled(library, "cab")
    assert shown(library, album) == "cab"
    add_to_album(library, album, [add_photo(library, "d"), photos["c"]])
    assert shown(library, album) == "cabd"


@pytest.mark.parametrize(
    ("moved", "target", "order"),
    [
        ("d", ToIndex(0), "dabc"),
        ("a", ToIndex(99), "bcda"),
        ("a", ToIndex(1), "bacd"),
        ("c", "before a", "cabd"),
        ("a", "after c", "bcad"),
        ("a", ToIndex(0), "abcd"),
    ],
)
def test_a_photo_is_moved_to_where_it_should_stand(library: Library, moved: str, target: Target | str, order: str) -> None:
    album, photos = filled(library)
    if isinstance(target, str):
        target = (Before if target.startswith("before") else After)(photos[target[-1]])
    move_in_album(library, album, [photos[moved]], target)
    assert shown(library, album) == order


def test_between_photos_that_two_devices_added_at_the_same_time(pair: Pair) -> None:
    album, photos = filled(pair.anna, "a")
    pair.meet()
    first, second = add_photo(pair.anna, "b"), add_photo(pair.bert, "c")
    add_to_album(pair.anna, album, [first])
    add_to_album(pair.bert, album, [second])
    pair.meet()
    order = shown(pair.anna, album)
    move_in_album(pair.anna, album, [photos["a"]], After(first if order[1] == "b" else second))
    pair.meet()
    assert shown(pair.bert, album) == order[1] + "a" + order[2]


def test_photos_in_the_trash_take_no_place(library: Library) -> None:
    album, photos = filled(library)
    trash_assets(library, [photos["b"]])
    assert shown(library, album) == "acd"
    move_in_album(library, album, [photos["d"]], ToIndex(1))
    assert shown(library, album) == "adc"


@pytest.mark.parametrize("which", ["itself", "a stranger", "negative", "a stranger moved"])
def test_moves_that_make_no_sense_are_refused(library: Library, which: str) -> None:
    album, photos = filled(library)
    stranger = add_photo(library, "x")
    moves: dict[str, tuple[RecordId, Target]] = {
        "itself": (photos["a"], Before(photos["a"])),
        "a stranger": (photos["a"], After(stranger)),
        "negative": (photos["a"], ToIndex(-1)),
        "a stranger moved": (stranger, ToIndex(0)),
    }
    moved, target = moves[which]
    before = library.log.count()
    with pytest.raises(UsageError, match=r"Nothing was changed\."):
        move_in_album(library, album, [moved], target)
    assert library.log.count() == before


def test_removing_takes_out_only_what_is_in_it(library: Library) -> None:
    album, photos = filled(library)
    assert remove_from_album(library, album, [photos["b"], photos["b"], add_photo(library, "x")]) == 1
    assert shown(library, album) == "acd"
    before = library.log.count()
    assert remove_from_album(library, album, [photos["b"]]) == 0
    assert library.log.count() == before


def test_adding_again_keeps_the_place_and_wins_over_a_removal(pair: Pair) -> None:
    album, photos = filled(pair.anna)
    pair.meet()
    assert add_to_album(pair.anna, album, [photos["a"]]) == 0
    remove_from_album(pair.bert, album, [photos["a"]])
    pair.meet()
    assert shown(pair.bert, album) == "abcd"


def test_a_deleted_album_keeps_its_photos_and_comes_back_whole(library: Library) -> None:
    album, photos = filled(library)
    assert delete_album(library, album)
    assert not delete_album(library, album)
    assert Queries(library.database).count() == (4, 0)
    with pytest.raises(UsageError, match="in the trash"):
        add_to_album(library, album, [photos["a"]])
    assert restore_album(library, album)
    assert not restore_album(library, album)
    assert shown(library, album) == "abcd"


def test_deleting_has_seen_all_memberships(library: Library) -> None:
    album, photos = filled(library)
    assert writers_of_memberships(library, album)
    trash_assets(library, [photos["a"]])
    delete_album(library, album)
    row = Queries(library.database).album(album)
    assert row is not None
    assert row.conflicts == 0


def test_albums_have_titles(library: Library) -> None:
    album = create_album(library, "  Sweden ")
    rename_album(library, album, "Norway")
    assert [row.title for row in Queries(library.database).albums()] == ["Norway"]
    for title in ("", "   ", "x" * 100_000, "\udcff"):
        with pytest.raises(UsageError):
            rename_album(library, album, title)
        with pytest.raises(UsageError):
            create_album(library, title)


def test_a_move_writes_one_record_however_large_the_album(library: Library) -> None:
    photos = [add_photo(library, f"photo {number}") for number in range(60)]
    album = create_album(library, "Sweden")
    add_to_album(library, album, photos)
    for target in (ToIndex(0), ToIndex(30), Before(photos[10]), After(photos[-1])):
        before = dict(Queries(library.database).album_members(album))
        move_in_album(library, album, [photos[20]], target)
        after = dict(Queries(library.database).album_members(album))
        assert {photo for photo in photos if before[photo] != after[photo]} == {photos[20]}


def test_many_are_moved_in_the_order_in_which_they_are_named(library: Library) -> None:
    album, photos = filled(library, "abcdef")
    move_in_album(library, album, [photos["e"], photos["b"], photos["e"]], Before(photos["a"]))
    assert shown(library, album) == "ebacdf"
    move_in_album(library, album, [photos["e"], photos["b"], photos["a"]], ToIndex(99))
    assert shown(library, album) == "cdfeba"
    with pytest.raises(UsageError, match="itself"):
        move_in_album(library, album, [photos["e"], photos["b"]], After(photos["b"]))


def test_drags_of_any_length_end_where_an_ordinary_list_does(library: Library) -> None:
    album, photos = filled(library, "abcdefgh")
    trash_assets(library, [photos["d"]])
    order, random = list("abcefgh"), Random(5)
    for _ in range(30):
        moved = random.sample(order, random.randint(1, 3))
        rest = [label for label in order if label not in moved]
        place = random.randint(0, len(rest))
        order = [*rest[:place], *moved, *rest[place:]]
        targets: list[Target] = [ToIndex(place)]
        if place < len(rest):
            targets.append(Before(photos[rest[place]]))
        if place:
            targets.append(After(photos[rest[place - 1]]))
        move_in_album(library, album, [photos[label] for label in moved], random.choice(targets))
        assert shown(library, album) == "".join(order)


def test_a_cover_is_a_photo_that_there_is(library: Library) -> None:
    album, photos = filled(library, "ab")
    set_cover(library, album, photos["b"])
    row = Queries(library.database).album(album)
    assert row is not None
    assert row.cover == photos["b"]
    with pytest.raises(UsageError, match="no such photo"):
        set_cover(library, album, RecordId.make(RecordKind.ASSET, bytes(16)))
