"""The SQLite store and the memory store, side by side through random histories: the same answers to everything."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store.bodies import Release
from store.database import Database
from store.entries import EntryKind
from store.heads import Heads
from store.memory import MemoryLogStore
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.fleet.authors import NOW, Author, dep_of, filler_blob, heads_of, make_library

which = st.integers(0, 1000)


class StoresAgree(RuleBasedStateMachine):
    """Authors write; what they wrote is offered late, twice, mangled, out of order; both stores must always agree."""

    @initialize()
    def begin(self) -> None:
        self.library = make_library("histories")
        self.authors: list[Author] = [self.library.join("anna")]
        self.database = Database(":memory:", [LOG_SCHEMA])
        self.sqlite = SqliteLogStore(self.database, self.library.id)
        self.memory = MemoryLogStore(self.library.id)

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

    @rule(who=which, share=st.floats(0, 1))
    def report(self, who: int, share: float) -> None:
        heads = heads_of(self.library.entries[: int(share * len(self.library.entries))])
        report = self.author(who).report(heads)
        if self.memory.roster().is_member(report.device):
            assert self.sqlite.put_seen(report.raw) == self.memory.put_seen(report.raw)

    @rule(start=which, limit=st.integers(0, 5000), share=st.floats(0, 1), forget=st.sets(which, max_size=2))
    def ask(self, start: int, limit: int, share: float, forget: set[int]) -> None:
        after = start % (self.memory.count() + 1)
        assert self.sqlite.after(after, limit_bytes=limit) == self.memory.after(after, limit_bytes=limit)
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
        stored = [each.entry for each in self.memory.after(0, limit_bytes=2**40)]
        assert self.memory.heads() == heads_of(stored)
        assert self.memory.missing(Heads(), limit_bytes=2**40) == self.memory.after(0, limit_bytes=2**40)


TestStoresAgree = StoresAgree.TestCase
TestStoresAgree.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
