"""When a file is complete: the rules, without files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.originals.held import HeldStamp
from peer.watching.settling import NEVER_WHOLE, STILL_WRITTEN, Candidate, Sight, Wholeness, is_unfinished

WHOLE, UNSURE, TRUNCATED, UNREAD = Wholeness.WHOLE, Wholeness.UNSURE, Wholeness.TRUNCATED, Wholeness.UNREAD


def sight(size: int, wholeness: Wholeness, written: bool | None = False) -> Sight:
    return Sight(stamp=HeldStamp(size=size, mtime_ns=1, inode=1), wholeness=wholeness, written=written)


def seen(first: Sight) -> Candidate:
    return Candidate.first_seen(Path("a.jpg"), first, 0.0)


@pytest.mark.parametrize(
    ("wholeness", "written", "seconds", "problem"),
    [
        (WHOLE, False, 0.05, None),
        (WHOLE, None, 0.3, None),
        (UNSURE, False, 0.5, None),
        (UNSURE, None, 2.0, None),
        (TRUNCATED, False, 10.0, NEVER_WHOLE),
        (TRUNCATED, None, 10.0, NEVER_WHOLE),
    ],
)
def test_how_long_it_has_to_be_quiet(wholeness: Wholeness, written: bool | None, seconds: float, problem: str | None) -> None:
    candidate = seen(sight(1, wholeness, written))
    assert candidate.look_at() == seconds
    candidate.see(candidate.sight, seconds - 0.01)
    assert not candidate.is_decided()
    candidate.see(candidate.sight, seconds)
    assert candidate.is_decided()
    assert candidate.problem == problem


def test_each_change_begins_the_wait_anew() -> None:
    candidate = seen(sight(1, WHOLE))
    candidate.see(sight(2, WHOLE), 0.04)
    candidate.see(sight(2, WHOLE), 0.08)
    assert not candidate.is_decided()
    candidate.see(sight(2, WHOLE), 0.09)
    assert candidate.is_decided()


def test_what_is_open_for_writing_is_never_taken_and_says_so_after_a_minute() -> None:
    candidate = seen(sight(1, WHOLE, written=True))
    for moment in (1.0, 30.0, 59.0):
        candidate.see(candidate.sight, moment)
        assert not candidate.is_decided()
        assert 0 < candidate.look_at() - moment <= 0.5
    candidate.see(candidate.sight, 60.0)
    assert candidate.is_decided()
    assert candidate.problem == STILL_WRITTEN


def test_what_is_just_being_written_is_looked_at_again_soon() -> None:
    candidate = seen(sight(1, WHOLE))
    candidate.see(sight(2, UNREAD, None), 1.0)
    assert 1.0 < candidate.look_at() <= 1.05
    assert not candidate.is_decided()


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.integers(0, 3), st.sampled_from(list(Wholeness)), st.sampled_from([True, False, None])), min_size=1
    )
)
def test_nothing_is_taken_that_is_written_cut_or_changed_just_now(looks: list[tuple[float, int, Wholeness, bool | None]]) -> None:
    now, candidate, changed, size = 0.0, seen(sight(0, UNREAD)), 0.0, 0
    for seconds, grown, wholeness, written in looks:
        now += seconds
        size += grown
        changed = now if grown else changed
        candidate.see(sight(size, wholeness, written), now)
        if candidate.is_decided() and candidate.problem is None:
            assert not written
            assert wholeness in (WHOLE, UNSURE)
            assert now - changed >= 0.05


@pytest.mark.parametrize("name", ["a.jpg.part", "A.CRDOWNLOAD", "x.tmp", "y.jpg~", "z.partial"])
def test_names_of_what_is_unfinished(name: str) -> None:
    assert is_unfinished(name)


@pytest.mark.parametrize("name", ["a.jpg", "party.jpg", "tmp.png", "x.part1.jpg"])
def test_other_names(name: str) -> None:
    assert not is_unfinished(name)
