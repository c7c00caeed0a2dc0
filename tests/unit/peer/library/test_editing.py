"""What ``calotype edit`` understands, and what becomes of it in the record."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from crdt.asset import view_asset
from crdt.record import EMPTY
from crdt.values import Value
from peer.errors import UsageError
from peer.library.editing import edit_photo, parse_edits, revert_photo
from peer.library.library import Library
from store.ids import RecordId
from tests.fleet.libraries import add_photo
from tests.unit.peer.library.pair import Pair


@pytest.fixture
def photo(library: Library) -> RecordId:
    return add_photo(library, "sea")


def do(library: Library, photo: RecordId, **texts: str) -> int:
    """How many entries it took."""
    return len(library.change([edit_photo(photo, parse_edits(texts))]))


def edits(library: Library, photo: RecordId) -> Mapping[str, Value]:
    return view_asset(library.records.content(photo) or EMPTY).edits


def test_all_parameters_of_a_command_are_one_change(library: Library, photo: RecordId) -> None:
    texts = {
        "crop": "0.1,0.1,0.8,0.8",
        "straighten": "-1.5",
        "flip": "H",
        "rotate": "90",
        "exposure": "12.5",
        "contrast": "-3",
        "highlights": "1",
        "shadows": "2",
        "saturation": "3",
        "temperature": "4",
        "tint": "5",
        "vignette": "6",
        "monochrome": "yes",
        "filter": "Noir",
    }
    assert do(library, photo, **texts) == 1
    assert edits(library, photo) == {
        "crop": [0.1, 0.1, 0.8, 0.8],
        "straighten": -1.5,
        "flip": "h",
        "rotate": 90,
        "exposure": 12.5,
        "contrast": -3,
        "highlights": 1,
        "shadows": 2,
        "saturation": 3,
        "temperature": 4,
        "tint": 5,
        "vignette": 6,
        "monochrome": True,
        "filter": "noir",
    }


def test_turns_add_up_and_end_where_they_began(library: Library, photo: RecordId) -> None:
    found = []
    for text in ("90", "180", "-90", "-180"):
        do(library, photo, rotate=text)
        found.append(edits(library, photo).get("rotate"))
    assert found == [90, 270, 180, None]


def test_nothing_is_written_that_is_so_already(library: Library, photo: RecordId) -> None:
    assert do(library, photo, exposure="0", tint="none", crop="0,0,1,1", monochrome="no") == 0
    assert do(library, photo, exposure="10") == 1
    assert do(library, photo, exposure="10") == 0
    assert do(library, photo, exposure="none") == 1
    assert library.change([revert_photo(photo)]) == []


def test_a_revert_takes_all_away_in_one_change(library: Library, photo: RecordId) -> None:
    do(library, photo, exposure="10", filter="aurora", rotate="90")
    assert len(library.change([revert_photo(photo)])) == 1
    assert edits(library, photo) == {}


def test_the_same_value_settles_a_conflict(pair: Pair) -> None:
    photo = add_photo(pair.anna, "sea")
    pair.meet()
    for library, exposure in ((pair.anna, "10"), (pair.bert, "20")):
        pair.clock.pass_by()
        do(library, photo, exposure=exposure)
    pair.meet()
    assert len(pair.conflicts()) == 1
    assert do(pair.anna, photo, exposure="20") == 1
    pair.meet()
    assert pair.conflicts() == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("crop", "0,0,1"),
        ("crop", "0,0,0,1"),
        ("crop", "0.5,0,0.6,1"),
        ("crop", "a,b,c,d"),
        ("crop", "nan,0,1,1"),
        ("rotate", "45"),
        ("rotate", "right"),
        ("flip", "x"),
        ("straighten", "46"),
        ("exposure", "101"),
        ("exposure", "1e2"),
        ("exposure", "inf"),
        ("monochrome", "perhaps"),
        ("filter", ""),
        ("filter", "x" * 65),
    ],
)
def test_what_isnt_understood_is_refused_with_an_example(name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_edits({name: text})
    assert f"--{name}" in caught.value.hint
    assert "Nothing was changed" in caught.value.message


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(UsageError):
        parse_edits({})
