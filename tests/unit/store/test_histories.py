"""The SQLite store and the memory store, side by side through random histories: the same answers to everything.

Devices write, clone themselves and join; what they wrote is offered late, twice, mangled and out of order; checkpoints are settled,
entries pruned, and skeletons adopted by a third store that began empty.
"""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store.bodies import Checkpoint, Release, Settled
from store.database import Database
from store.entries import EntryKind
from store.heads import Heads
from store.log import LogStore
from store.memory import MemoryLogStore
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.fleet.authors import NOW, Author, dep_of, filler_blob, heads_of, make_library

which = st.integers(0, 1000)
EVERYTHING = 2**40


class StoresAgree(RuleBasedStateMachine):
    """Both stores must always agree."""

    trusts_settled = False
    changes_at_first = 0.9

    @initialize(early=st.sampled_from([0.5, 0.8, 1.0]), seed=st.integers(0, 2**32))
    def begin(self, early: float, seed: int) -> None:
        """Two devices have written something, and settled a checkpoint; the stores have heard of some of it."""
        self.library = make_library("histories")
        self.authors: list[Author] = [self.library.join("anna"), self.library.join("bert")]
        self.database = Database(":memory:", [LOG_SCHEMA])
        self.sqlite = SqliteLogStore(self.database, self.library.id, trusts_settled=self.trusts_settled)
        self.memory = MemoryLogStore(self.library.id, trusts_settled=self.trusts_settled)
        self.is_pruned = False
        for number in range(6):
            self.write(number, 1)
            self.see(number + 1, -1)
        self.settle(0, early, silent=False)
        self.write(0, 2)
        dice = random.Random(seed)
        raws = [entry.raw for entry in self.library.entries if entry.kind is not EntryKind.CHANGE or dice.random() < self.changes_at_first]
        assert self.sqlite.append(raws, now=NOW) == self.memory.append(raws, now=NOW)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()

    def author(self, index: int) -> Author:
        return self.authors[index % len(self.authors)]

    @rule(who=which, count=st.integers(1, 4))
    def write(self, who: int, count: int) -> None:
        for _ in range(count):
            self.author(who).change()

    @rule(who=which, whom=which)
    def see(self, who: int, whom: int) -> None:
        self.author(who).sees(self.library.entries[whom % len(self.library.entries)])

    @rule(who=which)
    def clone(self, who: int) -> None:
        if len(self.authors) < 6:
            self.authors.append(self.author(who).fork())

    @rule(who=which)
    def join(self, who: int) -> None:
        if len(self.authors) < 6:
            self.authors.append(self.library.join(f"device {len(self.library.entries)}", by=self.author(who)))

    @rule(who=which)
    def release(self, who: int) -> None:
        self.author(who).control(EntryKind.RELEASE, Release(blobs=(filler_blob(str(who)),)))

    @rule(who=which)
    def open_again(self, who: int) -> None:
        self.author(who).open_log()

    @rule(who=which, share=st.floats(0.1, 1), silent=st.booleans())
    def settle(self, who: int, share: float, silent: bool) -> None:
        """A checkpoint over the first entries that were written, and what settles it: the words of everybody, or of its author alone."""
        author = self.author(who)
        covered = heads_of(self.library.entries[: max(1, int(share * len(self.library.entries)))])
        checkpoint = author.control(EntryKind.CHECKPOINT, Checkpoint(heads=covered, records=1, blobs=(filler_blob("checkpoint"),)))
        speakers = {each.device: each for each in ([author] if silent else self.authors)}
        reports = tuple(speakers[device].report(covered, checkpoint=checkpoint.name) for device in sorted(speakers))
        author.control(EntryKind.SETTLED, Settled(checkpoint=checkpoint.name, reports=reports))

    @rule(seed=st.integers(0, 2**32), share=st.sampled_from([0.3, 0.7, 0.9, 1.0]))
    def offer(self, seed: int, share: float) -> None:
        dice = random.Random(seed)
        raws = [raw for raw in self.library.raws() if dice.random() < share]
        raws += dice.choices(self.library.raws(), k=2)
        mangled = bytearray(dice.choice(raws))
        mangled[dice.randrange(len(mangled))] ^= 1 << dice.randrange(8)
        raws.append(bytes(mangled))
        dice.shuffle(raws)
        assert self.sqlite.append(raws, now=NOW) == self.memory.append(raws, now=NOW)

    @rule(share=st.floats(0, 1))
    def prune(self, share: float) -> None:
        covered = heads_of(self.library.entries[: int(share * len(self.library.entries))])
        assert self.sqlite.prune(covered) == self.memory.prune(covered)
        self.is_pruned = True

    @rule(share=st.floats(0, 1))
    def begin_elsewhere(self, share: float) -> None:
        """A store that has control entries and a skeleton judges, and ends, as one with entries."""
        covered = self.memory.heads()
        skeleton = list(self.memory.skeleton(covered))
        assert list(self.sqlite.skeleton(covered)) == skeleton
        if self.trusts_settled:
            return  # what lies below isn't all here, so nobody could begin with this
        other = MemoryLogStore(self.library.id)
        other.append([each.entry.raw for each in self.memory.control(0, limit_bytes=EVERYTHING)], now=NOW)
        cut = int(share * len(skeleton))
        for portion in (skeleton[:cut], skeleton[cut:]):
            other.adopt(portion, now=NOW)
        assert other.heads() == covered
        assert other.roster() == self.memory.roster()
        assert set(other.skeleton(covered)) == set(skeleton)
        assert_known_before(other)

    @rule(who=which, share=st.floats(0, 1))
    def report(self, who: int, share: float) -> None:
        heads = heads_of(self.library.entries[: int(share * len(self.library.entries))])
        report = self.author(who).report(heads)
        if self.memory.roster().is_member(report.device):
            assert self.sqlite.put_seen(report.raw, now=NOW) == self.memory.put_seen(report.raw, now=NOW)

    @rule(start=which, limit=st.integers(0, 5000), share=st.floats(0, 1), forget=st.sets(which, max_size=2))
    def ask(self, start: int, limit: int, share: float, forget: set[int]) -> None:
        after = start % (self.memory.arrival() + 1)
        assert self.sqlite.after(after, limit_bytes=limit) == self.memory.after(after, limit_bytes=limit)
        assert self.sqlite.control(after, limit_bytes=limit) == self.memory.control(after, limit_bytes=limit)
        heads = heads_of(self.library.entries[: int(share * len(self.library.entries))])
        theirs = heads.without([log for index, log in enumerate(heads) if index in forget])
        for cursor in (0, after):
            assert self.sqlite.missing(theirs, limit_bytes=limit, after=cursor) == self.memory.missing(
                theirs, limit_bytes=limit, after=cursor
            )

    @rule(first=which, second=which)
    def look_up(self, first: int, second: int) -> None:
        one, other = (self.library.entries[index % len(self.library.entries)] for index in (first, second))
        assert self.sqlite.get(one.name) == self.memory.get(one.name)
        assert self.sqlite.has(one.name) == self.memory.has(one.name)
        assert self.sqlite.at(one.log, other.seq) == self.memory.at(one.log, other.seq)
        assert self.sqlite.is_ancestor(one.name, dep_of(other)) == self.memory.is_ancestor(one.name, dep_of(other))

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "memory"):
            return
        assert self.sqlite.heads() == self.memory.heads()
        assert self.sqlite.roster() == self.memory.roster()
        assert (self.sqlite.arrival(), self.sqlite.count()) == (self.memory.arrival(), self.memory.count())
        assert self.sqlite.seen() == self.memory.seen()
        assert self.sqlite.settled() == self.memory.settled()
        assert self.sqlite.figures() == self.memory.figures()
        assert self.memory.missing(Heads(), limit_bytes=EVERYTHING) == self.memory.after(0, limit_bytes=EVERYTHING)
        stored = [each.entry for each in self.memory.after(0, limit_bytes=EVERYTHING) if not each.is_detached]
        if not self.is_pruned:
            assert self.memory.heads() == heads_of(stored)
        if not self.trusts_settled:
            assert_known_before(self.memory)


class RelaysAgree(StoresAgree):
    """The same of stores that go by settled checkpoints."""

    trusts_settled = True
    changes_at_first = 0.3


def assert_known_before(store: LogStore) -> None:
    """No attached entry arrived before one that it needs."""
    arrived = {item.name: number for number, item in enumerate(store.skeleton(store.heads()))}
    for item in store.skeleton(store.heads()):
        assert all(arrived[need] < arrived[item.name] for need in item.needs)


TestStoresAgree = StoresAgree.TestCase
TestStoresAgree.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestRelaysAgree = RelaysAgree.TestCase
TestRelaysAgree.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
