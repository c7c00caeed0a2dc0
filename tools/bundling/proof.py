"""Whether what was made shows the same as the original: every entry, verdict, record and decision under its other name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from crdt.clock import Stamp
from crdt.keys import parse_key
from crdt.record import Cell, Content
from store.heads import Heads, Tip
from store.ids import DeviceId, EntryHash, EpochId, LogId, RecordId
from store.roster import Roster
from tools.bundling.remaking import Remade
from tools.bundling.shown import Decided, Shown, contents_in, decided, shown_in
from tools.bundling.story import Story
from tools.looking.folder import Inspected


@dataclass(slots=True, kw_only=True)
class Proof:
    """``differences``: a clause each, none when all is the same, in words and ids of the other library. The rest: how much was compared."""

    differences: list[str] = field(default_factory=list)
    records: int = 0
    live_keys: int = 0
    conflicts: int = 0
    contested: int = 0
    purged: int = 0
    void: int = 0
    other_reasons: int = 0
    """Updates that are void in both, for reasons in other words."""
    waiting: int = 0

    def compare(self, what: str, expected: object, found: object) -> None:
        if expected != found:
            self.differences.append(what)


def prove(original: Inspected, made: Inspected, story: Story, remade: Remade) -> Proof:
    """Both folders as they are now. ``story`` was read in the same look at the original."""
    proof, names = Proof(), _OtherNames(story, remade)
    theirs, ours = shown_in(original), shown_in(made)
    _compare_shown(proof, names.shown(theirs), ours)
    proof.compare("others are members", names.roster(theirs.roster), RosterFacts.of(ours.roster))
    expected = dict(_expected(original, story, names))
    found = dict(contents_in(made))
    proof.compare("there are other records", expected.keys(), found.keys())
    for record in expected.keys() & found.keys():
        _compare_record(proof, record, expected[record], found[record])
    return proof


def _compare_shown(proof: Proof, expected: Shown, found: Shown) -> None:
    for what, part in _PARTS.items():
        proof.compare(what, part(expected), part(found))
    proof.compare("other updates are void", expected.void.keys(), found.void.keys())
    proof.void = len(expected.void)
    proof.other_reasons = sum(found.void.get(place) != reason for place, reason in expected.void.items())
    proof.waiting, proof.purged = len(expected.waiting), len(expected.purged)


def _compare_record(proof: Proof, record: RecordId, expected: _Expected, found: Content) -> None:
    place = f"{record.kind.name.lower()} {record.body.hex()[:10]}"
    proof.compare(f"{place} says something else", dict(expected.content.live), dict(found.live))
    proof.compare(f"{place} was written by others", dict(expected.content.vector), dict(found.vector))
    verdict = decided(record, found)
    proof.compare(f"in {place} others win", expected.decided, verdict)
    proof.records += 1
    proof.live_keys += len(found.live)
    proof.conflicts += len(verdict.conflicts)
    proof.contested += bool(verdict.unseen)


@dataclass(frozen=True, slots=True)
class _Expected:
    """A record of the original under its other names, and what was decided in it there."""

    content: Content
    decided: Decided


def _expected(original: Inspected, story: Story, names: _OtherNames) -> Iterator[tuple[RecordId, _Expected]]:
    for record, content in contents_in(original):
        if story.keeps(record):
            yield names.record(record), _Expected(names.content(record, content), names.decided(decided(record, content)))


class _OtherNames:
    """What the original shows, under the names of what was made."""

    def __init__(self, story: Story, remade: Remade) -> None:
        self._story = story
        self._things, self._entries, self._fields = remade.things, remade.entries, remade.fields

    def record(self, record: RecordId) -> RecordId:
        return self._things.record(record)

    def content(self, record: RecordId, content: Content) -> Content:
        cells = {}
        for text, cell in content.live.items():
            key = parse_key(text)
            stamp, value = self._fields.moments.stamp(cell.stamp), self._fields.value(record.kind, key, cell.value)
            cells[self._fields.key(record.kind, text)] = Cell(stamp, self._entries.writer(cell.writer), value)
        return Content(live=cells, vector={self._entries.client(client): clocks for client, clocks in content.vector.items()})

    def decided(self, decided: Decided) -> Decided:
        writer = self._entries.writer
        return Decided(
            fields=frozenset(tuple(map(writer, writers)) for writers in decided.fields),
            conflicts=frozenset(tuple(map(writer, writers)) for writers in decided.conflicts),
            trashed=None if decided.trashed is None else self._stamp(decided.trashed),
            unseen=frozenset(map(writer, decided.unseen)),
        )

    def shown(self, shown: Shown) -> Shown:
        keeps = self._story.keeps
        name, things = self._entries.name, self._things
        return Shown(
            heads=self._heads(shown.heads),
            detached=frozenset(map(name, shown.detached)),
            roster=shown.roster,
            own_log=None if shown.own_log is None else things.log(shown.own_log),
            waiting={name(entry): (code, self._needed(needs)) for entry, (code, needs) in shown.waiting.items()},
            void={
                (name(entry), bytes(things.record(RecordId(record))) if record else b""): reason
                for (entry, record), reason in shown.void.items()
                if not record or keeps(RecordId(record))
            },
            purged=frozenset(things.record(record) for record in shown.purged if keeps(record)),
            folded={} if self._story.records else {things.record(one): things.record(other) for one, other in shown.folded.items()},
            ahead=frozenset(map(things.log, shown.ahead)),
        )

    def roster(self, roster: Roster) -> RosterFacts:
        device, log, name = self._things.device, self._things.log, self._entries.name
        facts = RosterFacts.of(roster)
        return RosterFacts(
            members=frozenset(map(device, facts.members)),
            former=frozenset(map(device, facts.former)),
            authors={log(each): frozenset(map(device, authors)) for each, authors in facts.authors.items()},
            numbers={log(each): number for each, number in facts.numbers.items()},
            epochs={
                self._things.epoch(epoch).id: tuple(frozenset(map(device, each)) for each in given) for epoch, given in facts.epochs.items()
            },
            removals=frozenset(map(name, facts.removals)),
            void_removals=frozenset(map(name, facts.void_removals)),
            pins={device(each): self._heads(pins) for each, pins in facts.pins.items()},
        )

    def _heads(self, heads: Heads) -> Heads:
        return Heads.of((self._things.log(log), Tip(tip.seq, self._entries.name(tip.name))) for log, tip in heads.tips())

    def _needed(self, needs: bytes) -> bytes:
        """An entry, an epoch, or nothing."""
        if len(needs) == EntryHash.SIZE:
            return self._entries.name(EntryHash(needs))
        return self._things.epoch(EpochId(needs)).id if needs else b""

    def _stamp(self, text: str) -> str:
        return self._fields.moments.stamp(Stamp(bytes.fromhex(text))).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFacts:
    """What a roster says that rules rest on. ``epochs``: of each to whom it was given, who counts of them, and who gave it."""

    members: frozenset[DeviceId]
    former: frozenset[DeviceId]
    authors: Mapping[LogId, frozenset[DeviceId]]
    numbers: Mapping[LogId, int]
    epochs: Mapping[EpochId, tuple[frozenset[DeviceId], ...]]
    removals: frozenset[EntryHash]
    void_removals: frozenset[EntryHash]
    pins: Mapping[DeviceId, Heads]

    @classmethod
    def of(cls, roster: Roster) -> RosterFacts:
        return cls(
            members=frozenset(roster.devices),
            former=frozenset(roster.former),
            authors={log: frozenset(authors) for log, authors in roster.authors.items()},
            numbers=dict(roster.log_numbers),
            epochs={epoch: (frozenset(info.recipients), info.given, info.authors) for epoch, info in roster.epochs.items()},
            removals=frozenset(removal.name for removal in roster.removals),
            void_removals=frozenset(removal.name for removal in roster.void_removals),
            pins=dict(roster.pins),
        )


_PARTS: Mapping[str, Callable[[Shown], object]] = {
    "the logs end elsewhere": lambda shown: shown.heads,
    "other entries are detached": lambda shown: shown.detached,
    "the device writes to another log": lambda shown: shown.own_log,
    "other entries wait, or for other things": lambda shown: shown.waiting,
    "other records are purged": lambda shown: shown.purged,
    "other photos are shown as one": lambda shown: shown.folded,
    "other clocks are flagged": lambda shown: shown.ahead,
}
"""What is compared, and what is said where it differs."""
