"""The roster by a model of its rules (PROTOCOL.md section 3.2.1) that was written for tests: sets and repetition, nothing clever."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from store.bodies import Certification, Open, Remove, parse_control
from store.entries import Entry, EntryKind
from store.heads import Heads, Tip
from store.ids import MASTER, DeviceId, LogId
from tests.fleet.descent import attached, descent_in


@dataclass(frozen=True, eq=False)
class Item:
    """A certificate (``subject``) or a removal (``victims``)."""

    entry: Entry
    author: DeviceId
    subject: DeviceId | None = None
    victims: frozenset[DeviceId] = frozenset()
    pins: Heads | None = None


class RosterModel:
    """Every definition of ``store.roster`` in its own words, as slow as it likes. ``entries`` have each good signatures; changes among them tell of descent."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        self.there = attached(entries)
        self.is_ancestor = descent_in(self.there)
        opened = {entry.log: _opener(entry) for entry in entries if entry.kind is EntryKind.OPEN}
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

    def pins(self, device: DeviceId, logs: Iterable[LogId]) -> set[tuple[LogId, Tip]]:
        """The ends of these logs up to which the entries of a former device count by themselves."""
        naming = self.naming(device, self.counting)
        sound = [removal for removal in naming if removal in self.sound]
        tips: set[tuple[LogId, Tip]] = set()
        for removal in sound or naming:
            assert removal.pins is not None
            for log, tip in removal.pins.tips():
                if log in logs and self.pin_exists(tip, removal) and (sound or all(self.covers(log, tip, each) for each in naming)):
                    tips.add((log, tip))
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


def _opener(entry: Entry) -> DeviceId:
    body = parse_control(entry)
    assert isinstance(body, Open)
    return body.device
