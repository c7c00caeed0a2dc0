"""Which removals count, who is a member afterwards, and what a removed device can't get back whatever it writes."""

from __future__ import annotations

import pytest

from store.bodies import Open, Remove
from store.entries import Entry, EntryKind
from store.heads import Heads, Tip
from store.ids import MASTER, DeviceId, EntryHash, EpochId, LogId
from store.removals import MAX_REMOVALS, VoidRemoval
from tests.fleet.authors import Author, FleetLibrary, Writer, filler, heads_of, make_library
from tests.unit.store.descent import roster_of

NOTHING = Heads()
NEW = EpochId(b"new epoch.......")


@pytest.fixture
def library() -> FleetLibrary:
    return make_library("removals")


@pytest.fixture
def anna(library: FleetLibrary) -> Author:
    return library.join("anna")


@pytest.fixture
def eve(library: FleetLibrary, anna: Author) -> Author:
    """Let in by anna; turns out to be a thief."""
    return library.join("eve", by=anna)


@pytest.fixture
def bert(library: FleetLibrary, anna: Author) -> Author:
    return library.join("bert", by=anna)


def members(library: FleetLibrary, entries: list[Entry] | None = None) -> set[DeviceId]:
    return set(roster_of(library, entries).devices)


def ids(*authors: Author) -> set[DeviceId]:
    return {author.device for author in authors}


def counting(library: FleetLibrary) -> set[EntryHash]:
    return {removal.name for removal in roster_of(library).removals}


def end_of(*entries: Entry) -> Heads:
    return heads_of(entries)


def test_a_removed_device_is_no_member_and_still_known(library: FleetLibrary, anna: Author, eve: Author) -> None:
    last = eve.change()
    removal = library.remove(eve, by=anna)
    roster = roster_of(library)
    assert set(roster.devices) == ids(anna)
    assert set(roster.former) == ids(eve)
    assert roster.former[eve.device].certified_by == anna.device
    assert (roster.is_member(eve.device), roster.signing_key(eve.device), roster.wrapping_key(eve.device)) == (False, None, None)
    assert roster.known_key(eve.device) == roster.author_key(eve.log) == eve.keys.signing_key
    assert roster.known_key(anna.device) == anna.keys.signing_key
    assert roster.known_key(MASTER) == library.master_keys.signing_key
    assert roster.known_key(library.author("stranger").device) is None
    assert roster.recipients() == {anna.device, MASTER}
    assert roster.pin_of(eve.device) == end_of(last)
    assert roster.pin_of(anna.device) is None
    assert [(each.name, each.author, each.devices) for each in roster.removals] == [(removal.name, anna.device, (eve.device,))]
    assert roster.void_removals == ()


def test_the_logs_of_a_removed_device_stay_its_own(library: FleetLibrary, anna: Author, eve: Author) -> None:
    first = eve.log
    eve.open_log()
    library.remove(eve, by=anna)
    assert roster_of(library).logs_of(eve.device) == (first, eve.log)


def test_members_are_shown_as_authors_of_a_log_before_those_who_were_removed(library: FleetLibrary, anna: Author) -> None:
    for number in range(4):
        thief = library.join(f"thief {number}", by=anna)
        thief.open_log(log=anna.log)
        library.remove(thief, by=anna)
    roster = roster_of(library)
    assert roster.logs[anna.log] == anna.device
    assert len(roster.authors[anna.log]) == 5


def test_whom_a_removed_device_let_in_before_its_pin_stays(library: FleetLibrary, anna: Author, eve: Author) -> None:
    carl = library.join("carl", by=eve)
    library.remove(eve, by=anna)
    dora = library.join("dora", by=eve)
    roster = roster_of(library)
    assert set(roster.devices) == ids(anna, carl)
    assert roster.devices[carl.device].certified_by == eve.device
    assert set(roster.former) == ids(eve, dora)
    assert roster.pin_of(dora.device) == NOTHING


def test_a_member_lets_in_again_whom_the_pin_had_shut_out_but_never_the_removed(library: FleetLibrary, anna: Author, eve: Author) -> None:
    library.remove(eve, by=anna)
    dora = library.join("dora", by=eve)
    library.certify(dora, by=anna)
    library.certify(eve, by=anna)
    library.certify(eve)
    assert members(library) == ids(anna, dora)
    assert roster_of(library).pin_of(dora.device) is None


def test_a_removal_may_come_before_what_it_removes(library: FleetLibrary, anna: Author) -> None:
    eve = library.author("eve")
    library.remove(eve, by=anna)
    library.certify(eve)
    eve.open_log()
    assert members(library) == ids(anna)


def test_a_log_that_no_pin_names_is_pinned_at_nothing(library: FleetLibrary, anna: Author, eve: Author) -> None:
    first = library.certify(library.author("carl"), by=eve)
    eve.open_log()
    dora = library.join("dora", by=eve)
    library.remove(eve, by=anna, pins=end_of(first))
    assert dora.device not in members(library)
    assert roster_of(library).pin_of(eve.device) == end_of(first)


def test_the_other_branch_of_a_forked_log_lies_beyond_the_pin(library: FleetLibrary, anna: Author, eve: Author) -> None:
    clone = eve.fork()
    honest, forged = library.author("honest"), library.author("forged")
    seen = library.certify(honest, by=eve)
    library.certify(forged, by=clone)
    library.remove(eve, by=anna, pins=end_of(seen))
    assert members(library) == ids(anna, honest)
    # Whoever has seen both branches pins both.
    library.remove(eve, by=anna)
    assert members(library) == ids(anna, honest, forged)


# Removals that don't count


def test_who_knows_of_its_removal_removes_nobody(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    removal = library.remove(eve, by=anna)
    revenge = library.remove(anna, bert, by=eve, knows=[removal])
    assert members(library) == ids(anna, bert)
    assert roster_of(library).void_removals == (VoidRemoval(revenge.name, "removed-before"),)


def test_knowing_goes_through_other_removals_and_through_the_own_log(
    library: FleetLibrary, anna: Author, bert: Author, eve: Author
) -> None:
    carl = library.join("carl")
    dora = library.join("dora")
    first = library.remove(eve, by=anna)
    second = library.remove(carl, by=bert, knows=[first])
    by_deps = library.remove(anna, by=eve, knows=[second])
    eve.change()
    later_in_its_log = library.remove(dora, by=eve)
    assert counting(library) == {first.name, second.name}
    assert {void.name for void in roster_of(library).void_removals} == {by_deps.name, later_in_its_log.name}


def test_knowing_through_a_removal_that_doesnt_count_is_knowing(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    carl = library.join("carl")
    first = library.remove(carl, eve, by=anna)
    void = library.remove(bert, by=carl, knows=[first])
    library.remove(bert, by=eve, knows=[void])
    assert members(library) == ids(anna, bert)


def test_two_that_remove_each_other_at_once_are_both_removed_and_whom_they_let_in_stays(
    library: FleetLibrary, anna: Author, bert: Author, eve: Author
) -> None:
    carl = library.join("carl", by=eve)
    ends = {device: heads_of(entry for entry in library.entries if entry.log == device.log) for device in (anna, eve)}
    library.remove(eve, by=anna, pins=ends[eve])
    library.remove(anna, by=eve, pins=ends[anna])
    assert members(library) == ids(bert, carl)


def test_three_that_remove_each_other_in_a_circle_are_all_removed(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    carl = library.join("carl")
    for author, victim in ((anna, bert), (bert, eve), (eve, anna)):
        library.remove(victim, by=author)
    assert members(library) == ids(carl)
    assert len(roster_of(library).removals) == 3


def test_of_two_honest_removals_at_once_the_higher_pin_holds(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    low = eve.change()
    dora = library.join("dora", by=eve)
    high = eve.change()
    library.remove(eve, by=anna, pins=end_of(low))
    assert members(library) == ids(anna, bert)
    library.remove(eve, by=bert, pins=end_of(high))
    assert members(library) == ids(anna, bert, dora)
    assert roster_of(library).pin_of(eve.device) == Heads({eve.log: [Tip(low.seq, low.name), Tip(high.seq, high.name)]})
    # That lasts when the one who had seen more is removed one day.
    library.remove(bert, by=anna)
    assert members(library) == ids(anna, dora)


# What a removed device may try


def test_its_certificates_beyond_the_pin_let_nobody_in(library: FleetLibrary, anna: Author, eve: Author) -> None:
    library.remove(eve, by=anna)
    puppet = library.join("puppet", by=eve)
    library.join("puppet of the puppet", by=puppet)
    assert members(library) == ids(anna)


def test_it_cant_raise_its_own_pin(library: FleetLibrary, anna: Author, eve: Author) -> None:
    library.remove(eve, by=anna)
    puppet = library.join("puppet", by=eve)
    library.remove(eve, by=eve)
    library.remove(eve, by=puppet)
    roster = roster_of(library)
    assert len(roster.removals) == 3, "as if they hadn't known"
    assert set(roster.devices) == ids(anna)
    assert puppet.log not in roster.pins[eve.device]
    assert roster.pins[puppet.device] == NOTHING


def test_it_cant_raise_its_own_pin_by_removing_its_remover_as_well(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    pinned = eve.change()
    library.remove(eve, by=anna)
    puppet = library.join("puppet", by=eve)
    library.remove(anna, eve, by=eve)
    library.remove(anna, eve, by=puppet)
    roster = roster_of(library)
    assert set(roster.devices) == ids(bert), "whatever it takes from others, it wins nothing"
    assert roster.pin_of(eve.device) == end_of(pinned)


def test_a_pin_that_was_made_up_before_holds_nothing(library: FleetLibrary, anna: Author, eve: Author) -> None:
    library.remove(eve, by=eve, pins=Heads({eve.log: [Tip(2**40, EntryHash(filler("made up", 32)))]}))
    puppet = library.join("puppet", by=eve)
    assert members(library) == ids(anna)
    assert roster_of(library).pin_of(eve.device) == NOTHING
    assert puppet.device in roster_of(library).former


def test_an_entry_that_never_gets_its_predecessor_lies_beyond_a_pin_that_is_there(library: FleetLibrary, anna: Author, eve: Author) -> None:
    hidden = eve.fork()
    eve.change()
    eve.change()
    never_shown = hidden.change()
    forged = library.certify(library.author("puppet"), by=hidden)
    library.remove(eve, by=anna)
    present = [entry for entry in library.entries if entry is not never_shown]
    assert forged.seq <= max(tip.seq for tip in roster_of(library, present).pins[eve.device][eve.log])
    assert members(library, present) == ids(anna)


def test_its_puppet_removes_everybody_and_the_phrase_outranks_it(library: FleetLibrary, anna: Author, bert: Author, eve: Author) -> None:
    honest_end = eve.change()
    library.remove(eve, by=anna)
    puppet = library.join("puppet", by=eve)
    coup = library.remove(anna, bert, by=puppet)
    theirs = library.remove(anna, bert, by=eve)
    assert members(library) == set(), "removals at the same time all stand"
    library.remove(eve, pins=end_of(honest_end))
    roster = roster_of(library)
    assert set(roster.devices) == ids(anna, bert)
    assert roster.void_removals == tuple(sorted([VoidRemoval(coup.name, "no-member"), VoidRemoval(theirs.name, "beyond-pin-of-master")]))


def test_what_a_device_removed_before_the_phrase_removed_it_stays_removed(
    library: FleetLibrary, anna: Author, bert: Author, eve: Author
) -> None:
    library.remove(bert, by=eve)
    library.remove(eve)
    assert members(library) == ids(anna)


def test_the_phrase_cant_be_removed(library: FleetLibrary, anna: Author, eve: Author) -> None:
    body = Remove(devices=(MASTER,), pins=NOTHING, epoch=NEW, packages=())
    eve.control(EntryKind.REMOVE, body)
    library.master.write(EntryKind.REMOVE, body.encode())
    carl = library.join("carl")
    roster = roster_of(library)
    assert roster.signing_key(MASTER) == library.master_keys.signing_key
    assert set(roster.devices) == ids(anna, eve, carl)
    assert MASTER in roster.recipients()
    assert roster.pin_of(MASTER) is None


def test_of_one_device_a_bounded_number_of_removals_count_the_first_ones(library: FleetLibrary, anna: Author, eve: Author) -> None:
    bert = library.join("bert")
    for _ in range(MAX_REMOVALS):
        library.remove(library.author("nobody"), by=eve)
    late = library.remove(bert, by=eve)
    assert bert.device in members(library)
    assert roster_of(library).void_removals == (VoidRemoval(late.name, "too-many"),)
    library.remove(eve, by=anna)
    assert eve.device not in members(library)


# Joining and removing at once


def test_who_is_let_in_by_another_while_a_removal_is_written_is_a_member_and_lacks_the_new_package(
    library: FleetLibrary, anna: Author, bert: Author, eve: Author
) -> None:
    epoch = EpochId(filler("new epoch", 16))
    carl = library.join("carl", by=bert)
    library.remove(eve, by=anna, epoch=epoch, recipients=[anna.device, bert.device, MASTER])
    roster = roster_of(library)
    assert set(roster.devices) == ids(anna, bert, carl)
    assert roster.write_epochs() == (epoch,)
    assert (epoch, carl.device) in roster.needs_package()


# Epochs


def test_after_a_removal_the_new_epoch_is_the_one_to_write_under(library: FleetLibrary, anna: Author, eve: Author) -> None:
    assert roster_of(library).write_epochs() == (library.epoch,)
    library.remove(eve, by=anna, epoch=NEW, recipients=[anna.device, MASTER])
    roster = roster_of(library)
    assert roster.write_epochs() == (NEW,)
    assert roster.epochs[NEW].recipients.keys() == {anna.device, MASTER}
    assert library.epoch in roster.epochs, "for reading"


def test_a_removed_device_cant_spoil_the_epoch_that_shuts_it_out(library: FleetLibrary, anna: Author, eve: Author) -> None:
    library.remove(eve, by=anna, epoch=NEW, recipients=[anna.device, MASTER])
    library.packages([eve.device, anna.device], by=eve, epoch=NEW)
    roster = roster_of(library)
    assert roster.write_epochs() == (NEW,)
    assert len(roster.epochs[NEW].recipients) == 3, "kept for reading"
    assert roster.epochs[NEW].authors == {anna.device, eve.device}


def test_nobody_writes_under_what_a_removed_device_began(library: FleetLibrary, anna: Author, eve: Author) -> None:
    library.packages([anna.device, MASTER], by=eve, epoch=NEW)
    library.packages([anna.device, MASTER], by=anna, epoch=NEW)
    assert NEW in roster_of(library).write_epochs()
    library.remove(eve, by=anna, epoch=library.epoch)
    assert roster_of(library).write_epochs() == (), "it left itself out, but it knows the secret"
    library.remove(anna, by=eve, epoch=NEW, recipients=[MASTER])
    assert roster_of(library).write_epochs() == ()


def test_a_stranger_removes_nobody(library: FleetLibrary, anna: Author) -> None:
    stranger = library.author("stranger")
    stranger.writer = Writer(library.id, LogId(bytes(16)), stranger.keys, written=library.entries)
    stranger.writer.write(EntryKind.OPEN, Open(device=stranger.device, number=0).encode())
    library.remove(anna, by=stranger)
    roster = roster_of(library)
    assert set(roster.devices) == ids(anna)
    assert (roster.removals, roster.void_removals) == ((), ())
