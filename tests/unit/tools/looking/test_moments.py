from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.errors import UsageError
from peer.library.instants import iso_utc
from tools.looking.moments import parse_moment

NOW = 1_795_000_000_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-07-21", 1_721_520_000_000),
        ("2024-07-21T16:03", 1_721_577_780_000),
        (" 2024-07-21T16:03:00Z ", 1_721_577_780_000),
        ("2024-07-21T18:03:00+02:00", 1_721_577_780_000),
        ("2024-07-21 16:03:00.042", 1_721_577_780_042),
        ("90s", NOW - 90_000),
        ("5 m", NOW - 300_000),
        ("2h ago", NOW - 7_200_000),
        ("3d", NOW - 259_200_000),
        ("1w", NOW - 604_800_000),
    ],
)
def test_moments(text: str, moment: int) -> None:
    assert parse_moment(text, now=NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "h", "-2h", "2h later", "9999999999d", "999999999w", "3f2a", "1\n2", "٣d"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        parse_moment(text, now=NOW)


@given(st.integers(0, 253_402_300_799_999))
def test_what_is_printed_can_be_asked_for(moment: int) -> None:
    assert parse_moment(iso_utc(moment), now=NOW) == moment


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_wrong(text: str) -> None:
    with suppress(UsageError):
        parse_moment(text, now=NOW)
