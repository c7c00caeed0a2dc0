"""Both log stores through random lives, against the model: entries in any order and again, branches, lies, stubs, skeletons, reports, and a database
that is closed and opened in between."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store.bodies import Checkpoint, Release, Settled
from store.database import Database
from store.entries import Dep, Entry, EntryKind
from store.errors import MissingEntriesError, RefusedError
from store.heads import Heads
from store.ids import EntryHash
from store.log import LogStore, Pruned, Status
from store.memory import MemoryLogStore
from store.skeleton import PRUNED_KINDS
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.fleet.authors import NOW, Author, dep_of, filler_blob, heads_of, make_library
from tests.fleet.libraries import IN_MEMORY
from tests.machines.bounds import bounded
from tests.machines.log_model import LogModel

which = st.integers(0, 1000)
seeds = st.integers(0, 2**32)
shares = st.sampled_from([0.2, 0.5, 0.8, 1.0])
EVERYTHING = 2**40
MOST_AUTHORS = 6


class Follower:
    """Somebody who asks a store for what came since the last time."""

    def __init__(self) -> None:
        self.cursor = 0
        self.heard: set[EntryHash] = set()

    def follow(self, store: LogStore, limit: int) -> bool:
        """Whether there was anything new."""
        page = store.after(self.cursor, limit_bytes=limit)
        assert all(each.arrival > self.cursor for each in page)
        assert len(page) <= 1 or sum(len(each.entry.raw) for each in page) <= limit
        self.heard |= {each.entry.name for each in page}
        self.cursor = page[-1].arrival if page else self.cursor
        return bool(page)


class LogStores(RuleBasedStateMachine):
    """A library whose devices write, fork and join; two stores that hear of it; and the model, which hears the same."""

    @initialize(count=st.integers(0, 4), seed=seeds, share=shares)
    def begin(self, count: int, seed: int, share: float) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="calotype-machine-", dir=IN_MEMORY)
        self.library = make_library("machine")
        self.authors: list[Author] = [self.library.join("anna"), self.library.join("bert")]
        self.lies: list[Entry] = []
        self.model = LogModel(self.library)
        self.memory = MemoryLogStore(self.library.id)
        self.open()
        self.followers = [Follower(), Follower()]
        self.settled: set[EntryHash] = set()
        for number in range(count):
            self.write(number, number, [number])
        self.offer(seed, share, is_mangled=False)

    def open(self) -> None:
        self.database = Database(Path(self.folder.name) / "log.sqlite", [LOG_SCHEMA])
        self.sqlite = SqliteLogStore(self.database, self.library.id)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.database.close()
            self.folder.cleanup()

    @property
    def stores(self) -> tuple[LogStore, LogStore]:
        return self.memory, self.sqlite

    def author(self, index: int) -> Author:
        return self.authors[index % len(self.authors)]

    def entry(self, index: int) -> Entry:
        return self.library.entries[index % len(self.library.entries)]

    def some_heads(self, share: float) -> Heads:
        """Of what was written first."""
        return heads_of(self.library.entries[: int(share * len(self.library.entries))])

    # What devices do, of which no store knows yet

    @rule(who=which, count=st.integers(1, 4), sees=st.lists(which, max_size=2))
    def write(self, who: int, count: int, sees: list[int]) -> None:
        author = self.author(who)
        author.sees(*(self.entry(index) for index in sees))
        for _ in range(count):
            author.change()

    @rule(who=which)
    def fork(self, who: int) -> None:
        if len(self.authors) < MOST_AUTHORS:
            self.authors.append(self.author(who).fork())

    @rule(who=which)
    def join(self, who: int) -> None:
        if len(self.authors) < MOST_AUTHORS:
            self.authors.append(self.library.join(f"device {len(self.library.entries)}", by=self.author(who)))

    @rule(who=which)
    def write_control(self, who: int) -> None:
        self.author(who).control(EntryKind.RELEASE, Release(blobs=(filler_blob(str(who)),)))

    @rule(who=which)
    def open_another_log(self, who: int) -> None:
        self.author(who).open_log()

    @rule(who=which, by=which)
    def remove(self, who: int, by: int) -> None:
        victim = self.author(who)
        self.library.remove(victim, by=None if by % 3 == 0 else self.author(by))

    @rule(who=which, share=shares)
    def settle(self, who: int, share: float) -> None:
        """A checkpoint, and everybody's word for it."""
        author, covered = self.author(who), self.some_heads(share)
        checkpoint = author.control(EntryKind.CHECKPOINT, Checkpoint(heads=covered, records=1, blobs=(filler_blob("checkpoint"),)))
        speakers = {each.device: each for each in self.authors}
        reports = tuple(speakers[device].report(covered, checkpoint=checkpoint.name) for device in sorted(speakers))
        author.control(EntryKind.SETTLED, Settled(checkpoint=checkpoint.name, reports=reports))

    # What stores hear

    @rule(seed=seeds, share=shares, is_mangled=st.booleans())
    def offer(self, seed: int, share: float, is_mangled: bool) -> None:
        """Some of everything, in any order, some of it twice; and bytes of which one bit was turned."""
        dice = random.Random(seed)
        offered = [entry for entry in self.library.entries if dice.random() < share]
        offered += dice.choices(self.library.entries, k=2)
        dice.shuffle(offered)
        raws = [entry.raw for entry in offered]
        mangled = bytearray(dice.choice(raws))
        mangled[dice.randrange(len(mangled))] ^= 1 << dice.randrange(8)
        at = dice.randrange(len(raws) + 1)
        if is_mangled:
            raws.insert(at, bytes(mangled))
        before = self.model.attached.keys() | self.model.detached.keys()
        self.model.take(offered)
        for store in self.stores:
            outcomes = store.append(raws, now=NOW)
            if is_mangled:
                assert outcomes.pop(at).status in (Status.REFUSED, Status.WAITING)
            self.check_outcomes(offered, [outcome.status for outcome in outcomes], before)

    def check_outcomes(self, offered: list[Entry], statuses: list[Status], before: set[EntryHash]) -> None:
        told: dict[EntryHash, list[Status]] = {}
        for entry, status in zip(offered, statuses, strict=True):
            told.setdefault(entry.name, []).append(status)
        for name, answers in told.items():
            if name in before:
                assert set(answers) == {Status.KNOWN}
            elif name in self.model.attached or name in self.model.detached:
                assert sorted(answers) == [Status.STORED, *[Status.KNOWN] * (len(answers) - 1)]
            else:
                assert set(answers) == {Status.WAITING}

    @rule(who=which, about=which, by=st.integers(1, 9), is_control=st.booleans(), is_dep=st.booleans())
    def lie(self, who: int, about: int, by: int, is_control: bool, is_dep: bool) -> None:
        """An entry that names another where it isn't: as a dep, or as its predecessor."""
        liar, other = self.author(who).fork(), self.entry(about)
        kind, body = (EntryKind.RELEASE, Release(blobs=()).encode()) if is_control else (EntryKind.CHANGE, b"a lie")
        epoch = None if is_control else self.library.epoch
        writer = liar.end()
        if not is_dep:
            writer.seq += by
        deps = [Dep(other.log, other.seq + by, other.name)] if is_dep else []
        self.lies.append(writer.make(kind, body, deps=deps, epoch=epoch))
        self.offer_a_lie(-1)

    @rule(index=which)
    def offer_a_lie(self, index: int) -> None:
        if self.lies:
            entry = self.lies[index % len(self.lies)]
            expected = self.model.verdict(entry)
            self.model.take([entry])
            assert entry.name not in self.model.attached
            assert [[outcome.status for outcome in store.append([entry.raw], now=NOW)] for store in self.stores] == [[expected]] * 2

    @rule(
        who=which,
        share=shares,
        is_closed=st.booleans(),
        said=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(NOW, NOW + 3)), min_size=1, max_size=4),
    )
    def report(self, who: int, share: float, is_closed: bool, said: list[tuple[int, int, int]]) -> None:
        """Some, in any order: number of the log, counter and time of each. They cover what is here, or perhaps more."""
        author, heads = self.author(who), self.model.heads if is_closed else self.some_heads(share)
        reports, newest = [], author.number
        for author.number, counter, time in said:
            reports.append(author.report(heads, counter=counter, time=time))
        author.number = newest
        if self.model.knows(author.device):
            expected = [self.model.put_seen(report) for report in reports]
            assert [[store.put_seen(report.raw, now=NOW) for report in reports] for store in self.stores] == [expected] * 2
            return
        for store in self.stores:
            with pytest.raises(RefusedError) as caught:
                store.put_seen(reports[0].raw, now=NOW)
            assert caught.value.code == "not-allowed-author"

    # Stubs

    @rule(share=shares, limit=st.none() | st.integers(1, 3))
    def prune(self, share: float, limit: int | None) -> None:
        covered = self.some_heads(share)
        going = [self.model.attached[name] for name in self.model.prunable(covered)]
        self.model.prune(covered)
        for store in self.stores:
            pruned = Pruned(more=True)
            while pruned.more:
                portion = store.prune(covered, limit=limit)
                assert limit is None or portion.entries <= limit
                pruned = Pruned(entries=pruned.entries + portion.entries, bytes=pruned.bytes + portion.bytes, more=portion.more)
            assert pruned == Pruned(entries=len(going), bytes=sum(len(entry.raw) for entry in going))
            assert not store.can_prune(covered)

    @rule(share=shares, cut=st.floats(0, 1), brings_control=st.booleans())
    def adopt(self, share: float, cut: float, brings_control: bool) -> None:
        """The skeleton of what was written first, from a node that has it all; as much of it as came."""
        origin = MemoryLogStore(self.library.id)
        origin.append(self.library.raws(), now=NOW)
        skeleton = list(origin.skeleton(self.some_heads(share)))
        skeleton = skeleton[: int(cut * len(skeleton))]
        by_name = {entry.name: entry for entry in self.library.entries}
        entries = [by_name[item.name] for item in skeleton]
        kept = [entry for entry in entries if entry.kind not in PRUNED_KINDS]
        if brings_control:
            self.model.take(kept)
            for store in self.stores:
                store.append([entry.raw for entry in kept], now=NOW)
        absent = {entry.name for entry in kept} - self.model.attached.keys() - self.model.detached.keys()
        for store in self.stores:
            if absent:
                with pytest.raises(MissingEntriesError) as caught:
                    store.adopt(skeleton, now=NOW)
                assert set(caught.value.names) == absent
            else:
                arrivals = store.adopt(skeleton, now=NOW)
                assert store.adopt(skeleton, now=NOW) == arrivals
                assert len({*arrivals}) == len(skeleton)
        if not absent:
            self.model.adopt(entries)

    # What stores are asked

    @rule()
    def reopen(self) -> None:
        self.database.close()
        self.open()

    @rule(share=shares, left_out=which)
    def ask_what_is_missing(self, share: float, left_out: int) -> None:
        covered = self.some_heads(share)
        theirs = covered.without([log for index, log in enumerate(covered) if index == left_out % 8])
        for store in self.stores:
            found = [each.entry.name for each in store.missing(theirs, limit_bytes=EVERYTHING)]
            assert len({*found}) == len(found)
            if not theirs.unknown(store.has):
                assert {*found} == self.model.missing(theirs)
            else:
                assert {*found} <= self.model.with_bytes.keys()

    @rule(limit=st.integers(0, 3000))
    def follow(self, limit: int) -> None:
        for follower, store in zip(self.followers, self.stores, strict=True):
            while follower.follow(store, limit):
                pass
            assert self.model.with_bytes.keys() <= follower.heard

    @rule(first=which, second=which)
    def look_up(self, first: int, second: int) -> None:
        one, other = self.entry(first), self.entry(second)
        follows = other.name in self.model.attached and one.name in self.model.below(heads_of([other]))
        there = {each.name for each in self.model.attached.values() if (each.log, each.seq) == (one.log, one.seq)} - self.model.stubs
        for store in self.stores:
            assert store.is_ancestor(one.name, dep_of(other)) == follows
            assert {each.name for each in store.at(one.log, one.seq)} == there
            arrived = store.get(one.name)
            assert (arrived is not None and arrived.entry == one) == (one.name in self.model.with_bytes)
            assert store.has(one.name) == (one.name in self.model.attached)

    # What always holds

    @invariant()
    def they_have_what_the_model_has(self) -> None:
        if not hasattr(self, "model"):
            return
        roster = self.model.roster()
        for store in self.stores:
            stored = store.after(0, limit_bytes=EVERYTHING)
            assert {each.entry.name: each.entry for each in stored} == self.model.with_bytes
            assert {each.entry.name for each in stored if each.is_detached} == self.model.detached.keys()
            assert store.control(0, limit_bytes=EVERYTHING) == [each for each in stored if each.entry.kind is not EntryKind.CHANGE]
            assert store.heads() == self.model.heads
            assert store.roster() == roster
            figures = store.figures()
            assert (store.count(), figures.entries) == (len(self.model.stored()),) * 2
            assert (figures.stubs, figures.detached) == (len(self.model.stubs), len(self.model.detached))
            assert {each.device: each for each in store.seen()} == self.model.reports

    @invariant()
    def the_order_of_arrival_is_causal(self) -> None:
        if not hasattr(self, "model"):
            return
        for store in self.stores:
            arrivals = [each.arrival for each in store.after(0, limit_bytes=EVERYTHING)]
            assert arrivals == sorted({*arrivals})
            assert store.arrival() >= max(arrivals, default=0)
            skeleton = list(store.skeleton(store.heads()))
            place = {item.name: number for number, item in enumerate(skeleton)}
            assert place.keys() == self.model.attached.keys()
            for item in skeleton:
                assert (item.log, item.seq, item.deps) == ((entry := self.model.attached[item.name]).log, entry.seq, entry.deps)
                assert all(place[need] < place[item.name] for need in item.needs)
            in_order = [each.entry.name for each in store.after(0, limit_bytes=EVERYTHING) if not each.is_detached]
            assert in_order == sorted(in_order, key=place.__getitem__)

    @invariant()
    def what_was_settled_stays_settled(self) -> None:
        if not hasattr(self, "model"):
            return
        found = [{each.settled for each in store.settled()} for store in self.stores]
        assert found[0] == found[1]
        checkpoints = {each.checkpoint for each in self.memory.settled()}
        assert checkpoints | found[0] <= self.model.with_bytes.keys()
        assert {name for name in self.settled - self.model.stubs if self.checkpoint_of(name) not in self.model.stubs | checkpoints} == set()
        self.settled |= found[0]

    def checkpoint_of(self, settled: EntryHash) -> EntryHash:
        return (self.model.attached | self.model.detached)[settled].previous  # written right before it


TestLogStores = LogStores.TestCase
TestLogStores.settings = bounded(examples=35, steps=30)
