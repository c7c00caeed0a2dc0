"""How a table is laid out where it has more to say than there is room for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tools.text.columns import ADDRESS, ENTRY, GAP, column_widths

HEADS = ("field", "value", "device", "time", "entry")
ROW = ("primary", '"' + 60 * "a" + '"', "laptop", "2026-11-23 05:19:06Z", "94f9d5fd39:4")
CELLS = st.text(alphabet="ab長 ", max_size=40)


def test_what_fits_is_left_alone() -> None:
    assert column_widths([HEADS, ROW], 200) == [7, 62, 6, 20, 12]


def test_long_texts_give_way_and_short_ones_stay_whole() -> None:
    assert column_widths([HEADS, ROW], 80) == [7, 80 - 5 * GAP - 45, 6, 20, 12]


def test_times_wrap_between_date_and_time_before_ids_are_cut() -> None:
    widths = column_widths([HEADS, ROW], 64)
    assert widths is not None
    assert (widths[3], widths[4]) == (14, 12)


def test_an_address_stays_whole_while_there_is_room() -> None:
    address = "https://relay.example.org"
    widths = column_widths([("node", "reason"), (f"relay {address}", 90 * "b ")], 60)
    assert widths is not None
    assert widths[0] >= len(address)


def test_too_narrow_for_anything() -> None:
    assert column_widths([HEADS, ROW], 30) is None


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 5).flatmap(lambda count: st.lists(st.tuples(*[CELLS] * count), min_size=1, max_size=4)), st.integers(20, 120))
def test_widths_fit_the_room_and_never_exceed_the_text(rows: list[tuple[str, ...]], room: int) -> None:
    widths = column_widths(rows, room)
    whole = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if widths is None:
        assert sum(min(width, ENTRY) for width in whole) + GAP * len(whole) > room
        return
    assert sum(widths) + GAP * len(widths) <= room
    assert all(0 <= width <= most for width, most in zip(widths, whole, strict=True))
    if sum(whole) + GAP * len(whole) <= room and max(whole) <= ADDRESS:
        assert widths == whole
