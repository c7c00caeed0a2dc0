"""What waits is looked at again when what it waits for came, and not whenever anything comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from peer.keys.epochs import Epoch
from peer.keys.packages import make_packages
from peer.library.applying import Applier
from peer.library.epochs import recipient_keys
from peer.library.library import Library
from store.bodies import Packages
from store.entries import Entry, EntryKind
from store.ids import EntryHash
from store.log import Arrived
from tests.fleet.authors import filler
from tests.fleet.libraries import add_photo, edit, exchange, give
from tests.unit.peer.library.household import Household, assert_alike, entries, make_household, settle
from tests.unit.peer.library.test_arrival_orders import replica

COUNT = 30


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Household]:
    with make_household(tmp_path) as made:
        yield made


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Counter[EntryHash]:
    """How often each entry was looked at."""
    counted: Counter[EntryHash] = Counter()
    look = Applier._look_at

    def counting(self: Applier, arrived: Arrived) -> int:
        counted[arrived.entry.name] += 1
        return look(self, arrived)

    monkeypatch.setattr(Applier, "_look_at", counting)
    return counted


def locked(house: Household) -> tuple[Epoch, list[Entry]]:
    """Changes of carl's under an epoch that only carl has the key of, each after the one before."""
    carl = house["carl"]
    epoch = min((Epoch(filler(f"secret {number}", 32)) for number in range(1000)), key=lambda each: each.id)
    good = dict(make_packages(epoch, library=carl.id, recipients=recipient_keys(carl), known=carl.keyring()).packages)
    packages = tuple((who, good[who] if who == carl.device else bytes(100)) for who in sorted(good))
    carl.author().control(EntryKind.PACKAGES, Packages(epoch=epoch.id, packages=packages).encode())
    with carl.database.write() as connection:
        connection.execute("INSERT INTO epoch_packaged VALUES (?)", (epoch.id,))  # so that it keeps the key to itself
    for number in range(COUNT):
        edit(carl, house.photo, rating=number % 6)
    return epoch, entries(carl)[-COUNT:]


def test_without_its_key_nothing_of_a_chain_is_tried_again(house: Household, looks: Counter[EntryHash]) -> None:
    _, chain = locked(house)
    give(house["carl"], house["anna"])
    assert house["anna"].waiting_count() == COUNT
    for number in range(5):
        add_photo(house["bert"], f"another {number}")
        give(house["bert"], house["anna"])
    assert {looks[entry.name] for entry in chain} == {1}


def test_with_its_key_a_chain_goes_on_to_its_end(house: Household, looks: Counter[EntryHash]) -> None:
    epoch, chain = locked(house)
    give(house["carl"], house["anna"])
    carl = house["carl"]
    keys = {house["anna"].device: house["anna"].keys.wrapping_key}
    more = make_packages(epoch, library=carl.id, recipients=keys, known=carl.keyring())
    carl.author().control(EntryKind.PACKAGES, more.encode())
    give(carl, house["anna"])
    assert house["anna"].waiting_count() == 0
    assert {looks[entry.name] for entry in chain} == {2}
    assert house.rating("anna") == house.rating("carl")


def test_of_a_removed_device_all_that_counts_is_applied_once(house: Household, looks: Counter[EntryHash]) -> None:
    anna, bert, carl = house.of("abc")
    house.remove("anna", "carl")
    for number in range(COUNT):
        edit(carl, house.photo, rating=number % 6)
    chain = entries(carl)[-COUNT:]
    give(carl, anna)
    give(carl, bert)
    assert (anna.waiting_count(), anna.waiting.set_aside()) == (0, COUNT)
    edit(bert, house.photo, caption="built on it")
    before = Counter({entry.name: looks[entry.name] for entry in chain})
    give(bert, anna)
    assert anna.waiting.set_aside() == 0
    assert {looks[entry.name] - before[entry.name] for entry in chain} <= {1, 2}
    settle([anna, bert])
    assert_alike([anna, bert])


def test_control_entries_that_come_ahead_wait_until_what_they_build_on_is_there(house: Household) -> None:
    edit(house["bert"], house.photo, rating=3)
    exchange(*house.devices.values())
    house.remove("anna", "carl")
    copy = replica(house["bert"])
    stored = entries(house["anna"])
    copy.receive([entry.raw for entry in stored if entry.kind is not EntryKind.CHANGE])
    assert not copy.roster().is_member(house["carl"].device)  # it counts at once
    assert copy.waiting_count() > 0
    copy.receive([entry.raw for entry in stored if entry.kind is EntryKind.CHANGE])
    assert copy.waiting_count() == 0
    assert copy.records.digest() == house["anna"].records.digest()
    copy.close()


def test_what_a_removed_device_sent_ahead_is_set_aside(house: Household) -> None:
    anna, carl = house["anna"], house["carl"]
    house.remove("anna", "carl")
    edit(carl, house.photo, rating=1)
    carl.author().control(EntryKind.PACKAGES, Packages(epoch=carl.write_epoch().id, packages=()).encode())
    anna.receive([entries(carl)[-1].raw])
    assert (anna.waiting_count(), anna.waiting.set_aside()) == (0, 1)


def test_what_waited_before_this_version_is_looked_at_when_the_program_starts(house: Household) -> None:
    anna: Library = house["anna"]
    edit(house["bert"], house.photo, rating=4)
    last = entries(house["bert"])[-1]
    give(house["bert"], anna)
    copy = replica(anna)
    copy.receive([entry.raw for entry in entries(anna) if entry.name != last.name])
    copy.log.append([last.raw], now=0)
    with copy.database.write() as connection:  # as a database of the first version has it
        query = "INSERT INTO waiting (arrival, name, reason, since) VALUES (?, ?, 'some', 0)"
        connection.execute(query, (copy.log.arrival(), last.name))
    copy.meta.put_int("looked_at", copy.log.arrival())
    assert copy.waiting_count() == 1
    copy.retry_waiting()
    assert copy.waiting_count() == 0
    assert copy.records.digest() == anna.records.digest()
    copy.close()
