"""The roster against a model of its rules that was written for the test: sets and repetition, nothing clever; and the laws that follow from them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from store.bodies import Certification, Remove, parse_control
from store.entries import Entry, EntryKind
from store.heads import Heads, Tip
from store.ids import MASTER, DeviceId, EntryHash
from store.roster import Roster, compute_roster
from tests.fleet.authors import Author, filler, heads_of, make_library, parse_open
from tests.unit.store.descent import attached, descent_of, roster_of

seeds = st.integers(0, 2**32)


@dataclass(frozen=True, eq=False)
class Item:
    """A certificate (``subject``) or a removal (``victims``)."""

    entry: Entry
    author: DeviceId
    subject: DeviceId | None = None
    victims: frozenset[DeviceId] = frozenset()
    pins: Heads | None = None


class Model:
    """Every definition of ``store.roster`` in its own words, as slow as it likes."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        self.there = attached(entries)
        self.is_ancestor = descent_of(entries)
        opened = {entry.log: parse_open(entry).device for entry in entries if entry.kind is EntryKind.OPEN}
        self.certificates: list[Item] = []
        self.removals: list[Item] = []
        for entry in entries:
            body = None if entry.kind is EntryKind.CHANGE else parse_control(entry)
            if isinstance(body, Certification):
                self.certificates.append(Item(entry, body.certificate.signer, subject=body.certificate.device))
            if isinstance(body, Remove) and (author := MASTER if entry.log == entry.library.master_log() else opened.get(entry.log)):
                self.removals.append(Item(entry, author, victims=frozenset(body.devices) - {MASTER}, pins=body.pins))
        self.known = self.standing([])[0] - {MASTER}
        self.counting = self.count()
        certified, self.sound = self.standing(self.counting)
        self.members = {device for device in certified - {MASTER} if not self.naming(device, self.counting)}

    def naming(self, device: DeviceId, removals: Iterable[Item]) -> list[Item]:
        return [removal for removal in removals if device in removal.victims]

    def pin_exists(self, tip: Tip, removal: Item) -> bool:
        """A pin that isn't there although everything that its removal builds on is: made up."""
        return tip.name in self.there or removal.entry.name not in self.there

    def is_within(self, entry: Entry, removal: Item) -> bool:
        assert removal.pins is not None
        for tip in removal.pins.get(entry.log, ()):
            known = self.is_ancestor(entry.name, entry.log, tip)
            if known or (known is None and entry.seq <= tip.seq and tip.name not in self.there and self.pin_exists(tip, removal)):
                return True
        return False

    def past(self, removal: Item) -> set[Item]:
        found: set[Item] = set()
        waiting = [removal]
        while waiting:
            later = waiting.pop()
            named = {dep.name for dep in later.entry.deps}
            for earlier in self.removals:
                if earlier not in found and (earlier.entry.name in named or self.is_before_in_log(earlier, later)):
                    found.add(earlier)
                    waiting.append(earlier)
        return found

    def is_before_in_log(self, earlier: Item, later: Item) -> bool:
        if (earlier.author, earlier.entry.log) != (later.author, later.entry.log) or earlier.entry.seq >= later.entry.seq:
            return False
        known = self.is_ancestor(earlier.entry.name, earlier.entry.log, Tip(later.entry.seq, later.entry.name))
        return later.entry.name not in self.there if known is None else known

    def standing(self, removals: Iterable[Item]) -> tuple[set[DeviceId], set[Item]]:
        """Certified devices (the master among them) and sound removals: both grow until nothing changes."""
        certified, sound = {MASTER}, set[Item]()

        def is_sound(item: Item) -> bool:
            pinning = self.naming(item.author, removals)
            within = [removal for removal in pinning if self.is_within(item.entry, removal)]
            return item.author in certified and (within == pinning or any(removal in sound for removal in within))

        while True:
            grown_sound = {removal for removal in removals if is_sound(removal)}
            grown = {MASTER} | {item.subject for item in self.certificates if item.subject and is_sound(item)}
            if (grown, grown_sound) == (certified, sound):
                return certified, sound
            certified, sound = grown, grown_sound

    def count(self) -> list[Item]:
        by_master = {removal for removal in self.removals if removal.author == MASTER}
        counting = set(by_master)
        for removal in sorted(self.removals, key=lambda each: len(self.past(each))):
            before = self.past(removal) & counting
            pinning = self.naming(removal.author, by_master)
            if (
                removal.author != MASTER
                and not self.naming(removal.author, before)
                and (not pinning or any(self.is_within(removal.entry, each) for each in pinning))
                and removal.author in self.standing(by_master | before)[0]
            ):
                counting.add(removal)
        return sorted(counting, key=lambda each: each.entry.name)

    def pins(self, device: DeviceId, logs: Iterable[bytes]) -> set[Tip]:
        naming = self.naming(device, self.counting)
        sound = [removal for removal in naming if removal in self.sound]
        tips: set[Tip] = set()
        for removal in sound or naming:
            assert removal.pins is not None
            for log, tip in removal.pins.tips():
                if log in logs and self.pin_exists(tip, removal) and (sound or all(self.covers(log, tip, each) for each in naming)):
                    tips.add(tip)
        return tips

    def covers(self, log: bytes, tip: Tip, removal: Item) -> bool:
        """As ``is_within``, for an end that may not be there."""
        assert removal.pins is not None
        for other_log, other in removal.pins.tips():
            known = self.is_ancestor(tip.name, other_log, other)
            guessed = known is None and tip.seq <= other.seq and other.name not in self.there and self.pin_exists(other, removal)
            if other_log == log and (known or guessed):
                return True
        return False


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


def assert_as_the_model_says(roster: Roster, model: Model) -> None:
    assert set(roster.devices) == model.members
    assert set(roster.former) == model.known - model.members
    assert [removal.name for removal in roster.removals] == [removal.entry.name for removal in model.counting]
    assert {void.name for void in roster.void_removals} == {each.entry.name for each in model.removals if each not in model.counting}
    for device in roster.former:
        logs = {log for log, authors in roster.authors.items() if device in authors}
        assert {tip for _, tip in roster.pins[device].tips()} == model.pins(device, logs)


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 25))
def test_the_roster_is_what_the_model_says(seed: int, steps: int) -> None:
    history = History(seed)
    history.go_on(steps)
    assert_as_the_model_says(roster_of(history.library), Model(history.library.entries))


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 20))
def test_while_entries_are_missing_too_in_every_order(seed: int, steps: int) -> None:
    history = History(seed)
    history.go_on(steps)
    fundamentals = (EntryKind.GENESIS, EntryKind.CERTIFICATE, EntryKind.OPEN)
    present = [entry for entry in history.library.entries if entry.kind in fundamentals or history.dice.random() < 0.7]
    roster = roster_of(history.library, present)
    assert_as_the_model_says(roster, Model(present))
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
