"""What a call takes, and what it doesn't."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.errors import UsageError
from peer.gallery.fields import FLAG, ID, IDS, MOST_IDS, TEXT, TEXTS, TEXTS_BY_NAME, Field, parse_fields, whole

SOME_ID = "0123456789abcdef" * 2
KINDS = (TEXT, ID, IDS, TEXTS, TEXTS_BY_NAME, FLAG, whole(0, 9))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40) | st.just(SOME_ID),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def parsed(kind: Any, value: object, **other: Any) -> Any:
    return parse_fields([Field(name="x", kind=kind, text="what it is", **other)], {"x": value})["x"]


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (TEXT, "sea", "sea"),
        (ID, SOME_ID, SOME_ID),
        (IDS, [SOME_ID, SOME_ID], [SOME_ID, SOME_ID]),
        (TEXTS, ["a", ""], ["a", ""]),
        (TEXTS_BY_NAME, {"crop": "none"}, {"crop": "none"}),
        (FLAG, True, True),
        (FLAG, "0", False),
        (whole(0, 9), 9, 9),
        (whole(0, 9), "9", 9),
    ],
)
def test_what_is_taken(kind: Any, value: object, result: object) -> None:
    assert parsed(kind, value) == result


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TEXT, 1),
        (ID, "sea"),
        (ID, SOME_ID.upper()),
        (ID, SOME_ID + "\n"),
        (IDS, SOME_ID),
        (IDS, [1]),
        (IDS, [SOME_ID] * (MOST_IDS + 1)),
        (TEXTS_BY_NAME, {"crop": 1}),
        (FLAG, 1),
        (FLAG, "yes"),
        (whole(0, 9), 10),
        (whole(0, 9), True),
        (whole(0, 9), 1.0),
        (whole(0, 9), "1" * 5000),
    ],
)
def test_what_is_refused(kind: Any, value: object) -> None:
    with pytest.raises(UsageError, match="'x' isn't"):
        parsed(kind, value)


def test_missing_and_unknown_names() -> None:
    field = Field(name="x", kind=TEXT, text="what it is", required=True)
    with pytest.raises(UsageError, match="'x' is missing"):
        parse_fields([field], {})
    with pytest.raises(UsageError, match="no 'y' here"):
        parse_fields([field], {"x": "", "y": ""})
    assert parsed(TEXT, None, default="sea") == "sea"


@given(st.sampled_from(KINDS), PLAIN)
def test_whatever_comes_is_parsed_or_refused_with_a_sentence(kind: Any, value: object) -> None:
    try:
        result = parsed(kind, value)
    except UsageError as error:
        said = error.message
    else:
        said = "Nothing was changed." if kind is not ID or result is None or re.fullmatch("[0-9a-f]{32}", result) else "no id"
    assert said.endswith("Nothing was changed.")
