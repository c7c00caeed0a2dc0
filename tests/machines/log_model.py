"""The log store in the words of its contract: a dictionary of entries, some sets of names, and repetition until nothing changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from store.bodies import Certification, parse_control
from store.entries import Entry, EntryKind
from store.heads import Heads
from store.ids import NO_ENTRY, DeviceId, EntryHash
from store.log import Status
from store.roster import Roster
from store.seen import SeenReport
from store.skeleton import PRUNED_KINDS
from tests.fleet.authors import FleetLibrary, heads_of, parse_open
from tests.unit.store.descent import roster_of


class LogModel:
    """``attached`` has stubs too; ``stubs`` names those whose bytes are gone."""

    def __init__(self, library: FleetLibrary) -> None:
        self.library = library
        self.attached: dict[EntryHash, Entry] = {}
        self.detached: dict[EntryHash, Entry] = {}
        self.stubs: set[EntryHash] = set()
        self.reports: dict[DeviceId, SeenReport] = {}

    # What is there

    @property
    def with_bytes(self) -> dict[EntryHash, Entry]:
        return {name: entry for name, entry in self.attached.items() if name not in self.stubs} | self.detached

    @property
    def heads(self) -> Heads:
        return heads_of(self.attached.values())

    def roster(self) -> Roster:
        """Pruned entries are none of those that it is made of."""
        return roster_of(self.library, [*self.attached.values(), *self.detached.values()])

    def below(self, covered: Heads) -> set[EntryHash]:
        """The tips that are here, and all that they follow."""
        found: set[EntryHash] = set()
        for log, tip in covered.tips():
            step = tip.name if tip.name in self.attached and self.attached[tip.name].log == log else NO_ENTRY
            while step != NO_ENTRY and step not in found:
                found.add(step)
                step = self.attached[step].previous
        return found

    def prunable(self, covered: Heads) -> set[EntryHash]:
        return {name for name in self.below(covered) - self.stubs if self.attached[name].kind in PRUNED_KINDS}

    def missing(self, theirs: Heads) -> set[EntryHash]:
        """What they lack, whose tips are all here; and the detached entries that they may lack."""
        lacking = self.attached.keys() - self.below(theirs) - self.stubs
        return lacking | {each.name for each in self.detached.values() if all(tip.seq < each.seq for tip in theirs.get(each.log, ()))}

    # What comes

    def verdict(self, entry: Entry) -> Status:
        """What one that isn't attached would be told if it came now."""
        for need in entry.needs:
            there = self.attached.get(need)
            if there is not None and not is_where_it_is_said_to_be(entry, there):
                return Status.REFUSED
        if not self.knows_author(entry):
            return Status.WAITING
        if self.has_all_of(entry):
            return Status.STORED
        if entry.kind is EntryKind.CHANGE:
            return Status.WAITING
        return Status.KNOWN if entry.name in self.detached else Status.STORED

    def take(self, entries: Iterable[Entry]) -> None:
        """All that may be stored of these is, in whatever order; what was detached is attached, or found to be a lie and dropped."""
        offered = {entry.name: entry for entry in entries}
        while True:
            count = len(self.attached), len(self.detached)
            for entry in [*offered.values()]:
                if entry.name not in self.attached and self.verdict(entry) is Status.STORED:
                    self.store(entry)
            for entry in [each for each in self.detached.values() if self.has_all_of(each)]:
                del self.detached[entry.name]
                if self.verdict(entry) is Status.STORED:
                    self.attached[entry.name] = entry
            if (len(self.attached), len(self.detached)) == count:
                return

    def store(self, entry: Entry) -> None:
        if self.has_all_of(entry):
            self.detached.pop(entry.name, None)
            self.attached[entry.name] = entry
        else:
            self.detached[entry.name] = entry

    def prune(self, covered: Heads) -> None:
        self.stubs |= self.prunable(covered)

    def adopt(self, entries: Collection[Entry]) -> None:
        """All of these are here now; what had no bytes here has none."""
        for entry in entries:
            if entry.name not in self.attached and entry.name not in self.detached:
                self.stubs.add(entry.name)
            self.attached[entry.name] = entry
            self.detached.pop(entry.name, None)
        self.take(())

    def put_seen(self, report: SeenReport) -> bool:
        is_old = report.device in self.reports and report.rank <= self.reports[report.device].rank
        is_covered = all(tip.name in self.attached for _, tip in report.heads.tips())
        if is_old or not is_covered or not self.roster().is_member(report.device):
            return False
        self.reports[report.device] = report
        return True

    # Who may write

    def has_all_of(self, entry: Entry) -> bool:
        return all(need in self.attached for need in entry.needs)

    def knows_author(self, entry: Entry) -> bool:
        if entry.kind is EntryKind.GENESIS:
            return True
        if entry.kind is EntryKind.OPEN:
            return self.knows(parse_open(entry).device)
        return entry.previous in self.attached or any(each.log == entry.log and each.seq == 0 for each in self.stored())

    def knows(self, device: DeviceId) -> bool:
        bodies = (parse_control(each) for each in self.stored() if each.kind is EntryKind.CERTIFICATE)
        return any(isinstance(body, Certification) and body.certificate.device == device for body in bodies)

    def stored(self) -> list[Entry]:
        return [*self.attached.values(), *self.detached.values()]


def is_where_it_is_said_to_be(entry: Entry, needed: Entry) -> bool:
    """Whether ``entry`` names ``needed`` by the place that it has."""
    if entry.previous == needed.name and (entry.log, entry.seq) != (needed.log, needed.seq + 1):
        return False
    return all((dep.log, dep.seq) == (needed.log, needed.seq) for dep in entry.deps if dep.name == needed.name)
