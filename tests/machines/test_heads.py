"""Heads and branches: what they say of a node's entries, and what two nodes conclude from them, against plain sets of entries."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from store.branches import Branch, Position, at_or_below, heads_of, is_ancestor_or_self, lacking
from store.entries import Dep
from store.heads import Heads, Tip, missing
from store.ids import NO_ENTRY, DeviceId, EntryHash, LogId
from tests.machines.bounds import bounded

LOGS = [LogId(bytes([number]) * 16) for number in range(3)]
AUTHOR = DeviceId(bytes(16))
which = st.integers(0, 1000)
logs = st.sampled_from(LOGS)


@dataclass(frozen=True, kw_only=True)
class Element:
    """All of an entry that matters here."""

    log: LogId
    seq: int
    name: EntryHash
    previous: EntryHash


@dataclass
class Node:
    """``stored`` in the order of arrival; ``branches`` and ``positions`` as a store keeps them."""

    stored: dict[EntryHash, Element] = field(default_factory=dict)
    branches: dict[int, Branch] = field(default_factory=dict)
    positions: dict[EntryHash, Position] = field(default_factory=dict)

    def take(self, elements: Iterable[Element]) -> None:
        for element in elements:
            if element.name not in self.stored:
                assert element.previous == NO_ENTRY or element.previous in self.stored, "only what follows something that is here"
                self.stored[element.name] = element
                self._place(element)

    def _place(self, element: Element) -> None:
        before = self.positions.get(element.previous)
        if before is not None and self.branches[before.branch].tip == element.previous:
            key = before.branch
            self.branches[key] = replace(self.branches[key], last_seq=element.seq, tip=element.name)
        else:
            key = len(self.branches)
            self.branches[key] = Branch(
                key=key,
                parent=None if before is None else before.branch,
                log=element.log,
                author=AUTHOR,
                first_seq=element.seq,
                last_seq=element.seq,
                tip=element.name,
            )
        self.positions[element.name] = Position(key, element.seq)

    def leaves(self, log: LogId) -> set[Tip]:
        """The model of heads."""
        followed = {element.previous for element in self.stored.values()}
        return {Tip(each.seq, each.name) for each in self.stored.values() if each.log == log and each.name not in followed}

    @property
    def heads(self) -> Heads:
        return heads_of(self.branches.values())


def closed(elements: Collection[Element], tips: Iterable[EntryHash]) -> set[EntryHash]:
    """These and all that they follow, as far as it is among ``elements``."""
    by_name = {element.name: element for element in elements}
    found: set[EntryHash] = set()
    for tip in tips:
        step = tip
        while step in by_name and step not in found:
            found.add(step)
            step = by_name[step].previous
    return found


class HeadsOfNodes(RuleBasedStateMachine):
    """Four nodes; any of them goes on in any log after anything that it has, so every log forks at once."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes = [Node() for _ in range(4)]
        self.written: dict[EntryHash, Element] = {}

    def node(self, index: int) -> Node:
        return self.nodes[index % len(self.nodes)]

    @rule(where=which, log=logs, after=which, count=st.integers(1, 4), at_the_end=st.booleans())
    def write(self, where: int, log: LogId, after: int, count: int, at_the_end: bool) -> None:
        """A few entries after one of the ends, or somewhere within."""
        node = self.node(where)
        there = [each for each in node.stored.values() if each.log == log]
        ends = {tip.name for tip in node.leaves(log)}
        choice = [each for each in there if each.name in ends] if at_the_end else there
        if not choice and any(element.log == log for element in self.written.values()):
            return  # a log begins once
        last = choice[after % len(choice)] if choice else None
        for _ in range(count):
            last = self.element(log, last)
            node.take([last])

    def element(self, log: LogId, last: Element | None) -> Element:
        name = EntryHash(hashlib.sha256(b"%d" % len(self.written)).digest())
        seq, previous = (0, NO_ENTRY) if last is None else (last.seq + 1, last.name)
        self.written[name] = Element(log=log, seq=seq, name=name, previous=previous)
        return self.written[name]

    # An exchange of nodes that know of each other only the heads

    def served_by_heads_alone(self, source: Node, theirs: Heads) -> list[Element]:
        ranges = dict(missing(source.heads, theirs))
        return [each for each in source.stored.values() if each.log in ranges and each.seq > ranges[each.log]]

    def served_by_branches(self, source: Node, theirs: Heads) -> list[Element]:
        ranges = {each.branch: each.after_seq for each in lacking(source.branches, theirs, source.positions.get)}
        places = ((each, source.positions[each.name]) for each in source.stored.values())
        return [each for each, place in places if place.branch in ranges and place.seq > ranges[place.branch]]

    def serve(self, source: Node, theirs: Heads, *, looks_up: bool) -> list[Element]:
        return self.served_by_branches(source, theirs) if looks_up else self.served_by_heads_alone(source, theirs)

    @rule(into=which, source=which, looks_up=st.booleans())
    def pull(self, into: int, source: int, looks_up: bool) -> None:
        """Nothing is left out for long: whoever sees no tip that it lacks has everything, and who does has it after one more."""
        target, other = self.node(into), self.node(source)
        self.take_what_fits(target, self.serve(other, target.heads, looks_up=looks_up))
        unknown = other.heads.unknown(target.stored.__contains__)
        assert unknown == {log for log in LOGS if any(tip.name not in target.stored for tip in other.leaves(log))}
        if not unknown:
            assert other.stored.keys() <= target.stored.keys()
        self.take_what_fits(target, self.serve(other, target.heads.without(unknown), looks_up=looks_up))
        assert other.stored.keys() <= target.stored.keys()

    @rule(into=which, source=which, looks_up=st.booleans(), share=st.floats(0, 1))
    def pull_and_be_cut_off(self, into: int, source: int, looks_up: bool, share: float) -> None:
        target = self.node(into)
        answer = self.serve(self.node(source), target.heads, looks_up=looks_up)
        self.take_what_fits(target, answer[: int(share * len(answer))])

    def take_what_fits(self, target: Node, answer: Iterable[Element]) -> None:
        """What follows nothing that is here waits, and isn't kept."""
        for each in answer:
            if each.previous == NO_ENTRY or each.previous in target.stored:
                target.take([each])

    @rule(where=which, tips=st.lists(which, max_size=4), looks_up=st.booleans())
    def who_names_what_is_here_gets_exactly_the_rest(self, where: int, tips: list[int], looks_up: bool) -> None:
        node = self.node(where)
        if not node.stored:
            return
        chosen = [list(node.stored.values())[tip % len(node.stored)] for tip in tips]
        theirs = Heads.of((each.log, Tip(each.seq, each.name)) for each in chosen)
        covered = closed(node.stored.values(), [each.name for each in chosen])
        assert {each.name for each in self.served_by_branches(node, theirs)} == node.stored.keys() - covered
        reached = at_or_below(theirs, node.branches, node.positions.get)
        assert {name for name, place in node.positions.items() if place.seq <= reached.get(place.branch, -1)} == covered

    @rule(where=which, first=which, second=which)
    def descent(self, where: int, first: int, second: int) -> None:
        node = self.node(where)
        if not node.stored:
            return
        one, other = (list(node.stored)[index % len(node.stored)] for index in (first, second))
        follows = one in closed(node.stored.values(), [other])
        assert is_ancestor_or_self(node.positions[one], node.positions[other], node.branches) == follows

    @rule(where=which, other=which, left_out=st.sets(logs))
    def parts(self, where: int, other: int, left_out: set[LogId]) -> None:
        heads, others = self.node(where).heads, self.node(other).heads
        assert set(heads.without(left_out).tips()) == {(log, tip) for log, tip in heads.tips() if log not in left_out}
        both = Heads.of([*heads.tips(), *others.tips(), *heads.tips()])
        assert both == Heads.of([*others.tips(), *heads.tips()])
        assert (hash(both), both.encode()) == (hash(Heads.decode(both.encode())), Heads.decode(both.encode()).encode())
        assert set(both.tips()) == {*heads.tips(), *others.tips()}
        assert list(both.deps()) == sorted(Dep(log, tip.seq, tip.name) for log, tip in both.tips())

    @invariant()
    def heads_are_the_leaves(self) -> None:
        for node in self.nodes:
            assert {log: set(tips) for log, tips in node.heads.items()} == {log: tips for log in LOGS if (tips := node.leaves(log))}


TestHeadsOfNodes = HeadsOfNodes.TestCase
TestHeadsOfNodes.settings = bounded(examples=60, steps=40)
