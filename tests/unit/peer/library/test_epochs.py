"""Which epoch a device writes under, when another begins, and that no member's packages have to be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peer.keys.epochs import Epoch
from peer.keys.packages import make_packages, open_packages
from peer.library import epochs
from peer.library.epochs import begin_epoch, needs_epoch, recipient_keys, valid_epoch
from peer.library.library import Library
from store.bodies import Packages, parse_control
from store.entries import EntryKind
from store.ids import MASTER
from tests.fleet.authors import PACKAGE_BYTES, filler
from tests.fleet.libraries import edit, exchange
from tests.unit.peer.library.household import Household, assert_alike, entries, make_household, settle


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Household]:
    with make_household(tmp_path) as made:
        yield made


def begin_uselessly(mallory: Library, *, except_for: Library) -> Epoch:
    """An epoch that comes before all others, with packages that open for nobody but one device and its author."""
    candidates = (Epoch(filler(f"secret {number}", 32)) for number in range(1000))
    epoch = min(candidates, key=lambda each: each.id)
    assert all(epoch.id < other for other in mallory.roster().write_epochs())
    good = make_packages(epoch, library=mallory.id, recipients=recipient_keys(mallory), known=mallory.keyring())
    useful = {mallory.device, except_for.device}
    packages = tuple((who, package if who in useful else filler(f"{who}", PACKAGE_BYTES)) for who, package in good.packages)
    mallory.author().control(EntryKind.PACKAGES, Packages(epoch=epoch.id, packages=packages).encode())
    return epoch


def test_useless_packages_by_a_member_lose_nothing(house: Household) -> None:
    """Bert can write under the epoch, and the others and the recovery phrase can read it all the same."""
    anna, bert, mallory = house.of("abc")
    epoch = begin_uselessly(mallory, except_for=bert)
    exchange(anna, bert, mallory)
    assert valid_epoch(bert) == epoch
    assert valid_epoch(anna) != epoch
    edit(bert, house.photo, rating=4)
    settle([anna, bert])
    assert_alike([anna, bert])
    assert house.rating("anna") == 4
    assert epoch.id in open_packages(anna.roster().epochs, library=anna.id, recipient=house.master)


def test_it_packages_for_everyone_once(house: Household) -> None:
    anna, bert, mallory = house.of("abc")
    epoch = begin_uselessly(mallory, except_for=bert)
    exchange(anna, bert, mallory)
    for rating in range(3):
        edit(bert, house.photo, rating=rating)
    by_bert = [entry for entry in entries(bert) if entry.log == bert.own_log() and entry.kind is EntryKind.PACKAGES]
    assert len(by_bert) == 1
    body = parse_control(by_bert[0])
    assert isinstance(body, Packages)
    assert (body.epoch, {who for who, _ in body.packages}) == (epoch.id, {MASTER, anna.device, mallory.device})


def test_an_epoch_of_the_master_s_needs_no_packages_of_others(house: Household) -> None:
    bert = house["bert"]
    edit(bert, house.photo, rating=1)
    assert not [entry for entry in entries(bert) if entry.log == bert.own_log() and entry.kind is EntryKind.PACKAGES]


def test_an_epoch_whose_secret_nobody_has_keeps_nobody_from_writing(house: Household) -> None:
    anna, mallory = house["anna"], house["carl"]
    given = tuple((who, filler(f"{who}", PACKAGE_BYTES)) for who in sorted(anna.roster().recipients()))
    mallory.author().control(EntryKind.PACKAGES, Packages(epoch=Epoch(filler("unknown", 32)).id, packages=given).encode())
    exchange(anna, mallory)
    edit(anna, house.photo, rating=2)
    assert house.rating("anna") == 2


def test_a_write_begins_one_when_there_is_none_that_it_can_open(house: Household) -> None:
    house.remove("anna", "carl")
    exchange(*house.devices.values())
    house.remove("bert", "anna", phrase=True)  # whoever began the newest epoch is out as well
    bert = house["bert"]
    for epoch in bert.roster().write_epochs():
        assert epoch in bert.keyring()
    assert not needs_epoch(bert)
    edit(bert, house.photo, rating=2)
    assert bert.write_epoch().id not in house["anna"].keyring()


def test_a_removed_device_needs_none(house: Household) -> None:
    house.remove("anna", "carl")
    exchange(*house.devices.values())
    assert not needs_epoch(house["carl"])


def test_what_is_reported_waits_for_an_epoch(tmp_path: Path) -> None:
    with make_household(tmp_path, 4) as house:
        house.remove("anna", "carl")
        house.remove("bert", "dora")
        exchange(*house.of("ab"))
        anna = house["anna"]
        assert needs_epoch(anna)
        assert anna.report_seen() is None
        begin_epoch(anna)
        assert anna.report_seen() is not None


def test_packages_for_very_many_are_cut_into_entries(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epochs, "PACKAGES_AT_ONCE", 2)
    anna = house["anna"]
    epoch = begin_epoch(anna)
    written = [entry for entry in entries(anna)[-2:] if entry.kind is EntryKind.PACKAGES]
    assert len(written) == 2
    assert anna.roster().epochs[epoch.id].recipients.keys() == anna.roster().recipients()
    house.remove("anna", "carl")
    settle(house.of("ab"))
    edit(house["bert"], house.photo, rating=2)
    settle(house.of("ab"))
    assert_alike(house.of("ab"))
