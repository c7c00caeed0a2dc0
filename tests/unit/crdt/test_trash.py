"""Contested trash: what counts as not seen."""

from __future__ import annotations

import pytest

from crdt.client import writer
from crdt.fields import fields_of
from crdt.trash import read_trash
from crdt.values import Value
from tests.unit.crdt.contents import content, stamp

A, B, C, D = (writer(n) for n in range(1, 5))


def trashed(*seen: str, at: int = 5) -> tuple[int, Value]:
    return at, {"at": bytes(stamp(at)), "seen": list(seen)}


def unseen(cells: dict[str, tuple[int, Value]], *, members: tuple[str, ...] = ()) -> frozenset[str]:
    state = content(cells)
    return read_trash(fields_of(state), state, members=members).unseen


def test_not_in_the_trash() -> None:
    for cells in ({}, {f"v/rating/{A}": (1, 3)}, {f"v/trashed/{A}": (1, None)}):
        state = content(cells)
        assert read_trash(fields_of(state), state, members=[B]) == (None, frozenset())


def test_all_was_seen() -> None:
    assert not unseen({f"v/rating/{A}": (1, 3), f"s/keyword/x/{B}": (1, None), f"v/trashed/{C}": trashed(A, B)})


@pytest.mark.parametrize("key", [f"v/rating/{B}", f"s/keyword/x/{B}", f"v/position:x/{B}", f"v/of_2040/{B}", f"s/of_2040/x/{B}"])
def test_a_key_that_was_not_seen_contests(key: str) -> None:
    assert unseen({key: (9, None), f"v/trashed/{C}": trashed(A)}) == {B}


def test_what_a_program_computed_doesn_t() -> None:
    assert not unseen({f"d/preview/{B}": (9, None), f"v/trashed/{C}": trashed(A)})


def test_what_the_same_entry_wrote_doesn_t() -> None:
    assert not unseen({f"v/caption/{C}": (5, "bye"), f"v/trashed/{C}": trashed()})


def test_another_trashing_at_the_same_time_doesn_t_but_a_restoring_does() -> None:
    assert not unseen({f"v/trashed/{B}": trashed(at=4), f"v/trashed/{C}": trashed()})
    assert unseen({f"v/trashed/{B}": (4, None), f"v/trashed/{C}": trashed()}) == {B}


def test_the_trashing_that_is_read_decides_what_was_seen() -> None:
    cells: dict[str, tuple[int, Value]] = {f"v/rating/{A}": (1, 3), f"v/trashed/{B}": trashed(A, at=4), f"v/trashed/{C}": trashed(at=5)}
    assert unseen(cells) == {A}


def test_memberships_count_for_albums() -> None:
    assert unseen({f"v/title/{A}": (1, "x"), f"v/trashed/{C}": trashed(A, B)}, members=(B, D)) == {D}


def test_a_trashing_of_a_wrong_type_is_none() -> None:
    state = content({f"v/trashed/{A}": (1, True), f"v/rating/{B}": (1, 3)})
    assert read_trash(fields_of(state), state) == (None, frozenset())
