"""Sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.sizes import MAX_SIZE, parse_size, spell_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("100GB", 100 * 10**9),
        ("500 mb", 500 * 10**6),
        ("1.5TiB", 3 * 2**39),
        ("4096", 4096),
        ("1B", 1),
        ("0.25 kB", 250),
        (" 2TB ", 2 * 10**12),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "1 XB", "1e9", "0", "0.1", "nan", "1.2345GB", "9999999999TB", "١GB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


@given(st.integers(1, MAX_SIZE))
def test_spelled_sizes_are_right_to_three_digits(size: int) -> None:
    spelled = spell_size(size)
    value, unit = spelled.split()
    factor = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15, "EB": 10**18}[unit]
    assert abs(float(value) * factor - size) <= size * 0.006
