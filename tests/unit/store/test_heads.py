"""Heads, and the exchange that they steer: it always converges, forks and wrong guesses included."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.encoding import MalformedError, encode
from store.entries import Dep, Entry, EntryKind
from store.heads import Heads, Range, Tip, may_lie_above, missing
from store.ids import EntryHash, LogId
from store.log import LogStore
from store.memory import MemoryLogStore
from tests.fleet.authors import NOW, Author, FleetLibrary, heads_of, make_library
from tests.unit.store import strategies as of

LOGS = [LogId(bytes([number]) * 16) for number in range(3)]
NAMES = [EntryHash(bytes([number]) * 32) for number in range(20)]
EVERYTHING = 2**40


def tip(seq: int, name: int | None = None) -> Tip:
    return Tip(seq, NAMES[seq if name is None else name])


@given(of.heads)
def test_round_trip(heads: Heads) -> None:
    assert Heads.decode(heads.encode()) == heads
    assert Heads.from_wire(heads.to_wire()) == heads
    assert Heads.of(heads.tips()) == heads
    assert hash(Heads(dict(reversed(list(heads.items()))))) == hash(heads)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [[LOGS[0]]],
        [[LOGS[0], []]],
        [[LOGS[0], [[0]]]],
        [[LOGS[0], [[-1, NAMES[0]]]]],
        [[LOGS[0], [[True, NAMES[0]]]]],
        [[b"short", [[0, NAMES[0]]]]],
        [[LOGS[0], [[0, b"short"]]]],
        [[LOGS[1], [[0, NAMES[0]]]], [LOGS[0], [[0, NAMES[0]]]]],
        [[LOGS[0], [[0, NAMES[0]]]], [LOGS[0], [[1, NAMES[0]]]]],
        [[LOGS[0], [[1, NAMES[0]], [0, NAMES[0]]]]],
        [[LOGS[0], [[0, NAMES[0]], [0, NAMES[0]]]]],
        [[LOGS[0], [[0, NAMES[0]]] * 70_000]],
    ],
)
def test_other_shapes_are_refused(value: object) -> None:
    with pytest.raises(MalformedError):
        Heads.decode(encode(value))


def test_parts_of_heads() -> None:
    heads = Heads({LOGS[1]: [tip(2), tip(1)], LOGS[0]: [tip(5)], LOGS[2]: []})
    assert list(heads) == LOGS[:2]
    assert heads[LOGS[1]] == (tip(1), tip(2))
    assert heads.deps() == (Dep(LOGS[0], *tip(5)), Dep(LOGS[1], *tip(1)), Dep(LOGS[1], *tip(2)))
    assert heads.without([LOGS[1]]) == {LOGS[0]: (tip(5),)}
    assert heads.unknown({NAMES[5], NAMES[1]}.__contains__) == {LOGS[1]}


@pytest.mark.parametrize(
    ("ours", "theirs", "after"),
    [
        ([tip(5)], [], -1),
        ([tip(5)], [tip(5)], None),
        ([tip(5)], [tip(3)], 3),
        ([tip(3)], [tip(5)], None),
        ([tip(5)], [tip(5, 9)], -1),
        ([tip(3), tip(5)], [tip(3), tip(5)], None),
        ([tip(3), tip(5)], [tip(3)], -1),
        ([tip(3)], [tip(3), tip(5)], None),
        ([tip(3), tip(5)], [tip(3), tip(7)], None),
        ([tip(3), tip(7)], [tip(3), tip(5)], -1),
        ([tip(3), tip(5)], [tip(7)], -1),
        ([tip(3), tip(5)], [tip(7), tip(8)], None),
        ([tip(3), tip(7)], [tip(5), tip(6)], -1),
    ],
)
def test_what_is_missing_in_one_log(ours: list[Tip], theirs: list[Tip], after: int | None) -> None:
    expected = () if after is None else (Range(LOGS[0], after),)
    assert missing(Heads({LOGS[0]: ours}), Heads({LOGS[0]: theirs})) == expected


@given(st.lists(st.integers(0, 9), max_size=5).map(sorted), st.lists(st.integers(0, 9), max_size=5).map(sorted))
def test_each_tip_needs_one_above_it_of_its_own(ours: list[int], theirs: list[int]) -> None:
    by_trying = any(all(low < high for low, high in zip(ours, chosen, strict=True)) for chosen in itertools.permutations(theirs, len(ours)))
    assert may_lie_above(ours, theirs) == by_trying


@st.composite
def histories(draw: st.DrawFn) -> FleetLibrary:
    """A library in which some devices write, see each other, and are cloned, and clones are cloned."""
    library = make_library("exchange")
    authors = [library.join(name) for name in ("anna", "bert")]
    authors.append(authors[0].fork())
    authors[0].change()
    authors[2].change()
    actions = st.tuples(st.sampled_from("wwwwwwwsfo"), st.integers(0, 9), st.integers(0, 9))
    for action, who, whom in draw(st.lists(actions, min_size=10, max_size=40)):
        author: Author = authors[who % len(authors)]
        if action == "w":
            author.change()
        elif action == "s":
            author.sees(authors[whom % len(authors)].end().written[-1])
        elif action == "f" and len(authors) < 6:
            authors.append(author.fork())
        elif action == "o":
            author.open_log()
    return library


def closed_part(library: FleetLibrary, dice: random.Random) -> list[Entry]:
    """Everything but some changes and what needs them; the first two, which begin two branches of one log, are often missing."""
    changes = [entry.name for entry in library.entries if entry.kind is EntryKind.CHANGE]
    dropped = {name for place, name in enumerate(changes) if dice.random() < (0.5 if place < 2 else 0.1)}
    part = []
    for entry in library.entries:
        if entry.name in dropped or not dropped.isdisjoint(entry.needs):
            dropped.add(entry.name)
        else:
            part.append(entry)
    return part


dices = st.builds(random.Random, st.integers(0, 2**32))
"""Evenly distributed, unlike ``st.randoms``: the exchanges that go wrong at first are rare among simple ones."""

Serve: TypeAlias = Callable[[LogStore, Heads], Iterator[Sequence[Entry]]]


def served_by_heads_alone(limit: int) -> Serve:
    """A node that knows no more than the pure function; pages of ``limit`` entries."""

    def serve(node: LogStore, theirs: Heads) -> Iterator[Sequence[Entry]]:
        ranges = dict(missing(node.heads(), theirs))
        entries = [each.entry for each in node.after(0, limit_bytes=EVERYTHING)]
        wanted = [entry for entry in entries if entry.log in ranges and entry.seq > ranges[entry.log]]
        for start in range(0, len(wanted), limit):
            yield wanted[start : start + limit]

    return serve


def served_by_a_store(limit: int) -> Serve:
    """A node that looks its entries up; pages of ``limit`` bytes."""

    def serve(node: LogStore, theirs: Heads) -> Iterator[Sequence[Entry]]:
        after = 0
        while page := node.missing(theirs, limit_bytes=limit, after=after):
            after = page[-1].arrival
            yield [each.entry for each in page]

    return serve


def pull(into: LogStore, source: LogStore, serve: Serve, *, left_out: frozenset[LogId] = frozenset()) -> None:
    """Asks with the heads from before the first page, takes every page."""
    asked_with = into.heads().without(left_out)
    for page in serve(source, asked_with):
        into.append([entry.raw for entry in page], now=NOW)


def store_of(library: FleetLibrary, entries: Sequence[Entry]) -> LogStore:
    store = MemoryLogStore(library.id)
    store.append([entry.raw for entry in entries], now=NOW)
    return store


serves = st.builds(served_by_heads_alone, st.integers(1, 10)) | st.builds(served_by_a_store, st.integers(0, 3000))


@settings(max_examples=80, deadline=None)
@given(histories(), dices, serves)
def test_after_two_pulls_nothing_is_left_out(library: FleetLibrary, dice: random.Random, serve: Serve) -> None:
    ours, theirs = (store_of(library, closed_part(library, dice)) for _ in range(2))
    expected = heads_of(each.entry for store in (ours, theirs) for each in store.after(0, limit_bytes=EVERYTHING))
    pull(ours, theirs, serve)
    unknown = theirs.heads().unknown(ours.has)
    if unknown:
        pull(ours, theirs, serve, left_out=unknown)
    assert ours.heads() == expected


@settings(max_examples=25, deadline=None)
@given(histories(), dices, st.lists(serves, min_size=3, max_size=3))
def test_nodes_that_repeat_their_exchange_converge(library: FleetLibrary, dice: random.Random, serves_of: list[Serve]) -> None:
    nodes = [store_of(library, closed_part(library, dice)) for _ in serves_of]
    expected = heads_of(each.entry for node in nodes for each in node.after(0, limit_bytes=EVERYTHING))
    for _ in range(2):
        for into in nodes:
            for source, serve in zip(nodes, serves_of, strict=True):
                pull(into, source, serve)
                pull(into, source, serve, left_out=source.heads().unknown(into.has))
    assert [node.heads() for node in nodes] == [expected] * len(nodes)


@settings(max_examples=40, deadline=None)
@given(histories(), dices)
def test_a_store_sends_exactly_what_is_missing_to_who_has_nothing_of_its_own(library: FleetLibrary, dice: random.Random) -> None:
    everything = store_of(library, library.entries)
    part = closed_part(library, dice)
    sent = everything.missing(heads_of(part), limit_bytes=EVERYTHING)
    assert [each.entry for each in sent] == [entry for entry in library.entries if entry not in part]
