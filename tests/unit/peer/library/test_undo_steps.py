"""What is done to one field, for everything that can stand in it by now; and that the journal keeps what it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.values import Value
from peer.library.undo_steps import Former, Noted, Step, is_undoable, step_back, writers_at

OWN, OTHER, EARLIER = "AAAAAAAAA", "BBBBBBBBB", "CCCCCCCCC"


def noted(*, before: tuple[Value, ...] = (), left: frozenset[str] = frozenset({OWN}), writer: str | None = OWN) -> Noted:
    return Noted(stem="v/rating", former=Former(values=before), left=left, writer=writer)


@pytest.mark.parametrize(
    ("done", "now", "step"),
    [
        (noted(), {OWN}, Step.RESTORE),
        (noted(before=(1,)), {OWN}, Step.RESTORE),
        (noted(), {OWN, OTHER}, Step.RETRACT),
        (noted(before=(1,)), {OWN, OTHER}, Step.LEAVE),
        (noted(), {OTHER}, Step.LEAVE),
        (noted(before=(1,)), {OTHER}, Step.LEAVE),
        (noted(), set(), Step.LEAVE),
        (noted(before=(1,), left=frozenset(), writer=None), set(), Step.RESTORE),
        (noted(before=(1,), left=frozenset(), writer=None), {OTHER}, Step.LEAVE),
        (noted(left=frozenset({EARLIER}), writer=None), {EARLIER}, Step.RESTORE),
    ],
)
def test_what_is_done(done: Noted, now: set[str], step: Step) -> None:
    assert step_back(done, now) is step


@given(st.sets(st.sampled_from([OWN, OTHER, EARLIER])), st.sets(st.sampled_from([OTHER, EARLIER])), st.booleans(), st.booleans())
def test_what_anybody_else_wrote_is_never_touched(now: set[str], left: set[str], wrote: bool, empty: bool) -> None:
    done = noted(before=() if empty else (1,), left=frozenset(left | ({OWN} if wrote else set())), writer=OWN if wrote else None)
    if now - done.left:
        assert step_back(done, now) is not Step.RESTORE


@pytest.mark.parametrize(
    ("stem", "undoable"),
    [
        ("v/rating", True),
        ("v/edit:crop", True),
        ("v/position:AAAA", True),
        ("s/keyword/sea", True),
        ("s/album/x", True),
        ("s/without/sea", True),
        ("v/title", True),
        ("v/policy", True),
        ("v/primary", False),
        ("v/role:raw", False),
        ("s/name/x.jpg", False),
        ("s/version/x", False),
        ("s/source/x", False),
        ("d/exif", False),
    ],
)
def test_what_imports_write_is_left_alone(stem: str, undoable: bool) -> None:
    assert is_undoable(stem) is undoable


def test_the_writers_of_a_field_are_not_those_of_another_that_begins_alike() -> None:
    live = [f"s/keyword/a/{OWN}", f"s/keyword/a b/{OTHER}", f"v/edit:crop/{EARLIER}", f"v/edit/{OTHER}"]
    assert writers_at("s/keyword/a", live) == {OWN}
    assert writers_at("v/edit", live) == {OTHER}
    assert writers_at("s/keyword", live) == set()
