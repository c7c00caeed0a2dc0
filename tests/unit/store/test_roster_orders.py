"""Every order of arrival of a few entries makes one roster, on both stores; and at each step it is that of what is stored by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import permutations
from typing import TypeAlias

import pytest

from store.database import Database
from store.entries import Entry
from store.heads import Heads
from store.log import LogStore, Status
from store.memory import MemoryLogStore
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.fleet.authors import NOW, Author, FleetLibrary, dep_of, heads_of, make_library
from tests.unit.store.descent import roster_of

Story: TypeAlias = Callable[[FleetLibrary, Author, Author, Author], None]
"""Written by three members, the second and third let in by the first, after everything that was there from the start."""
OpenStore: TypeAlias = Callable[[FleetLibrary], AbstractContextManager[LogStore]]


def two_remove_one_at_once(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    low = eve.change()
    library.certify(library.author("dora"), by=eve)
    library.remove(eve, by=anna, pins=heads_of([low]))
    library.remove(eve, by=bert)


def two_remove_each_other(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    library.certify(library.author("dora"), by=eve)
    library.remove(eve, by=anna)
    library.remove(anna, by=eve)
    library.remove(eve, by=eve)


def a_chain_of_removals(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    first = library.remove(bert, by=anna)
    second = library.remove(eve, by=bert)
    third = library.remove(anna, by=eve, knows=[first])
    library.remove(bert, by=eve, knows=[second, third])


def the_phrase_outranks_a_coup(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    honest = heads_of(entry for entry in library.entries if entry.log == eve.log)
    library.remove(anna, bert, by=eve)
    library.remove(eve, pins=honest)
    library.remove(bert, by=anna)


def certificates_that_a_removed_device_forged(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    library.remove(eve, by=anna)
    puppet = library.author("puppet")
    puppet.open_log(deps=[dep_of(library.certify(puppet, by=eve))])
    library.remove(anna, eve, by=puppet)


def a_removal_during_a_join(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    dora = library.author("dora")
    dora.open_log(deps=[dep_of(library.certify(dora, by=eve))])
    library.remove(eve, by=anna, pins=Heads())
    library.certify(dora, by=bert)


def a_log_that_forks_around_the_pin(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    clone = eve.fork()
    seen = library.certify(library.author("seen"), by=eve)
    library.certify(library.author("late"), by=eve)
    library.certify(library.author("forged"), by=clone)
    library.remove(eve, by=anna, pins=heads_of([seen]))


def entries_that_arrive_before_what_they_build_on(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    hidden = eve.change()
    library.certify(library.author("dora"), by=eve)
    anna.sees(hidden)
    anna.change()
    library.remove(eve, by=anna)


def a_packages_entry_that_a_removal_shuts_out(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    library.remove(eve, by=anna, recipients=[anna.device, bert.device])
    library.packages([eve.device], by=eve)
    library.remove(bert, by=eve)
    anna.open_log()


STORIES: Sequence[Story] = (
    two_remove_one_at_once,
    two_remove_each_other,
    a_chain_of_removals,
    the_phrase_outranks_a_coup,
    certificates_that_a_removed_device_forged,
    a_removal_during_a_join,
    a_log_that_forks_around_the_pin,
    entries_that_arrive_before_what_they_build_on,
    a_packages_entry_that_a_removal_shuts_out,
)


@contextmanager
def memory(library: FleetLibrary) -> Iterator[LogStore]:
    yield MemoryLogStore(library.id)


@contextmanager
def sqlite(library: FleetLibrary) -> Iterator[LogStore]:
    database = Database(":memory:", [LOG_SCHEMA])
    yield SqliteLogStore(database, library.id)
    database.close()


def write(story: Story) -> tuple[FleetLibrary, list[Entry]]:
    """The library, and what the story added to it."""
    library = make_library("orders")
    anna = library.join("anna")
    bert, eve = library.join("bert", by=anna), library.join("eve", by=anna)
    before = len(library.entries)
    story(library, anna, bert, eve)
    return library, library.entries[before:]


@pytest.mark.parametrize("open_store", [memory, sqlite])
@pytest.mark.parametrize("story", STORIES)
def test_every_order_makes_one_roster(story: Story, open_store: OpenStore) -> None:
    library, written = write(story)
    expected = roster_of(library)
    for order in permutations(written):
        with open_store(library) as store:
            store.append(library.raws()[: -len(written)], now=NOW)
            for _ in offer_one_by_one(store, order):
                pass
            assert store.roster() == expected
            assert store.heads() == library.heads()


@pytest.mark.parametrize("story", STORIES)
def test_on_the_way_it_is_the_roster_of_what_is_stored(story: Story) -> None:
    library, written = write(story)
    for order in permutations(written):
        store = MemoryLogStore(library.id)
        store.append(library.raws()[: -len(written)], now=NOW)
        for _ in offer_one_by_one(store, order):
            stored = [each.entry for each in store.after(0, limit_bytes=2**40)]
            assert store.roster() == roster_of(library, stored)


@pytest.mark.parametrize("open_store", [memory, sqlite])
@pytest.mark.parametrize("story", STORIES)
def test_control_entries_alone_make_it_and_the_rest_may_come_later(story: Story, open_store: OpenStore) -> None:
    library, _ = write(story)
    control = [entry for entry in library.entries if entry.epoch is None]
    for raws in ([entry.raw for entry in control], [entry.raw for entry in reversed(control)]):
        with open_store(library) as store:
            assert {outcome.status for outcome in store.append(raws, now=NOW)} == {Status.STORED}
            assert store.roster() == roster_of(library, control)
            assert {outcome.status for outcome in store.append(raws, now=NOW)} == {Status.KNOWN}
            store.append(library.raws(), now=NOW)
            assert (store.roster(), store.heads()) == (roster_of(library), library.heads())


def offer_one_by_one(store: LogStore, entries: Sequence[Entry]) -> Iterator[Entry]:
    """Each entry once it is stored. What waits is offered again whenever something came."""
    waiting = list(entries)
    while waiting:
        offered, waiting = waiting, []
        for entry in offered:
            [outcome] = store.append([entry.raw], now=NOW)
            if outcome.status is Status.WAITING:
                waiting.append(entry)
            else:
                assert outcome.status is Status.STORED, outcome
                yield entry
        assert len(waiting) < len(offered)
