"""Where the entries of removed devices end that count by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.library.pins import Pins
from store.admission import Stored
from store.branches import Branch, Position
from store.heads import Heads, Tip
from store.ids import MASTER, DeviceId, EntryHash, LogId
from tests.fleet.authors import filler

LOG, OTHER = LogId(filler("log", 16)), LogId(filler("other", 16))
GONE, HERE = DeviceId(filler("gone", 16)), DeviceId(filler("here", 16))
SHAPE = {1: (None, 0, 9), 2: (1, 5, 12), 3: (2, 9, 9)}
"""Branches of the log: parent, first and last number. The second goes on from number 4 of the first, the third from number 8 of the second."""

PLACES = [Position(key, seq) for key, (_, first, last) in SHAPE.items() for seq in range(first, last + 1)]


def named(place: Position) -> EntryHash:
    return EntryHash(filler(f"{place}", 32))


def tip(branch: int, seq: int) -> Tip:
    return Tip(seq, named(Position(branch, seq)))


def ancestors(place: Position) -> set[Position]:
    """By going back one by one."""
    parent, first, _ = SHAPE[place.branch]
    before = Position(place.branch, place.seq - 1) if place.seq > first else None if parent is None else Position(parent, first - 1)
    return {place} | (ancestors(before) if before else set())


class Logs:
    """Stores the log of ``SHAPE``, written by the device that is gone."""

    def find(self, name: EntryHash) -> Stored | None:
        place = next((place for place in PLACES if named(place) == name), None)
        return None if place is None else Stored(log=LOG, author=GONE, position=place, is_tip=place.seq == SHAPE[place.branch][2])

    def branches_of(self, log: LogId) -> dict[int, Branch]:
        return {
            key: Branch(key=key, parent=parent, log=log, author=GONE, first_seq=first, last_seq=last, tip=named(Position(key, last)))
            for key, (parent, first, last) in SHAPE.items()
        }


@dataclass(frozen=True)
class Members:
    """One is here; one is gone, with a pin perhaps."""

    pin: Heads | None

    def is_member(self, device: DeviceId) -> bool:
        return device == HERE

    def pin_of(self, device: DeviceId) -> Heads | None:
        return self.pin if device == GONE else None


def pins(*tips: Tip) -> Pins:
    return Pins(Members(Heads({LOG: tips})), Logs())


def test_members_and_the_master_are_beyond_nothing() -> None:
    for author in (HERE, MASTER):
        assert not pins().is_beyond(author, LOG, Position(1, 9))


@given(st.lists(st.sampled_from(PLACES), max_size=3))
def test_within_is_what_is_pinned_and_its_ancestors(ends: list[Position]) -> None:
    within = set().union(*(ancestors(end) for end in ends))
    judged = pins(*(tip(*end) for end in ends))
    assert {place for place in PLACES if not judged.is_beyond(GONE, LOG, place)} == within


@pytest.mark.parametrize("pin", [None, Heads(), Heads({OTHER: [tip(1, 9)]})])
def test_of_a_log_that_no_pin_names_everything_is_beyond(pin: Heads | None) -> None:
    judged = Pins(Members(pin), Logs())
    assert all(judged.is_beyond(GONE, LOG, place) for place in PLACES)


def test_while_an_end_is_not_stored_numbers_decide() -> None:
    judged = pins(Tip(7, EntryHash(filler("not here yet", 32))))
    assert {place for place in PLACES if judged.is_beyond(GONE, LOG, place)} == {place for place in PLACES if place.seq > 7}


def test_a_pin_that_names_an_entry_of_another_log_says_nothing() -> None:
    judged = Pins(Members(Heads({OTHER: [tip(1, 9)]})), Logs())
    assert judged.is_beyond(GONE, OTHER, Position(1, 0))


@given(st.lists(st.sampled_from(PLACES), max_size=3))
def test_how_far_a_branch_is_within_agrees(ends: list[Position]) -> None:
    judged = pins(*(tip(*end) for end in ends))
    for branch in Logs().branches_of(LOG).values():
        seqs = range(branch.first_seq, branch.last_seq + 1)
        inside = [seq for seq in seqs if not judged.is_beyond(GONE, LOG, Position(branch.key, seq))]
        assert inside == [seq for seq in seqs if seq <= judged.within(GONE, branch)]
