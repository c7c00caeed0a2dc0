"""A removed device reads nothing new and writes nothing that counts; what honest members built on stays, whatever they knew when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from peer.errors import NotAllowedError, UsageError
from peer.keys.epochs import Epoch
from peer.keys.master import MasterKeys
from peer.keys.phrase import new_phrase
from peer.library import removing
from peer.library.devices import device_rows
from peer.library.epochs import valid_epoch
from peer.library.health import library_status
from peer.library.library import Library
from peer.library.membership import keep_up
from peer.library.removing import find_devices, remove_devices
from peer.library.standing import NotMemberHereError
from peer.library.verifying import verify
from store.bodies import Remove, parse_control
from store.entries import Dep, Entry, EntryKind
from store.ids import DeviceId
from tests.fleet.libraries import add_photo, admit, digest, edit, exchange, give
from tests.unit.peer.library.household import Household, assert_alike, entries, make_household, rating_of, settle
from tests.unit.peer.library.test_arrival_orders import replica


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Household]:
    with make_household(tmp_path, 4) as made:
        yield made


# The removed device


def test_what_it_wrote_before_stays_and_what_it_writes_after_counts_for_nobody(house: Household) -> None:
    edit(house["dora"], house.photo, rating=4)
    exchange(*house.devices.values())
    house.remove("anna", "dora")
    edit(house["dora"], house.photo, rating=1)
    give(house["anna"], house["bert"])
    for member in house.of("ab"):
        give(house["dora"], member)
    settle(house.of("abc"))
    assert_alike(house.of("abc"))
    assert [house.rating(name) for name in ("anna", "bert", "carl")] == [4, 4, 4]
    assert library_status(house["anna"], None).set_aside > 0


def test_the_new_key_never_reaches_it_even_if_every_entry_does(house: Household) -> None:
    house.remove("anna", "dora")
    edit(house["anna"], house.photo, caption="between us")
    settle(house.of("abc"))
    give(house["anna"], house["dora"])
    epoch = house["anna"].write_epoch()
    assert {house[name].write_epoch().id for name in ("bert", "carl")} == {epoch.id}
    assert epoch.id in house["dora"].roster().epochs
    assert epoch.id not in house["dora"].keyring()
    assert house["dora"].waiting_count() > 0
    info = house["anna"].roster().epochs[epoch.id]
    assert info.recipients.keys() == house["anna"].roster().recipients()


def test_it_says_so_and_refuses_changes_and_shows_what_it_has(house: Household) -> None:
    house.remove("anna", "dora")
    give(house["anna"], house["dora"])
    dora, before = house["dora"], digest(house["dora"])
    with pytest.raises(NotMemberHereError, match="was removed") as caught:
        edit(dora, house.photo, rating=1)
    assert "invite it as a new device" in caught.value.hint
    assert digest(dora) == before
    state = library_status(dora, None)
    assert (state.member, state.assets) == (False, 1)
    assert "stays here and readable" in state.standing
    assert dora.report_seen() is None
    assert keep_up(dora) == 0
    assert verify(dora, deep=True).problems == []
    rows = {row["name"]: row["member"] for row in device_rows(dora)}
    assert rows == {"anna": True, "bert": True, "carl": True, "dora": False}


def test_it_goes_on_reading_after_it_was_removed_and_wrote_without_knowing(house: Household) -> None:
    house.remove("anna", "dora")
    add_photo(house["dora"], "lake")
    give(house["anna"], house["dora"])
    assert library_status(house["dora"], None).assets == 2


def test_its_forged_devices_are_none(house: Household, tmp_path: Path) -> None:
    """It certifies another after it was removed; what that one writes counts for nobody, and it can remove nobody."""
    house.remove("anna", "dora")
    emil = admit(house["dora"], tmp_path / "emil", name="emil", seed=9)
    edit(emil, house.photo, rating=1)
    give(house["anna"], emil)
    forge_removal(emil, house["anna"].device, house["bert"].device)
    settle(house.of("abc"))
    for member in house.of("abc"):
        give(emil, member)
        give(house["dora"], member)
    edit(house["anna"], house.photo, caption="we are all here")
    settle(house.of("abc"))
    assert_alike(house.of("abc"))
    assert house.rating("anna") == 0
    roster = house["carl"].roster()
    assert roster.devices.keys() == {library.device for library in house.of("abc")}
    assert [void.reason for void in roster.void_removals] == ["no-member"]
    emil.close()


def forge_removal(library: Library, *devices: DeviceId) -> None:
    """By a device that may not: past every check that an honest program makes."""
    log, epoch = library.own_log(), Epoch.generate(library.randomness)
    assert log is not None
    named = tuple(Dep(place.log, place.seq, place.name) for place in removals_here(library))
    removal = Remove(devices=tuple(sorted(devices)), pins=library.applied_heads(), epoch=epoch.id, packages=())
    library._author_of(log).control(EntryKind.REMOVE, removal.encode(), naming=named)


def removals_here(library: Library) -> list[Entry]:
    return [entry for entry in entries(library) if entry.kind is EntryKind.REMOVE]


def test_a_device_that_removes_itself_is_out(house: Household) -> None:
    house.remove("dora", "dora")
    exchange(*house.devices.values())
    with pytest.raises(NotMemberHereError):
        edit(house["dora"], house.photo, rating=3)
    edit(house["anna"], house.photo, rating=2)
    settle(house.of("abc"))
    assert_alike(house.of("abc"))
    assert house["anna"].write_epoch().id not in house["dora"].keyring()


def test_the_last_device_can_go_too(tmp_path: Path) -> None:
    with make_household(tmp_path, 1) as house:
        house.remove("anna", "anna")
        assert house["anna"].roster().devices == {}
        with pytest.raises(NotMemberHereError):
            edit(house["anna"], house.photo, rating=1)


# What others built before they knew


def test_what_a_member_built_on_before_it_knew_counts_everywhere(house: Household) -> None:
    house.remove("anna", "dora")
    edit(house["dora"], house.photo, rating=5)
    give(house["dora"], house["bert"])
    edit(house["bert"], house.photo, caption="built on it")
    settle(house.of("abc"))
    assert_alike(house.of("abc"))
    assert house.rating("carl") == 5


def test_what_a_member_only_applied_before_it_knew_counts_everywhere(house: Household) -> None:
    house.remove("anna", "dora")
    edit(house["dora"], house.photo, rating=5)
    give(house["dora"], house["bert"])
    settle(house.of("abc"))
    assert_alike(house.of("abc"))
    assert [house.rating(name) for name in ("anna", "bert", "carl")] == [5, 5, 5]
    written = {name: len(newest_changes(house[name])) for name in ("anna", "bert", "carl")}
    assert written == {"anna": 0, "bert": 1, "carl": 0}  # one entry that changes nothing is enough


def test_only_as_far_as_it_was_built_on(house: Household) -> None:
    house.remove("anna", "dora")
    edit(house["dora"], house.photo, rating=5)
    give(house["dora"], house["bert"])
    edit(house["dora"], house.photo, rating=1)
    give(house["dora"], house["carl"])
    give(house["anna"], house["carl"])  # it applied the last one, too
    edit(house["dora"], house.photo, rating=2)
    give(house["dora"], house["anna"])
    settle(house.of("abc"))
    assert_alike(house.of("abc"))
    assert house.rating("anna") == 1


def test_every_order_in_which_a_member_learns_of_it(house: Household) -> None:
    """Of the removal, of what the removed device wrote, and of what another built on that."""
    anna, bert, carl, dora = house.of("abcd")
    house.remove("anna", "dora")
    edit(dora, house.photo, rating=5)
    give(dora, bert)
    edit(bert, house.photo, caption="built on it")
    old = entries(carl)
    new = [entry for library in (anna, bert, dora) for entry in entries(library) if carl.log.get(entry.name) is None]
    assert len({entry.name for entry in new}) == 3
    for order in permutations({entry.name: entry for entry in new}.values()):
        copy = replica(carl)
        for entry in (*old, *order * len(order)):
            copy.receive([entry.raw])
        assert rating_of(copy, house.photo) == 5
        assert (copy.waiting_count(), copy.waiting.set_aside()) == (0, 0)
        copy.close()


def newest_changes(library: Library) -> list[Entry]:
    """The changes that it wrote since a removal came."""
    stored = entries(library)
    removal = next(index for index, entry in enumerate(stored) if entry.kind is EntryKind.REMOVE)
    return [entry for entry in stored[removal:] if entry.kind is EntryKind.CHANGE and entry.log == library.own_log()]


# Two at once


def test_two_that_remove_each_other_are_both_out(house: Household) -> None:
    house.remove("anna", "bert")
    house.remove("bert", "anna")
    edit(house["carl"], house.photo, rating=3)
    exchange(*house.devices.values())
    settle(house.of("cd"))
    edit(house["dora"], house.photo, caption="we two")
    settle(house.of("cd"))
    assert_alike(house.of("cd"))
    assert house["carl"].roster().devices.keys() == {house["carl"].device, house["dora"].device}


def test_two_that_are_removed_at_once_leave_no_epoch_so_one_is_begun(house: Household) -> None:
    house.remove("anna", "carl")
    house.remove("bert", "dora")
    settle(house.of("ab"))
    assert house["anna"].roster().write_epochs() == ()
    edit(house["anna"], house.photo, rating=2)
    edit(house["bert"], house.photo, caption="at the same time")  # each has to begin one
    settle(house.of("ab"))
    assert len(house["anna"].roster().write_epochs()) == 2
    epochs = {valid_epoch(library) for library in house.of("ab")}
    assert {epoch.id for epoch in epochs if epoch is not None} == {min(house["anna"].roster().write_epochs())}
    assert_alike(house.of("ab"))
    for gone in house.of("cd"):
        give(house["anna"], gone)
        assert not {*house["anna"].roster().write_epochs()} & {*gone.keyring()}


def test_the_phrase_outranks_who_was_removed_by_it(house: Household) -> None:
    house.remove("bert", "anna")
    house.remove("anna", "bert", phrase=True)
    settle(house.of("acd"))
    for library in house.of("acd"):
        give(house["bert"], library)
    settle(house.of("acd"))
    edit(house["anna"], house.photo, rating=4)
    settle(house.of("acd"))
    assert_alike(house.of("acd"))
    roster = house["carl"].roster()
    assert roster.is_member(house["anna"].device)
    assert not roster.is_member(house["bert"].device)


def test_what_was_removed_may_not_remove(house: Household) -> None:
    """Once it knows. A removal is not undone by removing who made it."""
    house.remove("anna", "bert")
    exchange(*house.devices.values())
    with pytest.raises(NotMemberHereError):
        house.remove("bert", "anna")
    house.remove("carl", "anna")
    settle(house.of("cd"))
    assert not house["dora"].roster().is_member(house["bert"].device)


def test_a_removal_names_those_before_it(house: Household) -> None:
    house.remove("anna", "dora")
    give(house["anna"], house["bert"])
    edit(house["bert"], house.photo, rating=1)  # its past holds the removal now, so deps need not name it
    house.remove("bert", "carl")
    removals = removals_here(house["bert"])
    assert removals[0].name in {dep.name for dep in removals[1].deps}


# Joining meanwhile


def test_a_removal_during_a_join_leaves_nobody_without_keys(house: Household, tmp_path: Path) -> None:
    house.remove("anna", "dora")
    emil = admit(house["bert"], tmp_path / "emil", name="emil", seed=9)
    edit(house["anna"], house.photo, rating=3)
    members = [*house.of("abc"), emil]
    settle(members)
    edit(emil, house.photo, caption="by emil")
    settle(members)
    assert_alike(members)
    assert house["anna"].write_epoch() == emil.write_epoch()
    emil.close()


def test_who_was_let_in_by_a_device_beyond_its_pin_is_no_member_and_hears_so(house: Household, tmp_path: Path) -> None:
    house.remove("anna", "dora")
    emil = admit(house["dora"], tmp_path / "emil", name="emil", seed=9)
    give(house["anna"], emil)
    with pytest.raises(NotMemberHereError):
        edit(emil, house.photo, rating=3)
    emil.close()


# Pins


def test_pins_name_what_was_applied_and_of_many_branches_those_that_fit(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "MAX_PINS", 2)
    dora = house["dora"]
    for _ in range(3):
        dora.begin_log()
        edit(dora, house.photo, rating=3)
    exchange(*house.devices.values())
    house.remove("anna", "dora")
    settle(house.of("abc"))
    assert_alike(house.of("abc"))
    assert house.rating("carl") == 3
    (removal,) = (parse_control(entry) for entry in entries(house["carl"]) if entry.kind is EntryKind.REMOVE)
    assert isinstance(removal, Remove)
    assert sum(map(len, removal.pins.values())) == 2


# Who is meant


def test_devices_are_found_by_name_and_id(house: Household) -> None:
    anna, dora = house["anna"], house["dora"].device
    assert find_devices(anna, ["Dora", dora.hex(), dora.hex()[:12], dora.hex()[:12].upper()]) == (dora,)


@pytest.mark.parametrize("text", ["", "  ", "nobody", "ffffffffffffffffffffffffffffffffff"])
def test_a_device_that_isn_t_there_is_a_sentence(house: Household, text: str) -> None:
    with pytest.raises(UsageError, match="Nothing was changed"):
        find_devices(house["anna"], [text])


def test_one_that_was_removed_isn_t_removed_again(house: Household) -> None:
    house.remove("anna", "dora")
    with pytest.raises(UsageError, match="removed already"):
        find_devices(house["anna"], ["dora"])


def test_another_library_s_phrase_removes_nobody(house: Household) -> None:
    other = MasterKeys.from_phrase(new_phrase(lambda count: bytes(count)))
    with pytest.raises(NotAllowedError, match="another library"):
        remove_devices(house["anna"], [house["dora"].device], master=other)
    assert house["anna"].roster().is_member(house["dora"].device)
