"""What a record can hold of what files say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.facts import MAX_KEYWORDS, MAX_REGIONS, Exif
from crdt.update import MAX_VALUE_BYTES
from peer.media.fields import MAX_METADATA_BYTES, fits, fitting
from store.encoding import encode

REGION = {"name": "Ada", "x": 0.5, "y": 0.25, "w": 0.1, "h": 0.2}


def test_what_is_well_formed_stays_as_it_is() -> None:
    said: dict[str, Any] = {"taken": "2024-07-21T18:03:11", "keywords": ["a"], "regions": [REGION], "motion": [100, 50], "duration": 2}
    assert fitting(said) == said


def test_what_is_not_of_its_type_is_left_out() -> None:
    assert fitting({"rating": 9, "motion": [1], "f": "x", "surprise": 1, "iso": 100, "keywords": [1]}) == {"iso": 100}


def test_long_lists_keep_their_beginning() -> None:
    kept = fitting({"keywords": [f"k{number}" for number in range(10_000)], "regions": [REGION] * 1_000})
    assert kept["keywords"] == [f"k{number}" for number in range(MAX_KEYWORDS)]
    assert 0 < len(Exif.parse(dict(kept)).regions) <= MAX_REGIONS


@pytest.mark.parametrize("name", ["keywords", "regions", "caption"])
def test_too_much_of_anything_is_cut(name: str) -> None:
    huge: dict[str, Any] = {"keywords": ["ä" * 255] * 500, "regions": [REGION | {"name": "ä" * 500}] * 200, "caption": "ä" * 100_000}
    kept = fitting({"iso": 100, name: huge[name]})
    assert kept["iso"] == 100
    assert kept[name]
    assert len(encode(kept)) <= MAX_METADATA_BYTES < MAX_VALUE_BYTES


@given(
    st.dictionaries(
        st.sampled_from(["caption", "keywords", "regions", "motion", "make", "gps", "rating", "duration", "taken", "other"]),
        st.text(max_size=50)
        | st.integers(-5, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False, width=32)
        | st.lists(st.text(max_size=200) | st.integers(0, 100), max_size=300),
        max_size=6,
    )
)
def test_what_fits_is_accepted(said: dict[str, Any]) -> None:
    assert fits(fitting(said))
