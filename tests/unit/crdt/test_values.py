"""Plain values: one form, both ways; what a record can't hold is refused before the engine sees it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from crdt.values import MAX_WHOLE_NUMBER, BadValueError, Value, canonical
from store.encoding import encode
from store.ids import FileHash
from tests.unit.crdt.strategies import plain


@given(plain)
def test_the_canonical_form_is_equal_and_stays(value: Value) -> None:
    once = canonical(value)
    assert once == value
    assert encode(canonical(once)) == encode(once)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (5.0, 5),
        (-0.0, 0),
        (float(MAX_WHOLE_NUMBER), MAX_WHOLE_NUMBER),
        (bytearray(b"x"), b"x"),
        ((1, 2.0), [1, 2]),
        ({"a": [bytearray(b"x"), 1.0]}, {"a": [b"x", 1]}),
        (True, True),
        (1.5, 1.5),
    ],
)
def test_one_form(given_value: object, expected: Value) -> None:
    result = canonical(given_value)
    assert result == expected
    assert encode(result) == encode(expected)


def test_ids_become_plain_bytes() -> None:
    assert type(canonical(FileHash(bytes(32)))) is bytes


@pytest.mark.parametrize(
    "bad",
    [
        1 << 53,
        -(1 << 53),
        1 << 63,
        float(1 << 53),
        1e300,
        math.nan,
        math.inf,
        -math.inf,
        "\ud800",
        "a\udcff",
        {1: "x"},
        {"\ud800": 1},
        {None: 1},
        object(),
        {1, 2},
        1j,
        [object()],
        [[[[[[[[1]]]]]]]],
        {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}},
    ],
)
def test_what_a_record_can_t_hold(bad: object) -> None:
    with pytest.raises(BadValueError):
        canonical(bad)


def test_a_list_in_itself_ends() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(BadValueError):
        canonical(endless)
