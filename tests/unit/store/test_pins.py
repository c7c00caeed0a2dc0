"""What lies within a pin, as far as a node can know; and what a store says of descent when it doesn't have everything."""

from __future__ import annotations

import pytest

from store.admission import Stored
from store.ancestry import Ancestry
from store.branches import Branch, Position
from store.heads import Heads, Tip
from store.ids import DeviceId, EntryHash, LogId
from store.pins import Descent, Place
from tests.fleet.authors import filler

LOG, OTHER = LogId(filler("log", 16)), LogId(filler("other log", 16))
AUTHOR = DeviceId(filler("author", 16))


def place(seq: int, log: LogId = LOG, branch: str = "") -> Place:
    return Place(log, seq, EntryHash(filler(f"{log} {branch} {seq}", 32)))


REMOVAL = place(3, OTHER)
PIN = place(7)


def descent(*there: Place, floor: int = -1) -> Descent:
    """One unforked log of which only some entries are attached."""
    names = {each.name for each in there}

    def is_ancestor(name: EntryHash, log: LogId, tip: Tip) -> bool | None:
        if name not in names or tip.name not in names:
            return None
        return any(each.name == name and each.log == log and each.seq <= tip.seq for each in there)

    return Descent(is_ancestor, lambda log, seq: log == LOG and seq <= floor)


@pytest.mark.parametrize(
    ("there", "floor", "within"),
    [
        ((PIN, place(5), REMOVAL), -1, {5}),
        ((PIN, REMOVAL), -1, set()),
        ((PIN, REMOVAL), 4, {4}),
        ((place(4), place(5), REMOVAL), -1, set()),
        ((place(4), place(5), REMOVAL), 7, {4, 5}),
        ((place(4), place(5), REMOVAL), 6, set()),
        ((place(4), place(5), place(8)), -1, {4, 5}),
        ((), -1, {4, 5}),
    ],
    ids=[
        "both attached: a fact",
        "an ancestor of an attached entry would be attached",
        "unless a settled checkpoint covers it",
        "a pin that isn't there although its removal is: made up",
        "unless a settled checkpoint covers it, too",
        "which it has to do up to the pin",
        "the removal came ahead: numbers",
        "nothing is there: numbers",
    ],
)
def test_what_lies_within_a_pin(there: tuple[Place, ...], floor: int, within: set[int]) -> None:
    judge = descent(*there, floor=floor)
    pins = Heads({LOG: [Tip(PIN.seq, PIN.name)]})
    assert {seq for seq in (4, 5, 8, 9) if judge.is_within(place(seq), pins, REMOVAL)} == within
    assert not judge.is_within(place(4, OTHER), pins, REMOVAL), "a log that isn't pinned"


def stored(at: Place, branch: int) -> Stored:
    return Stored(log=at.log, author=AUTHOR, position=Position(branch, at.seq), is_tip=False)


def branch(key: int, parent: int | None, first: int, last: Place) -> Branch:
    return Branch(key=key, parent=parent, log=LOG, author=AUTHOR, first_seq=first, last_seq=last.seq, tip=last.name)


def test_descent_where_what_lies_below_a_checkpoint_is_missing() -> None:
    """Numbers 0 to 2 are there, 3 to 5 aren't; 6 to 9 follow them; another branch follows 7."""
    low, high, twig = place(2), place(9), place(8, branch="twig")
    branches = {1: branch(1, None, 0, low), 2: branch(2, None, 6, high), 3: branch(3, 2, 8, twig)}
    where = {low: 1, place(1): 1, place(7): 2, place(8): 2, high: 2, twig: 3}
    found = {at.name: stored(at, key) for at, key in where.items()}
    ancestry = Ancestry(found.get, lambda log: {key: each for key, each in branches.items() if log == LOG})

    def is_ancestor(first: Place, second: Place) -> bool | None:
        return ancestry.is_ancestor(first.name, second.log, Tip(second.seq, second.name))

    assert [is_ancestor(place(7), second) for second in (high, twig, place(7))] == [True, True, True]
    assert [is_ancestor(place(8), second) for second in (high, twig)] == [True, False]
    assert [is_ancestor(place(1), second) for second in (low, high, twig)] == [True, None, None]
    assert is_ancestor(high, low) is False
    assert is_ancestor(place(4), high) is is_ancestor(low, place(4)) is None
    assert ancestry.is_ancestor(low.name, LOG, Tip(5, high.name)) is False
    assert ancestry.is_ancestor(low.name, OTHER, Tip(9, high.name)) is False
