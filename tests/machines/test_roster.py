"""The roster through random lives of a library: who lets in and removes whom, knowing of it or not, backdated, by the phrase, in clones; heard of by
three nodes in any order. The model of section 3.2.1 is the one of ``tests/unit/store/test_removals_model.py``; epochs are modelled here."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store.bodies import Packages, Remove, parse_control
from store.database import Database
from store.entries import Entry, EntryKind
from store.heads import Heads
from store.ids import MASTER, DeviceId, EntryHash, EpochId
from store.log import LogStore, Status
from store.memory import MemoryLogStore
from store.roster import Roster
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.fleet.authors import NOW, Author, filler, parse_open
from tests.fleet.roster_model import RosterModel
from tests.machines.bounds import bounded
from tests.unit.store.test_removals_model import History, assert_as_the_model_says

which = st.integers(0, 1000)
seeds = st.integers(0, 2**32)
shares = st.sampled_from([0.2, 0.5, 0.9, 1.0])
EVERYTHING = 2**40
EPOCHS = [EpochId(filler(f"epoch {number}", EpochId.SIZE)) for number in range(4)]


class Rosters(RuleBasedStateMachine):
    """Rules write entries; nodes hear of them by and by."""

    @initialize(seed=seeds, masters=st.booleans())
    def begin(self, seed: int, masters: bool) -> None:
        self.history = History(seed)
        self.library = self.history.library
        self.history.join(None if masters else self.history.authors[0])
        self.database = Database(":memory:", [LOG_SCHEMA])
        self.nodes: list[LogStore] = [
            MemoryLogStore(self.library.id),
            MemoryLogStore(self.library.id),
            SqliteLogStore(self.database, self.library.id),
        ]
        self.known: list[set[DeviceId]] = [set() for _ in self.nodes]

    def teardown(self) -> None:
        if not hasattr(self, "database"):
            return
        try:
            for node in range(len(self.nodes)):
                self.hear_what_fits(node, self.library.entries[::-1] if node else self.library.entries)
            first, *others = (node.roster() for node in self.nodes)
            assert [first] * len(others) == others
        finally:
            self.database.close()

    def author(self, index: int, *, may_be_master: bool = True) -> Author | None:
        """``None`` is the master."""
        authors = self.history.authors
        return None if may_be_master and index % 7 == 0 else authors[index % len(authors)]

    # What devices do

    @rule(by=which)
    def invite(self, by: int) -> None:
        self.history.join(self.author(by))

    @rule(by=which, seed=seeds)
    def certify_again(self, by: int, seed: int) -> None:
        self.history.dice = Random(seed)
        self.history.certify(self.author(by))

    @rule(by=which, seed=seeds)
    def write_or_clone(self, by: int, seed: int) -> None:
        self.history.dice = Random(seed)
        self.history.write(self.author(by, may_be_master=False))

    @rule(
        by=which,
        whom=st.sets(which, min_size=1, max_size=2),
        knows=st.sets(which, max_size=2),
        seed=seeds,
        given=st.sets(which, max_size=4),
    )
    def remove(self, by: int, whom: set[int], knows: set[int], seed: int, given: set[int]) -> None:
        """With pins at all that the removed wrote, a part of it, nothing, or something made up; concurrent with what it doesn't know."""
        self.history.dice = Random(seed)
        author = self.author(by)
        victims = [each for index in whom if (each := self.author(index, may_be_master=False)) is not None]
        known = [entry for entry in self.history.removals if entry.log != self.history.end(author)]
        chosen = {known[index % len(known)].name: known[index % len(known)] for index in knows if known}
        removal = self.library.remove(
            *victims,
            by=author,
            pins=self.history.pins({victim.log for victim in victims}),
            knows=chosen.values(),
            epoch=EPOCHS[seed % len(EPOCHS)],
            recipients=self.recipients(given),
        )
        self.history.removals.append(removal)

    @rule(whom=which, by=which)
    def write_as_if_nothing_had_happened(self, whom: int, by: int) -> None:
        """A device that somebody removed lets another in from before the removal: beyond the pin, in a branch of its log."""
        author = self.author(whom, may_be_master=False)
        if author is None or not self.history.removals:
            return
        own = [entry for entry in self.library.entries if entry.log == author.log]
        ghost = author.fork()
        begin = own[by % len(own)]
        ghost.end().seq, ghost.end().previous = begin.seq + 1, begin.name
        puppet = self.library.author(f"puppet {len(self.library.entries)}")
        self.library.certify(puppet, by=ghost)
        if len(self.history.authors) < 7:
            puppet.open_log(deps=())
            self.history.authors += [ghost, puppet]

    @rule(by=which, epoch=st.sampled_from(EPOCHS), given=st.sets(which, max_size=4))
    def give_packages(self, by: int, epoch: EpochId, given: set[int]) -> None:
        self.library.packages(self.recipients(given), by=self.author(by), epoch=epoch)

    def recipients(self, given: set[int]) -> list[DeviceId]:
        return sorted({MASTER} | {author.device for index in given if (author := self.author(index)) is not None})

    # What nodes hear

    @rule(node=which, seed=seeds, share=shares, only_control=st.booleans())
    def hear(self, node: int, seed: int, share: float, only_control: bool) -> None:
        dice = Random(seed)
        entries = [each for each in self.library.entries if not only_control or each.kind is not EntryKind.CHANGE]
        offered = [each for each in entries if dice.random() < share]
        dice.shuffle(offered)
        self.hear_what_fits(node % len(self.nodes), offered + dice.sample(offered, len(offered) // 3))

    def hear_what_fits(self, node: int, entries: Iterable[Entry]) -> None:
        """As often as something of it is new: the beginning of a log is refused while its device isn't known. Nothing else ever is."""
        raws = [entry.raw for entry in entries]
        is_new = True
        while is_new:
            outcomes = self.nodes[node].append(raws, now=NOW)
            is_new = Status.STORED in {outcome.status for outcome in outcomes}
            assert {outcome.code for outcome in outcomes} <= {None, "not-allowed-author"}
        self.check(node)

    def check(self, node: int) -> None:
        roster, stored = self.nodes[node].roster(), self.stored(node)
        if roster.master is None:
            assert all(entry.kind is EntryKind.GENESIS for entry in stored)
            return
        model = RosterModel(stored)
        assert_as_the_model_says(roster, model)
        assert set(roster.write_epochs()) == write_epochs(stored, model)
        known = {*roster.devices, *roster.former}
        assert self.known[node] <= known, "who was known once stays known"
        self.known[node] = known
        removed_by_master = {device for each in model.removals if each.author == MASTER for device in each.victims}
        assert removed_by_master.isdisjoint(roster.devices)

    def stored(self, node: int) -> list[Entry]:
        return [each.entry for each in self.nodes[node].after(0, limit_bytes=EVERYTHING)]

    @invariant()
    def who_stores_the_same_has_the_same_roster(self) -> None:
        rosters: dict[frozenset[EntryHash], Roster] = {}
        for node in range(len(getattr(self, "nodes", ()))):
            stored = frozenset(entry.name for entry in self.stored(node))
            assert rosters.setdefault(stored, self.nodes[node].roster()) == self.nodes[node].roster()

    @rule()
    def the_phrase_decides_last(self) -> None:
        """The master removes all but one that it lets in, and pins them at nothing: the end of all disputes, on a node that hears everything."""
        heir = self.library.author(f"heir {len(self.library.entries)}")
        self.library.certify(heir)
        self.history.removals.append(self.library.remove(*self.history.authors, pins=Heads()))
        heir.open_log(deps=())
        self.hear_what_fits(0, self.library.entries)
        assert set(self.nodes[0].roster().devices) == {heir.device}
        self.history.authors = [heir, *self.history.authors[:4]]


def write_epochs(stored: list[Entry], model: RosterModel) -> set[EpochId]:
    """Section 3.2.1's last paragraph: who was given an epoch, by whom, and whether a removal that counts began it."""
    allowed = {MASTER, *model.members}
    opened = {entry.log: parse_open(entry).device for entry in stored if entry.kind is EntryKind.OPEN}
    packages: dict[EpochId, list[tuple[DeviceId, set[DeviceId]]]] = {}
    for entry in stored:
        body = None if entry.kind is EntryKind.CHANGE else parse_control(entry)
        if isinstance(body, (Packages, Remove)):
            author = MASTER if entry.log == entry.library.master_log() else opened[entry.log]
            packages.setdefault(body.epoch, []).append((author, {recipient for recipient, _ in body.packages}))
    fresh = {body.epoch for each in model.counting if each.author in allowed and isinstance(body := parse_control(each.entry), Remove)}
    good = set()
    for epoch, given in packages.items():
        believed = [(author, recipients) for author, recipients in given if author in allowed or epoch not in fresh]
        everyone = set[DeviceId]().union(*(recipients for _, recipients in believed))
        if MASTER in everyone <= allowed and all(author in allowed for author, _ in believed):
            good.add(epoch)
    return good


TestRosters = Rosters.TestCase
TestRosters.settings = bounded(examples=30, steps=25)
