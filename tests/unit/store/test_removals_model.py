"""The roster against a model of its rules that was written for the test: sets and repetition, nothing clever; and the laws that follow from them."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from store.entries import Entry, EntryKind
from store.heads import Heads, Tip
from store.ids import EntryHash
from store.roster import Roster, compute_roster
from tests.fleet.authors import Author, filler, heads_of, make_library
from tests.fleet.roster_model import RosterModel
from tests.unit.store.descent import roster_of

seeds = st.integers(0, 2**32)


class History:
    """Devices that let in and remove each other, knowing of it or not, before and after they were removed, and clones of them."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.library = make_library(f"history {seed}")
        self.authors = [self.library.join("first")]
        self.removals: list[Entry] = []

    def go_on(self, steps: int, *, with_master: bool = True) -> None:
        for _ in range(steps):
            by = None if with_master and self.dice.random() < 0.2 else self.dice.choice(self.authors)
            actions: list[Callable[[Author | None], object]] = [self.join, self.remove, self.remove, self.write, self.certify]
            self.dice.choice(actions)(by)

    def join(self, by: Author | None) -> None:
        if len(self.authors) < 7:
            device = self.library.author(f"device {len(self.library.entries)}")
            self.library.certify(device, by=by)
            device.open_log(deps=())
            self.authors.append(device)

    def certify(self, by: Author | None) -> None:
        self.library.certify(self.dice.choice(self.authors), by=by)

    def write(self, by: Author | None) -> None:
        if by is None:
            return
        if self.dice.random() < 0.5 and len(self.authors) < 7:
            self.authors.append(by.fork())
        by.change(deps=())

    def remove(self, by: Author | None) -> None:
        victims = self.dice.sample(self.authors, min(len(self.authors), self.dice.choice([1, 1, 2])))
        end = self.end(by)
        others = [entry for entry in self.removals if entry.log != end]
        knows = self.dice.sample(others, self.dice.randint(0, min(2, len(others))))
        pins = self.pins({victim.log for victim in victims})
        self.removals.append(self.library.remove(*victims, by=by, pins=pins, knows={entry.name: entry for entry in knows}.values()))

    def end(self, by: Author | None) -> bytes:
        return self.library.id.master_log() if by is None else by.log

    def pins(self, logs: set[bytes]) -> Heads | None:
        """All that the victims wrote, or a part of it, nothing, or something that doesn't exist."""
        theirs = [entry for entry in self.library.entries if entry.log in logs]
        match self.dice.choice(["all", "all", "part", "none", "made up"]):
            case "all":
                return heads_of(theirs)
            case "part":
                return heads_of(theirs[: self.dice.randint(0, len(theirs))])
            case "none":
                return Heads()
            case _:
                return Heads({log: [Tip(self.dice.randint(0, 9), EntryHash(filler("nowhere", 32)))] for log in logs})  # type: ignore[misc]


def assert_as_the_model_says(roster: Roster, model: RosterModel) -> None:
    assert set(roster.devices) == model.members
    assert set(roster.former) == model.known - model.members
    assert [removal.name for removal in roster.removals] == [removal.entry.name for removal in model.counting]
    assert {void.name for void in roster.void_removals} == {each.entry.name for each in model.removals if each not in model.counting}
    for device in roster.former:
        logs = {log for log, authors in roster.authors.items() if device in authors}
        assert set(roster.pins[device].tips()) == model.pins(device, logs)


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 25))
def test_the_roster_is_what_the_model_says(seed: int, steps: int) -> None:
    history = History(seed)
    history.go_on(steps)
    assert_as_the_model_says(roster_of(history.library), RosterModel(history.library.entries))


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 20))
def test_while_entries_are_missing_too_in_every_order(seed: int, steps: int) -> None:
    history = History(seed)
    history.go_on(steps)
    fundamentals = (EntryKind.GENESIS, EntryKind.CERTIFICATE, EntryKind.OPEN)
    present = [entry for entry in history.library.entries if entry.kind in fundamentals or history.dice.random() < 0.7]
    roster = roster_of(history.library, present)
    assert_as_the_model_says(roster, RosterModel(present))
    for _ in range(3):
        history.dice.shuffle(present)
        assert roster_of(history.library, [*present, *history.dice.sample(present, len(present) // 2)]) == roster


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 15), st.integers(1, 15))
def test_whatever_removed_devices_write_afterwards_wins_nothing(seed: int, steps: int, attempts: int) -> None:
    history = History(seed)
    history.go_on(steps)
    library = history.library
    # The phrase removes one of them, and pins all that is there; so does everything else that counts. Then it and its puppets write on.
    thief = history.dice.choice(history.authors)
    library.remove(thief)
    before = roster_of(library)
    history.authors = [author for author in history.authors if author.device in before.former]
    history.go_on(attempts, with_master=False)
    after = roster_of(library)
    assert set(after.devices) <= set(before.devices)
    assert {removal.name for removal in before.removals} <= {removal.name for removal in after.removals}


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 20))
def test_the_phrase_decides_last(seed: int, steps: int) -> None:
    """Whatever happened, the master can end it: it removes all but one, pins them at nothing, and that one is the only member."""
    history = History(seed)
    history.go_on(steps, with_master=False)
    library = history.library
    heir = library.author("heir")
    library.certify(heir)
    last = library.remove(*history.authors, pins=Heads())
    history.go_on(10, with_master=False)
    roster = roster_of(library)
    assert set(roster.devices) == {heir.device}
    assert [removal.name for removal in roster.removals] == [last.name]


def test_descent_that_is_not_known_and_makes_a_circle_of_numbers_ends() -> None:
    """A removal that isn't attached seems to come before another in its log by its number, and yet names it."""
    library = make_library("circle")
    eve, bert = library.join("eve"), library.join("bert")
    clone = eve.fork()
    eve.change()
    later = library.remove(bert, by=eve)
    earlier = library.remove(bert, by=clone, knows=[later])
    assert earlier.seq < later.seq
    unknown = [compute_roster(library.id, entries, lambda _name, _log, _tip: None) for entries in (library.entries, library.entries[::-1])]
    assert unknown[0] == unknown[1]
    assert set(unknown[0].devices) == set(roster_of(library).devices) == {eve.device}
