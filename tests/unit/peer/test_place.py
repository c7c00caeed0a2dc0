from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.place import Place, parse_place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("192.0.2.1:40000", Place("192.0.2.1", 40000)),
        (" laptop.local:1 ", Place("laptop.local", 1)),
        ("[2001:db8::1]:65535", Place("2001:db8::1", 65535)),
        ("[fe80::1%2]:7", Place("fe80::1%2", 7)),
    ],
)
def test_places_as_people_write_them(text: str, place: Place) -> None:
    assert parse_place(text) == place
    assert parse_place(str(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "host:",
        ":1",
        "host:0",
        "host:65536",
        "host:0168888",
        "host:1x",
        "2001:db8::1:7",
        "[1.2.3.4]:7",
        "[x]:7",
        "a b:7",
        "u@h:7",
        "http://h:7",
    ],
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_place(text)


@given(st.text(max_size=30))
def test_any_text_is_a_place_that_reads_back_or_an_error(text: str) -> None:
    try:
        place = parse_place(text)
    except ValueError:
        return
    assert parse_place(str(place)) == place
