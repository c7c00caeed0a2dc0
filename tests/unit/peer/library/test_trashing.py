from __future__ import annotations

import pytest

from peer.library.library import Library
from peer.library.queries import Filter, Queries
from peer.library.trashing import Moved, is_large_part, restore_assets, trash_assets
from tests.fleet.libraries import add_photo, edit
from tests.unit.peer.library.pair import Pair


def test_goes_into_the_trash_and_out_of_it(library: Library) -> None:
    first, second = add_photo(library, "sea"), add_photo(library, "lake")
    queries = Queries(library.database)
    assert trash_assets(library, [first, second, first]) == Moved(changed=2, unchanged=0)
    assert queries.count() == (0, 2)
    assert [row.record for row in queries.assets()] == []
    assert {row.record for row in queries.assets(Filter(trash=True))} == {first, second}
    assert restore_assets(library, [first]) == Moved(changed=1, unchanged=0)
    assert queries.count() == (1, 1)


def test_what_is_where_it_should_go_leaves_no_trace(library: Library) -> None:
    photo = add_photo(library, "sea")
    before = library.log.count()
    assert restore_assets(library, [photo]) == Moved(changed=0, unchanged=1)
    assert library.log.count() == before
    trash_assets(library, [photo])
    assert trash_assets(library, [photo]) == Moved(changed=0, unchanged=1)
    assert library.log.count() == before + 1


def test_many_are_one_batch_of_few_entries(library: Library) -> None:
    photos = [add_photo(library, str(number)) for number in range(30)]
    before = library.log.count()
    trash_assets(library, photos)
    assert library.log.count() == before + 1


def test_trashing_what_was_edited_meanwhile_settles_it(pair: Pair) -> None:
    photo = add_photo(pair.anna, "sea")
    pair.meet()
    trash_assets(pair.anna, [photo])
    edit(pair.bert, photo, rating=1)
    pair.meet()
    assert pair.conflicts() != []
    assert trash_assets(pair.anna, [photo]) == Moved(changed=1, unchanged=0)
    pair.meet()
    assert pair.conflicts() == []


@pytest.mark.parametrize(
    ("total", "chosen", "large"), [(10, 1, False), (3, 1, False), (1, 1, False), (20, 2, False), (19, 2, True), (5, 5, True)]
)
def test_more_than_a_tenth_is_a_large_part_but_a_single_one_never(library: Library, total: int, chosen: int, large: bool) -> None:
    photos = [add_photo(library, str(number)) for number in range(total)]
    assert is_large_part(library, photos[:chosen]) is large
    assert is_large_part(library, photos[:chosen] * 2) is large


def test_photos_that_are_in_the_trash_already_dont_count(library: Library) -> None:
    photos = [add_photo(library, str(number)) for number in range(4)]
    trash_assets(library, photos[:3])
    assert not is_large_part(library, photos)
